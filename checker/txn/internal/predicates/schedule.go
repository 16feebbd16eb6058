package predicates

import (
	"cmp"
	"slices"

	"github.com/capsize-go/capsize/history"
)

// A schedule carries out the transactions of a history one after the other on rows, each as soon as all its reads see what they saw. A
// transaction that only reads goes first, since it keeps no other from what that saw; of those that write, the one that ended first.
// The resulting order is a guess at how the history went, and a good one where the database is serializable: the judge looks at
// that view before all others, so that a schedule that goes wrong costs time and no verdict.
type schedule struct {
	r        *Rows
	realTime bool // transactions come after those that had ended before they began

	reads  [][]int32 // by transaction: indexes of reads
	writes [][]int32 // by transaction: its versions
	after  [][]int32 // by transaction: those that come after it
	wait   []int     // by transaction: how many come before it and are not done
	prev   []int32   // by transaction: the one before it in its session, or -1
	byEnd  []int32   // transactions that took effect
	ended  int       // how many of byEnd are done, from the first on
	begun  []int32   // transactions that may be next, and are not done
	next   int32     // the first transaction that has not begun

	state []int32 // by key: the version that is there; -1 if none was ever
	done  []int32 // by transaction: its place in the order, from 1
	count int32
	added []int32 // indeterminate transactions that took effect, though no read of a value shows it
	steps *int
}

// schedule returns the places of the transactions in an order, from 1, and which indeterminate ones must have taken effect for it. It
// reports false if it got stuck. The edges are dependencies that are certain.
func (r *Rows) schedule(edges map[rowEdgeKey]rowEdge, realTime bool, steps *int) (done, added []int32, ok bool) {
	n := len(r.H.Txns)
	s := &schedule{r: r, realTime: realTime && !r.H.Untimed, reads: make([][]int32, n), writes: make([][]int32, n), after: make([][]int32, n),
		wait: make([]int, n), prev: make([]int32, n), done: make([]int32, n), state: make([]int32, len(r.keys)), steps: steps}
	for i, read := range r.reads {
		s.reads[read.txn] = append(s.reads[read.txn], int32(i))
	}
	for k, key := range r.keys {
		s.state[k] = key.base
		for _, w := range slices.Concat(key.versions, key.maybe) {
			s.writes[r.writes[w].txn] = append(s.writes[r.writes[w].txn], w)
		}
	}
	s.order(edges)
	last := make([]int32, r.H.Sessions)
	for i := range last {
		last[i] = -1
	}
	for t, x := range r.H.Txns {
		s.prev[t] = -1
		if r.committed[t] {
			s.prev[t], last[x.Session] = last[x.Session], int32(t)
			s.byEnd = append(s.byEnd, int32(t))
		}
	}
	slices.SortStableFunc(s.byEnd, func(a, b int32) int { return cmp.Compare(r.H.Txns[a].End, r.H.Txns[b].End) })
	for int(s.count)-len(s.added) < len(s.byEnd) {
		if t, may := s.pick(); may {
			s.carryOut(t)
		} else {
			return nil, nil, false
		}
	}
	return s.done, s.added, true
}

// order finds what must come before what: what is certain, and, by real time, reads before the change that made the row match if no other
// change that had begun when the read ended explains why the row was not shown.
func (s *schedule) order(edges map[rowEdgeKey]rowEdge) {
	r := s.r
	add := func(from, to int32) {
		if from != to {
			s.after[from] = append(s.after[from], to)
			s.wait[to]++
		}
	}
	for e := range edges { // the order of these makes no difference: they are counted, and what they free is sorted
		if r.committed[e.from] && r.committed[e.to] {
			add(e.from, e.to)
		}
	}
	if !s.realTime {
		return
	}
	for _, read := range r.reads {
		if read.found >= 0 {
			continue
		}
		key := r.keys[read.key]
		hides := func(w int32) bool {
			return !r.matches(read.op, w) && r.writes[w].txn != read.txn && r.H.Txns[r.writes[w].txn].Begin < r.H.Txns[read.txn].End
		}
		if slices.ContainsFunc(key.versions, hides) || slices.ContainsFunc(key.maybe, hides) {
			continue
		}
		for _, w := range key.versions {
			if r.matches(read.op, w) {
				add(read.txn, r.writes[w].txn)
			}
		}
	}
}

