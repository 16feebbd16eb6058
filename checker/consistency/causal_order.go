package consistency

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// maxConflicts bounds the pairs among which a short cycle is searched.
const maxConflicts = 1500

// conflictCycle returns conflicts that no one order of all writes satisfies: a cycle of
// conflicts and causal order (bad pattern CyclicCF). It returns nil if there is none.
func (p *causalPast) conflictCycle() []conflict {
	cyclic := p.cyclic()
	if len(cyclic) == 0 {
		return nil
	}
	some := cyclic[:min(len(cyclic), maxConflicts)]
	for i, a := range some {
		for _, b := range some[:i] {
			if p.leads(a, b) && p.leads(b, a) {
				return []conflict{a, b}
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

// leads reports whether the second write of a comes no later than the first of b.
func (p *causalPast) leads(a, b conflict) bool {
	return a.second == b.first || p.knows(b.first, a.second)
}

// shortest returns the shortest cycle of pairs from one of them back to it.
func (p *causalPast) shortest(pairs []conflict, from int) []conflict {
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
				cycle := []conflict{pairs[from]}
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

// cyclic returns the conflicts on cycles, and perhaps some between cycles: those that a topological sort leaves (Kahn 1962).
func (p *causalPast) cyclic() []conflict {
	if len(p.conflicts) == 0 {
		return nil
	}
	n := len(p.l.calls)
	ahead, readers, following := newEdges(n, p.conflicts), p.readers(), p.successors()
	left := p.inDegrees()
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
	var cyclic []conflict
	for _, c := range p.conflicts {
		if !gone[c.first] && !gone[c.second] {
			cyclic = append(cyclic, c)
		}
	}
	return cyclic
}

// inDegrees returns, by call, how many edges lead to it.
func (p *causalPast) inDegrees() []int32 {
	left := make([]int32, len(p.l.calls))
	for i := range left {
		left[i] = int32(view.BoolInt(p.l.calls[i].prev != model.None) + view.BoolInt(p.l.writerSeen(int32(i)) != model.None))
	}
	for _, c := range p.conflicts {
		left[c.second]++
	}
	return left
}

// successors returns the edges from each call to the next in its session, and in those that branch off.
func (p *causalPast) successors() edges {
	pairs := make([]conflict, 0, len(p.l.calls))
	for i := range p.l.calls {
		if q := p.l.calls[i].prev; q != model.None {
			pairs = append(pairs, conflict{first: q, second: int32(i)})
		}
	}
	return newEdges(len(p.l.calls), pairs)
}

// readers returns the edges from each write to its reads.
func (p *causalPast) readers() edges {
	pairs := make([]conflict, 0, len(p.l.calls))
	for i := range p.l.calls {
		if w := p.l.writerSeen(int32(i)); w != model.None {
			pairs = append(pairs, conflict{first: w, second: int32(i)})
		}
	}
	return newEdges(len(p.l.calls), pairs)
}

// The edges of a graph of calls: those from call i lead to to[start[i]:start[i+1]].
type edges struct{ start, to []int32 }

// newEdges returns the edges from the first of each pair to the second.
func newEdges(n int, pairs []conflict) edges {
	a := edges{make([]int32, n+1), make([]int32, len(pairs))}
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

func (a edges) of(i int32) []int32 { return a.to[a.start[i]:a.start[i+1]] }

// conflictReason says which reads demand which order of writes.
func (p *causalPast) conflictReason() string {
	l := p.l
	cycle := p.conflictCycle()
	if len(cycle) == 2 && cycle[0].first == cycle[1].second && cycle[0].second == cycle[1].first {
		a, b := cycle[0], cycle[1]
		return fmt.Sprintf("%s %s, though the write of %s happened before, and %s %s, though the write of %s happened before: no one order of the two explains both",
			l.process(a.read), l.describeRead(a.read), l.value(l.calls[a.first].put), l.process(b.read), l.describeRead(b.read), l.value(l.calls[b.first].put))
	}
	c := cycle[0]
	return fmt.Sprintf("%s %s, so %s came before it; no one order of all %s fits that and the other reads",
		l.process(c.read), l.describeRead(c.read), l.value(l.calls[c.first].put), words.Plural(l.writes(), "write"))
}

// writes counts the calls that wrote.
func (l *sessionHistory) writes() (n int) {
	for i := range l.calls {
		n += view.BoolInt(l.calls[i].put != model.None)
	}
	return n
}
