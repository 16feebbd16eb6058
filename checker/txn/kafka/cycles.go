package kafka

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
)

// Kinds of dependencies between calls.
const (
	sentBehind = iota // ww: the second sent a message right behind one of the first
	polledOf          // wr: the second polled a message of the first
	followed          // so: the second is the next of the process
	began             // rt: the second began after the first had ended
)

// An edge leads from a call to one that depends on it, or to or from a barrier: see [graph.barriers].
type edge struct {
	to      int32
	kind    uint8
	message int32 // of ww, that of the second call; of wr, the one polled
	before  int32 // of ww, the message of the first call
}

// cycles looks for cycles of dependencies, each first among what was sent and polled alone, then with the order of each process, and
// then with real time, so that an anomaly says the least that it needs. Sets of calls that have one already are left out.
func (f *finder) cycles() {
	wr := f.dependencies(true, false)
	seen := f.circles("G1c", polledOf, wr, false, make([]bool, len(f.l.calls)))
	if !f.o.WW {
		return
	}
	f.circles("G0", sentBehind, f.dependencies(false, true), true, make([]bool, len(f.l.calls)))
	f.circles("G1c", polledOf, f.dependencies(true, true), true, seen)
}

// dependencies returns the edges between calls that certainly took effect, by call.
func (f *finder) dependencies(wr, ww bool) [][]edge {
	l := f.l
	all := make([][]edge, len(l.calls))
	certain := make([]bool, len(l.calls))
	for i := range l.calls {
		certain[i] = l.committed(int32(i))
	}
	for i := range l.calls {
		if !wr || l.calls[i].typ != history.OK {
			continue
		}
		for _, d := range l.calls[i].polls {
			if s := l.messages[d.message].sender; s >= 0 && s != int32(i) && certain[s] {
				all[s] = append(all[s], edge{to: int32(i), kind: polledOf, message: d.message})
			}
		}
	}
	if !ww {
		return all
	}
	for _, order := range l.order {
		last, before := int32(-1), int32(-1) // a call, and its message
		for _, slot := range order {
			m := slot.messages[0]
			if _, single := l.position(m); !single || len(slot.messages) > 1 {
				continue // a contradiction, which is an anomaly of its own, says nothing of the order
			}
			s := l.messages[m].sender
			if s < 0 || !certain[s] {
				continue
			}
			if last >= 0 && last != s {
				all[last] = append(all[last], edge{s, sentBehind, m, before})
			}
			last, before = s, m
		}
	}
	return all
}

// circles adds an anomaly for each set of calls that depend on one another by at least one edge of a kind. It returns which calls are
// in a set, with those that were before.
func (f *finder) circles(name string, main uint8, base [][]edge, allowed bool, seen []bool) []bool {
	for _, variant := range []struct {
		suffix string
		more   func([][]edge) [][]edge
	}{{"", nil}, {"-process", f.l.sessions}, {"-realtime", f.l.barriers}} {
		edges := base
		if variant.more != nil {
			edges = variant.more(slices.Clone(base))
		}
		for _, set := range components(edges) {
			if slices.ContainsFunc(set, func(v int32) bool { return int(v) < len(seen) && seen[v] }) {
				continue
			}
			cycle := shortest(edges, set, main)
			if cycle == nil {
				continue
			}
			for _, v := range set {
				if int(v) < len(seen) {
					seen[v] = true
				}
			}
			f.circle(name+variant.suffix, allowed, cycle)
		}
	}
	return seen
}

// sessions adds an edge from each call that certainly took effect to the next of its process.
func (l *logs) sessions(edges [][]edge) [][]edge {
	last := map[int]int32{}
	for i := range l.calls {
		c := &l.calls[i]
		if c.assigns || !l.committed(int32(i)) {
			continue
		}
		if p, ok := last[c.process]; ok {
			edges[p] = append(slices.Clip(edges[p]), edge{to: int32(i), kind: followed})
		}
		delete(last, c.process)
		if c.typ == history.OK {
			last[c.process] = int32(i)
		}
	}
	return edges
}

// barriers adds the order of real time with O(n) edges: each end of a call is a node that leads to the next end, the call leads to its own
// end, and the latest end before a call begins leads to the call.
func (l *logs) barriers(edges [][]edge) [][]edge {
	type instant struct {
		at, call int
		end      bool
	}
	var all []instant
	for i, c := range l.calls {
		if c.assigns || !l.committed(int32(i)) {
			continue
		}
		all = append(all, instant{c.invoke, i, false})
		if c.typ == history.OK {
			all = append(all, instant{c.end, i, true})
		}
	}
	sorting.Func(all, func(a, b instant) int { return a.at - b.at })
	last := int32(-1)
	for _, x := range all {
		if !x.end {
			if last >= 0 {
				edges[last] = append(edges[last], edge{to: int32(x.call), kind: began})
			}
			continue
		}
		node := int32(len(edges))
		edges = append(edges, nil)
		edges[x.call] = append(slices.Clip(edges[x.call]), edge{to: node, kind: began})
		if last >= 0 {
			edges[last] = append(edges[last], edge{to: node, kind: began})
		}
		last = node
	}
	return edges
}

// A step is an edge of a cycle, with where it comes from.
type step struct {
	from int32
	edge
}

// circle adds the anomaly of one cycle. Barriers are left out.
func (f *finder) circle(name string, allowed bool, cycle []step) {
	l := f.l
	var calls, placed []int32
	var said []string
	key := int32(-1)
	for i, s := range cycle {
		from, to := s.from, s.to
		if int(from) >= len(l.calls) {
			continue
		}
		calls = append(calls, from)
		for j := i; int(to) >= len(l.calls); to = cycle[j%len(cycle)].to {
			j++
		}
		switch s.kind {
		case polledOf:
			said = append(said, fmt.Sprintf("%s polled %s, which %s sent", l.callName(to), l.of(s.message), l.callName(from)))
		case sentBehind:
			said = append(said, fmt.Sprintf("%s sent %s behind %s of %s", l.callName(to), l.of(s.message), l.text(s.before), l.callName(from)))
		case followed:
			said = append(said, fmt.Sprintf("%s came after %s in its process", l.callName(to), l.callName(from)))
		default:
			said = append(said, fmt.Sprintf("%s began after %s had ended", l.callName(to), l.callName(from)))
		}
		if s.kind == polledOf || s.kind == sentBehind {
			key = l.messages[s.message].key
		}
		if s.kind == sentBehind {
			placed = append(placed, s.message, s.before)
		}
	}
	var proofs []int32
	for _, i := range calls {
		if l.calls[i].typ == history.Info && !slices.ContainsFunc(calls, func(o int32) bool { return l.proves(o, i) }) {
			proofs = append(proofs, l.reader(l.proof(i)))
		}
	}
	f.add(name, allowed, key, append(proofs, calls...), placed, func() string { return strings.Join(said, "; ") })
}