// pick returns which transaction is next, and false if none can be.
func (s *schedule) pick() (int32, bool) {
	s.begin()
	best := int32(-1)
	for _, t := range s.begun {
		if !s.r.committed[t] || !s.ready(t) || !s.sees(t, -1) {
			continue
		}
		if len(s.writes[t]) == 0 {
			return t, true
		}
		if best < 0 || s.r.H.Txns[t].End < s.r.H.Txns[best].End {
			best = t
		}
	}
	if best >= 0 || *s.steps <= 0 {
		return best, best >= 0
	}
	for _, maybe := range s.begun { // one that may have taken effect, and lets another go on
		if s.r.committed[maybe] {
			continue
		}
		for _, t := range s.begun {
			if s.r.committed[t] && s.ready(t) && s.sees(t, maybe) {
				return maybe, true
			}
		}
	}
	return -1, false
}

// begin adds those that may be next by real time: that began before any of those that are not done ended.
func (s *schedule) begin() {
	h := s.r.H
	s.begun = slices.DeleteFunc(s.begun, func(t int32) bool { return s.done[t] > 0 })
	for s.ended < len(s.byEnd) && s.done[s.byEnd[s.ended]] > 0 {
		s.ended++
	}
	for int(s.next) < len(h.Txns) {
		if s.realTime && s.ended < len(s.byEnd) && h.Txns[s.byEnd[s.ended]].End < h.Txns[s.next].Begin {
			return
		}
		if t := s.next; s.r.committed[t] || h.Txns[t].Type == history.Info && len(s.writes[t]) > 0 {
			s.begun = append(s.begun, t)
		}
		s.next++
	}
}

// ready reports whether all that must come before a transaction is done.
func (s *schedule) ready(t int32) bool {
	*s.steps--
	return s.wait[t] == 0 && (s.prev[t] < 0 || s.done[s.prev[t]] > 0)
}

// sees reports whether a transaction would read now what it read, if another, unless that is -1, were carried out before.
func (s *schedule) sees(t, other int32) bool {
	r := s.r
	*s.steps -= len(s.reads[t])
	return !slices.ContainsFunc(s.reads[t], func(i int32) bool {
		read := r.reads[i]
		there := s.state[read.key]
		if other >= 0 {
			for _, w := range s.writes[other] {
				if r.writes[w].key == read.key {
					there = w
				}
			}
		}
		if read.found >= 0 {
			return there != read.found
		}
		return r.matches(read.op, there)
	})
}

// carryOut appends a transaction to the order.
func (s *schedule) carryOut(t int32) {
	s.count++
	s.done[t] = s.count
	if !s.r.committed[t] {
		s.added = append(s.added, t)
	}
	for _, w := range s.writes[t] {
		s.state[s.r.writes[w].key] = w
	}
	for _, u := range s.after[t] {
		s.wait[u]--
	}
}

// scheduled returns the view of the history that an order of its transactions gives, or nil if a read has no place in it.
func (r *Rows) scheduled(done []int32) *rowView {
	v := &rowView{r: r, orders: make([][]int32, len(r.keys)), places: make([]int, len(r.reads))}
	by := func(w int32) int32 { return done[r.writes[w].txn] }
	for k, key := range r.keys {
		order := slices.Clone(key.versions)
		slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(by(a), by(b)) })
		v.orders[k] = slices.Insert(order, 0, key.base)
	}
	for i, s := range r.reads {
		order, at := v.orders[s.key], 0
		for at+1 < len(order) && by(order[at+1]) < done[s.txn] {
			at++
		}
		all := r.stretches(s, order)
		if len(all) == 0 {
			return nil
		}
		for n, stretch := range all {
			if stretch.from <= at {
				v.places[i] = n
			}
		}
	}
	return v
}
