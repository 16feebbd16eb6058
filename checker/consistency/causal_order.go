package consistency

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// mostConflicts bounds the pairs among which a short cycle is looked for.
const mostConflicts = 1500

// conflicts returns pairs of writes that no one order of all writes can have, if
// there are such: a cycle of what turns know and of what reads say of writes.
func (p *past) conflicts() []conflicted {
	cyclic := p.cyclic()
	if len(cyclic) == 0 {
		return nil
	}
	some := cyclic[:min(len(cyclic), mostConflicts)]
	for i, a := range some {
		for _, b := range some[:i] {
			if p.leads(a, b) && p.leads(b, a) {
				return []conflicted{a, b}
			}
		}
	}
	for i := range some {
		if c := p.shortest(some, i); c != nil {
			return c
		}
	}
	return cyclic
}

// leads reports whether what comes second in a comes no later than what is first in b.
func (p *past) leads(a, b conflicted) bool {
	return a.second == b.first || p.knows(b.first, a.second)
}

// shortest returns the shortest cycle of pairs from one of them back to it.
func (p *past) shortest(pairs []conflicted, from int) []conflicted {
	back := make([]int, len(pairs))
	for i := range back {
		back[i] = -1
	}
	for todo := []int{from}; len(todo) > 0; todo = todo[1:] {
		a := todo[0]
		for b := range pairs {
			if !p.leads(pairs[a], pairs[b]) {
				continue
			}
			if b == from {
				cycle := []conflicted{pairs[from]}
				for ; a != from; a = back[a] {
					cycle = append(cycle, pairs[a])
				}
				return cycle
			}
			if back[b] < 0 {
				back[b] = a
				todo = append(todo, b)
			}
		}
	}
	return nil
}

// cyclic returns the pairs that lie on cycles, and perhaps some between them.
func (p *past) cyclic() []conflicted {
	if len(p.forced) == 0 {
		return nil
	}
	n := len(p.l.turns)
	ahead, readers, following := newArrows(n, p.forced), p.readers(), p.following()
	left := p.behind()
	gone := make([]bool, n)
	var todo []int32
	for i := range left {
		if left[i] == 0 {
			todo = append(todo, int32(i))
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		gone[i] = true
		for _, to := range [...][]int32{following.of(i), readers.of(i), ahead.of(i)} {
			for _, j := range to {
				if left[j]--; left[j] == 0 {
					todo = append(todo, j)
				}
			}
		}
	}
	var cyclic []conflicted
	for _, c := range p.forced {
		if !gone[c.first] && !gone[c.second] {
			cyclic = append(cyclic, c)
		}
	}
	return cyclic
}

// behind counts, by turn, what comes right before it.
func (p *past) behind() []int32 {
	left := make([]int32, len(p.l.turns))
	for i := range left {
		left[i] = int32(view.BoolInt(p.l.turns[i].prev != model.None) + view.BoolInt(p.l.source(int32(i)) != model.None))
	}
	for _, c := range p.forced {
		left[c.second]++
	}
	return left
}

// following returns who comes right after each turn in its session, and in those that branch off.
func (p *past) following() arrows {
	pairs := make([]conflicted, 0, len(p.l.turns))
	for i := range p.l.turns {
		if q := p.l.turns[i].prev; q != model.None {
			pairs = append(pairs, conflicted{first: q, second: int32(i)})
		}
	}
	return newArrows(len(p.l.turns), pairs)
}

// readers returns who saw what each turn wrote.
func (p *past) readers() arrows {
	pairs := make([]conflicted, 0, len(p.l.turns))
	for i := range p.l.turns {
		if w := p.l.source(int32(i)); w != model.None {
			pairs = append(pairs, conflicted{first: w, second: int32(i)})
		}
	}
	return newArrows(len(p.l.turns), pairs)
}

// Arrows lead from turns to others.
type arrows struct{ start, to []int32 }

// newArrows returns those from the first of each pair to the second.
func newArrows(n int, pairs []conflicted) arrows {
	a := arrows{make([]int32, n+1), make([]int32, len(pairs))}
	for _, c := range pairs {
		a.start[c.first+1]++
	}
	for i := range n {
		a.start[i+1] += a.start[i]
	}
	at := slices.Clone(a.start)
	for _, c := range pairs {
		a.to[at[c.first]] = c.second
		at[c.first]++
	}
	return a
}

func (a arrows) of(i int32) []int32 { return a.to[a.start[i]:a.start[i+1]] }

// wordConflicts says which reads ask for which order of writes.
func (p *past) wordConflicts() string {
	l := p.l
	cycle := p.conflicts()
	if len(cycle) == 2 && cycle[0].first == cycle[1].second && cycle[0].second == cycle[1].first {
		a, b := cycle[0], cycle[1]
		return fmt.Sprintf("%s %s, though it could know %s, and %s %s, though it could know %s: no one order of the two explains both",
			l.who(a.read), l.told(a.read), l.text(l.turns[a.first].put), l.who(b.read), l.told(b.read), l.text(l.turns[b.first].put))
	}
	c := cycle[0]
	return fmt.Sprintf("%s %s, so %s came before it; no one order of all %s fits that and the other reads",
		l.who(c.read), l.told(c.read), l.text(l.turns[c.first].put), words.Plural(l.writes(), "write"))
}

// writes counts the turns that wrote.
func (l *logbook) writes() (n int) {
	for i := range l.turns {
		n += view.BoolInt(l.turns[i].put != model.None)
	}
	return n
}
