package consistency

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// A leveling is what is needed to look for an order of turns that were seen by the same one. Each
// such level stamps what it uses, so that none needs to be cleared.
type leveling struct {
	number  int32    // of the level
	at      stamped  // by turn: where it stands in the level
	saw     stamped  // by key: which of the writes was read
	members []target // all turns that need an order
	pairs   []conflicted
}

func newLeveling(l *logbook) leveling {
	return leveling{at: stamps(len(l.turns)), saw: stamps(len(l.keys))}
}

// levels reports whether the turns that were seen by the same turn of the session
// have an order, where that is in doubt.
func (s *serial) levels() bool {
	if !s.moves {
		return true
	}
	all := s.level.members[:0]
	for _, i := range s.entered {
		if by := s.by.get(i, s.session); s.moved.get(by, s.session) != model.None {
			all = append(all, target{i, by})
		}
	}
	sorting.Stable(all, func(a, b target) int { return int(a.by - b.by) })
	s.level.members = all
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].by == all[0].by {
			n++
		}
		if !s.ordered(all[:n]) {
			return false
		}
		all = all[n:]
	}
	return true
}

// ordered reports whether these turns, all seen by the same one, have an order: after
// their causes, and before what a read of their key saw.
func (s *serial) ordered(turns []target) bool {
	v := &s.level
	v.number++
	for n, d := range turns {
		v.at.set(d.turn, v.number, int32(n))
		if key := s.beats[d.turn].key; key != model.None && s.read.get(d.turn, s.session) != model.None {
			if v.saw.get(key, v.number) != model.None {
				return false
			}
			v.saw.set(key, v.number, d.turn)
		}
	}
	v.pairs = v.pairs[:0]
	for n, d := range turns {
		for _, c := range s.beats[d.turn].causes {
			if c == model.None {
				continue
			}
			if m := v.at.get(c, v.number); m != model.None {
				v.pairs = append(v.pairs, conflicted{first: m, second: int32(n)})
			}
		}
		key := s.beats[d.turn].key
		if key == model.None {
			continue
		}
		if w := v.saw.get(key, v.number); w != model.None && w != d.turn {
			v.pairs = append(v.pairs, conflicted{first: int32(n), second: v.at.get(w, v.number)})
		}
	}
	return acyclic(len(turns), v.pairs)
}

// acyclic reports whether arrows between n things lead round nowhere (Kahn 1962).
func acyclic(n int, pairs []conflicted) bool {
	next := newArrows(n, pairs)
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

// breach returns a counterexample from the session that run ended with.
func (s *serial) breach(at int32) *breach {
	turns := s.l.sessions[s.session].turns
	end, _ := slices.BinarySearch(turns, at)
	var p *past
	if s.causal {
		p = newPast(s.l, false)
	}
	for size := 8; ; size *= 4 {
		from := max(0, end+1-size)
		some := s.around(p, turns[from:end+1])
		if from == 0 {
			return s.l.shrink(some, serialAgain(s.causal))
		}
		if b := s.l.tryShrink(some, serialAgain(s.causal)); b != nil {
			return b
		}
	}
}

// around adds to turns of the session what they saw, and the writes that had to be
// seen earlier because of them.
func (s *serial) around(p *past, turns []int32) []int32 {
	l := s.l
	all := slices.Clone(turns)
	link := func(f, i int32) {
		all = append(all, f)
		if p != nil && p.knows(i, f) {
			all = append(all, p.path(f, i)...)
			return
		}
		for _, j := range turns { // the read that told of it
			if w := l.source(j); w != model.None && l.turns[w].session == l.turns[f].session && l.turns[w].place >= l.turns[f].place {
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

// serialAgain returns what judges a part of the logbook.
func serialAgain(causal bool) func(*logbook) *breach {
	return func(l *logbook) *breach {
		if causal {
			p := newPast(l, false)
			if turns, culprit := p.contradiction(); turns != nil {
				return &breach{turns: turns, culprit: culprit, key: l.oneKey(), reason: p.word(culprit)}
			}
		}
		part := newSerial(l, causal)
		for i := range l.sessions {
			if at, ok, _ := part.run(budget.Unlimited(), int32(i)); !ok {
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
	if s.causal {
		what = "puts causes before effects"
	}
	reads := 0
	for _, i := range l.sessions[s.session].turns {
		reads += view.BoolInt(l.turns[i].observes())
	}
	if t := &l.turns[at]; t.observes() {
		return fmt.Sprintf("no order of %s that %s explains what %s saw: it %s last", words.Plural(l.writes(), "write"), what, l.who(at), l.told(at))
	}
	return fmt.Sprintf("no order of %s that %s explains the %s of %s", words.Plural(l.writes(), "write"), what, words.Plural(reads, "read"), l.who(at))
}
