package checker

import (
	"fmt"
	"slices"
)

// levels reports whether the turns that were seen by the same turn of the session
// have an order, where that is in doubt.
func (s *serial) levels() bool {
	if len(s.moved) == 0 {
		return true
	}
	members := map[int32][]int32{}
	for _, i := range s.entered {
		if by := s.by.get(i, s.session); s.moved[by] {
			members[by] = append(members[by], i)
		}
	}
	var steps []int32
	for by := range members { // order: sorted below
		steps = append(steps, by)
	}
	slices.Sort(steps)
	for _, by := range steps {
		if !s.level(by, members[by]) {
			return false
		}
	}
	return true
}

// level reports whether these turns, all seen by the same one, have an order: after
// their causes, and before what a read of their key saw.
func (s *serial) level(by int32, turns []int32) bool {
	saw := map[int32]int32{} // by key: which of them was read
	for _, i := range turns {
		if t := &s.l.turns[i]; t.put != none && s.read.get(i, s.session) != none {
			if _, twice := saw[t.key]; twice {
				return false
			}
			saw[t.key] = i
		}
	}
	at := make(map[int32]int32, len(turns))
	for n, i := range turns {
		at[i] = int32(n)
	}
	var pairs []conflicted
	for n, i := range turns {
		for _, c := range s.causes(i) {
			if m, ok := at[c]; ok {
				pairs = append(pairs, conflicted{first: m, second: int32(n)})
			}
		}
		t := &s.l.turns[i]
		if w, ok := saw[t.key]; ok && t.put != none && w != i {
			pairs = append(pairs, conflicted{first: int32(n), second: at[w]})
		}
	}
	return acyclic(len(turns), pairs)
}

// acyclic reports whether arrows between n things lead round nowhere (Kahn 1962).
func acyclic(n int, pairs []conflicted) bool {
	next := newArrows(n, pairs, false)
	left := make([]int32, n)
	for _, c := range pairs {
		left[c.second]++
	}
	var todo []int32
	for i, l := range left {
		if l == 0 {
			todo = append(todo, int32(i))
		}
	}
	done := 0
	for ; len(todo) > 0; done++ {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, j := range next.of(i) {
			if left[j]--; left[j] == 0 {
				todo = append(todo, j)
			}
		}
	}
	return done == n
}

// breach returns a counter-example from the session that run ended with.
func (s *serial) breach(at int32) *breach {
	turns := s.l.sessions[s.session].turns
	end, _ := slices.BinarySearch(turns, at)
	for size := 8; ; size *= 4 {
		from := max(0, end+1-size)
		some := s.around(turns[from : end+1])
		if from == 0 {
			return s.l.shrink(some, s.again())
		}
		if b := s.l.tryShrink(some, s.again()); b != nil {
			return b
		}
	}
}

// around adds to turns of the session what they saw, and the writes that had to be
// seen earlier because of them.
func (s *serial) around(turns []int32) []int32 {
	l := s.l
	all := slices.Clone(turns)
	link := func(f, i int32) {
		all = append(all, f)
		if s.past != nil && s.past.knows(i, f) {
			all = append(all, s.past.path(f, i)...)
			return
		}
		for _, j := range turns { // the read that told of it
			if w := l.source(j); w != none && l.turns[w].session == l.turns[f].session && l.turns[w].place >= l.turns[f].place {
				all = append(all, w)
				return
			}
		}
	}
	for _, c := range s.late {
		if c.read >= turns[0] {
			link(c.first, c.read)
		}
	}
	for _, i := range turns {
		for _, f := range s.writes[l.turns[i].key] {
			if len(all) < 3000 && l.turns[i].observes() {
				link(f, turns[len(turns)-1])
			}
		}
	}
	return all
}

// again judges a part of the logbook.
func (s *serial) again() func(*logbook) *breach {
	return func(l *logbook) *breach {
		var p *past
		if s.past != nil {
			p = newPast(l)
			if turns, culprit := p.contradiction(false); turns != nil {
				return &breach{turns: turns, culprit: culprit, key: l.oneKey(), reason: p.word(culprit)}
			}
		}
		part := newSerial(l, p)
		for i := range l.sessions {
			if at, ok, _ := part.run(noContext, int32(i)); !ok {
				return &breach{culprit: at, key: l.oneKey(), reason: part.word(at)}
			}
		}
		return nil
	}
}

// word says what no order explains.
func (s *serial) word(at int32) string {
	l := s.l
	what := "keeps the order of each session"
	if s.past != nil {
		what = "puts causes before effects"
	}
	reads := 0
	for _, i := range l.sessions[s.session].turns {
		reads += btoi(l.turns[i].observes())
	}
	if t := &l.turns[at]; t.observes() {
		return fmt.Sprintf("no order of %s that %s explains what %s saw: it %s last", plural(l.writes(), "write"), what, l.who(at), l.told(at))
	}
	return fmt.Sprintf("no order of %s that %s explains the %s of %s", plural(l.writes(), "write"), what, plural(reads, "read"), l.who(at))
}
