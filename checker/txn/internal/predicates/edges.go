package predicates

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
)

// A rowEdgeKey names a dependency.
type rowEdgeKey struct {
	from, to int32
	kind     txn.EdgeKind
	phantom  bool // an rw edge that a change of what matches a predicate made
}

// A rowEdge is why there is a dependency.
type rowEdge struct {
	key      int32
	read     int32 // the index of the read, or -1
	old, new int32 // versions; of a wr edge, both are what was seen last changed
}

// A rowView is one way in which a history of rows can have gone: orders of versions, and where reads were.
type rowView struct {
	r      *Rows
	orders [][]int32 // by key; nil if it is not known
	places []int     // by read: which of its stretches; -1 if it is not known
	edges  map[rowEdgeKey]rowEdge
}

func (v *rowView) add(e rowEdgeKey, why rowEdge) {
	if _, known := v.edges[e]; !known && e.from != e.to {
		v.edges[e] = why
	}
}

// infer finds the dependencies.
func (v *rowView) infer() {
	v.edges = map[rowEdgeKey]rowEdge{}
	r := v.r
	for k, order := range v.orders {
		last := int32(-1)
		for _, w := range order {
			if last >= 0 && w >= 0 {
				v.add(rowEdgeKey{from: r.writes[last].txn, to: r.writes[w].txn, kind: txn.WW}, rowEdge{int32(k), -1, last, w})
			}
			last = w
		}
	}
	for i, s := range r.reads {
		if s.found >= 0 {
			v.add(rowEdgeKey{from: r.writes[s.found].txn, to: s.txn, kind: txn.WR}, rowEdge{s.key, int32(i), s.found, s.found})
		}
		if order := v.orders[s.key]; order != nil {
			v.read(int32(i), s, order)
		}
	}
}

// read adds the dependencies of one read: on the change from which on it could see what it did, and of the change that it missed.
func (v *rowView) read(i int32, s rowRead, order []int32) {
	r := v.r
	all := r.stretches(s, order)
	if len(all) == 0 {
		if s.found < 0 && order[0] >= 0 && len(r.keys[s.key].maybe) == 0 { // it saw what was before the initial state
			w := r.writes[order[0]]
			v.add(rowEdgeKey{s.txn, w.txn, txn.RW, v.byPredicate(s)}, rowEdge{s.key, i, -1, order[0]})
		}
		return
	}
	if v.places[i] < 0 {
		return
	}
	at := all[v.places[i]]
	if first := order[at.from]; first >= 0 {
		v.add(rowEdgeKey{from: r.writes[first].txn, to: s.txn, kind: txn.WR}, rowEdge{s.key, i, first, first})
	}
	matched, byPredicate := s.found >= 0, v.byPredicate(s)
	for n, w := range order[at.to+1:] {
		if r.writes[w].txn == s.txn { // what comes after its own overwrites that
			return
		}
		why := rowEdge{s.key, i, order[at.to], w}
		if n == 0 && (matched || !byPredicate) { // a row that is shown is read as an item, too
			v.add(rowEdgeKey{from: s.txn, to: r.writes[w].txn, kind: txn.RW}, why)
		}
		if !byPredicate {
			return
		}
		if r.matches(s.op, w) != matched {
			v.add(rowEdgeKey{s.txn, r.writes[w].txn, txn.RW, true}, why)
			return
		}
	}
}

func (v *rowView) byPredicate(s rowRead) bool { return v.r.H.Ops[s.op].F == txn.ReadAll }

// list returns the edges, sorted; without those of phantoms if phantoms is false.
func (v *rowView) list(phantoms bool) []graph.Edge {
	keys := make([]rowEdgeKey, 0, len(v.edges))
	for e := range v.edges {
		if phantoms || !e.phantom {
			keys = append(keys, e)
		}
	}
	slices.SortFunc(keys, func(a, b rowEdgeKey) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.kind, b.kind))
	})
	var edges []graph.Edge
	for i, e := range keys {
		if i > 0 && keys[i-1].from == e.from && keys[i-1].to == e.to && keys[i-1].kind == e.kind {
			continue
		}
		edges = append(edges, graph.Edge{From: e.from, To: e.to, Kind: uint8(e.kind)})
	}
	return edges
}

// explain says what was observed of a dependency.
func (v *rowView) explain(from, to int32, kind txn.EdgeKind) txn.Edge {
	e := txn.Edge{From: from, To: to, Kind: kind}
	why, known := v.edges[rowEdgeKey{from: from, to: to, kind: kind}]
	if !known && kind == txn.RW {
		why, known = v.edges[rowEdgeKey{from, to, kind, true}]
		e.Predicate = known
	}
	if !known {
		return e
	}
	r := v.r
	e.Key, e.Value, e.Next = r.H.Keys[why.key], r.version(why.old), r.version(why.new)
	did := func(w int32) string {
		if r.writes[w].dead() {
			return "deleted " + e.Key
		}
		return fmt.Sprintf("wrote %s to %s", r.version(w), e.Key)
	}
	switch kind {
	case txn.WW:
		e.Reason = txn.Sayf("%s, and it became %s after that", did(why.old), e.Next)
	case txn.WR:
		s := r.reads[why.read]
		e.Reason = txn.Sayf("%s", did(why.old))
		if s.found >= 0 {
			e.Reason += ", which was read"
		} else {
			e.Reason += txn.Sayf(", so that the other %s", r.sees(s))
		}
	case txn.RW:
		e.Reason = txn.Sayf("%s, before it became %s", r.sees(r.reads[why.read]), e.Next)
	}
	return e
}
