package lists

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/history"
)

// listGraph infers the dependencies of a history of lists, and explains them.
type listGraph struct{ *Lists }

// edges infers the dependencies, with helpers from n on: ww between neighbours in the order of a key; wr from the writer of the last
// element of a list to its reader; rw from the reader to the writer of the next element. What was appended and never read comes after
// all that was: after the last that was read, and after all that read that.
func (l listGraph) edges() (edges []graph.Edge, n int) {
	edges, n = make([]graph.Edge, 0, len(l.H.Ops)*3/2+4*len(l.H.Txns)), len(l.H.Txns) // with those of sessions and real time
	for k := range int32(len(l.Order)) {
		last := int32(-1)
		for v := int32(1); v <= l.Order[k].Len; v++ {
			w := l.writer(k, v)
			if w < 0 {
				continue
			}
			if last >= 0 && last != w {
				edges = append(edges, graph.Edge{From: last, To: w, Kind: uint8(txn.WW)})
			}
			last = w
		}
		for _, u := range l.unreadOf(k) {
			if last >= 0 && last != u {
				edges = append(edges, graph.Edge{From: last, To: u, Kind: uint8(txn.WW)})
			}
		}
	}
	whole := make([][]int32, len(l.Order)) // by key, if some appends were never read: who read the whole order
	for t, x := range l.H.Txns {
		if x.Type != history.OK {
			continue
		}
		for i := x.First; i < x.Last; i++ {
			if o := l.H.Ops[i]; o.F == txn.Read && o.Known {
				edges = l.readEdges(edges, int32(t), i, whole)
			}
		}
	}
	for k, readers := range whole {
		edges, n = MissedEdges(edges, n, readers, l.unreadOf(int32(k)))
	}
	return l.orderAtomic(l.orderUpdates(edges)), n
}

// readEdges adds the edges that come of one read.
func (l listGraph) readEdges(edges []graph.Edge, t, i int32, whole [][]int32) []graph.Edge {
	o := l.H.Ops[i]
	from, next := l.sources(t, i)
	if from >= 0 {
		edges = append(edges, graph.Edge{From: from, To: t, Kind: uint8(txn.WR)})
	}
	if next >= 0 {
		edges = append(edges, graph.Edge{From: t, To: next, Kind: uint8(txn.RW)})
	}
	if next == afterAll && l.unreadAt[o.Key] < l.unreadAt[o.Key+1] {
		if n := len(whole[o.Key]); n == 0 || whole[o.Key][n-1] != t {
			whole[o.Key] = append(whole[o.Key], t)
		}
	}
	return edges
}

// afterAll stands for what was appended and never read.
const afterAll = -2

// sources returns whose append a transaction saw last in a read, and who made the version that follows on what it saw: afterAll if it
// saw the whole order. Both are -1 if there is none but the transaction itself.
func (l listGraph) sources(t, i int32) (from, next int32) {
	o := l.H.Ops[i]
	if _, odd := l.odd[i]; odd {
		for _, v := range l.H.List(o) {
			if a := l.append(o.Key, v); a >= 0 && l.Appends[a].Txn != t && l.committed[l.Appends[a].Txn] {
				from = l.Appends[a].Txn + 1
			}
		}
		return from - 1, -1
	}
	v := o.Len
	for v > 0 && l.writer(o.Key, v) == t {
		v--
	}
	own := v < o.Len
	for from = -1; v > 0 && from < 0; v-- {
		if from = l.writer(o.Key, v); from == t {
			from = -1
		}
	}
	if own { // what comes after its own append overwrites that
		return from, -1
	}
	for v = o.Len + 1; v <= l.Order[o.Key].Len; v++ {
		if w := l.writer(o.Key, v); w == t {
			return from, -1
		} else if w >= 0 {
			return from, w
		}
	}
	return from, afterAll
}

// few is up to how many edges are not worth helpers.
const few = 64

// MissedEdges adds rw edges from those that read the whole order of a key to all that appended to it unread. Where both are many, chains of
// helpers stand for them: one to each of those from a place on, and one to each of those up to a place, for readers that stand in the
// middle since they are among the writers themselves.
func MissedEdges(edges []graph.Edge, n int, readers, writers []int32) ([]graph.Edge, int) {
	if len(readers)*len(writers) <= few*(len(readers)+len(writers)) {
		for _, r := range readers {
			for _, w := range writers {
				if r != w {
					edges = append(edges, graph.Edge{From: r, To: w, Kind: uint8(txn.RW)})
				}
			}
		}
		return edges, n
	}
	place := map[int32]int{}
	from, upto := n, n+len(writers)
	for i, w := range writers {
		place[w] = i
		a, b := int32(from+i), int32(upto+i)
		edges = append(edges, graph.Edge{From: a, To: w, Kind: uint8(txn.RW)}, graph.Edge{From: b, To: w, Kind: uint8(txn.RW)})
		if i > 0 {
			edges = append(edges, graph.Edge{From: a - 1, To: a, Kind: uint8(judging.RWHelp)}, graph.Edge{From: b, To: b - 1, Kind: uint8(judging.RWHelp)})
		}
	}
	for _, r := range readers {
		i, own := place[r]
		if !own {
			edges = append(edges, graph.Edge{From: r, To: int32(from), Kind: uint8(judging.RWHelp)})
			continue
		}
		if i > 0 {
			edges = append(edges, graph.Edge{From: r, To: int32(upto + i - 1), Kind: uint8(judging.RWHelp)})
		}
		if i+1 < len(writers) {
			edges = append(edges, graph.Edge{From: r, To: int32(from + i + 1), Kind: uint8(judging.RWHelp)})
		}
	}
	return edges, n + 2*len(writers)
}

// explain says what was observed of a dependency.
func (l listGraph) explain(from, to int32, kind txn.EdgeKind) txn.Edge {
	e := txn.Edge{From: from, To: to, Kind: kind}
	switch kind {
	case txn.WW:
		l.explainWW(&e)
	case judging.WWCursor, judging.WWAtomic:
		e.Kind = txn.WW
		l.explainOrder(&e, kind)
	case txn.WR:
		l.explainWR(&e)
	case txn.RW:
		l.explainRW(&e)
	}
	return e
}

func (l listGraph) explainWW(e *txn.Edge) {
	h := l.H
	x := h.Txns[e.To]
	for i := x.First; i < x.Last; i++ {
		o := h.Ops[i]
		if o.F != txn.Append {
			continue
		}
		a := l.Appends[l.of[i]]
		if a.at < 0 {
			continue
		}
		for v := a.at; v > 0; v-- { // versions before the append's
			w := l.writer(o.Key, v)
			if w == e.From {
				before := l.Appends[l.versions(o.Key)[v-1]]
				l.fill(e, o.Key, before.Value, a.Value)
				e.Reason = txn.Sayf("appended %s to %s, and %s came after it", h.Spell(before.Value), h.Keys[o.Key], h.Spell(a.Value))
				return
			}
			if w >= 0 && w != e.To {
				break
			}
		}
	}
	l.explainUnread(e)
}

// explainUnread explains why one transaction's append comes after another's though it was never read.
func (l listGraph) explainUnread(e *txn.Edge) {
	if k, a, b, ok := l.unreadPair(e, true); ok {
		l.fill(e, k, a, b)
		e.Reason = txn.Sayf("appended %s to %s, which was read, and %s was not, so that it came later", l.H.Spell(a), l.H.Keys[k], l.H.Spell(b))
	}
}

// explainOrder explains why one of two appends that were never read comes before the other.
func (l listGraph) explainOrder(e *txn.Edge, kind txn.EdgeKind) {
	k, a, b, ok := l.unreadPair(e, false)
	if !ok {
		return
	}
	l.fill(e, k, a, b)
	e.Reason = txn.Sayf("appended %s to %s, and %s came after it; neither was read, and the other order gives a cycle as well",
		l.H.Spell(a), l.H.Keys[k], l.H.Spell(b))
	if kind == judging.WWCursor {
		e.Reason = txn.Sayf("read all of %s before it appended %s, so that %s, which was not read either, came after it", l.H.Keys[k], l.H.Spell(a), l.H.Spell(b))
	}
}

// unreadPair returns appends of an edge's two transactions to one key, of which the second was never read; and the first, if read is
// false.
func (l listGraph) unreadPair(e *txn.Edge, read bool) (key, a, b int32, ok bool) {
	h := l.H
	for i := h.Txns[e.From].First; i < h.Txns[e.From].Last; i++ {
		o := h.Ops[i]
		if o.F != txn.Append || (l.Appends[l.of[i]].at >= 0) != read {
			continue
		}
		for at := h.Txns[e.To].First; at < h.Txns[e.To].Last; at++ {
			if p := h.Ops[at]; p.F == txn.Append && p.Key == o.Key && l.Appends[l.of[at]].at < 0 {
				return o.Key, o.Value, p.Value, true
			}
		}
	}
	return 0, 0, 0, false
}

func (l listGraph) explainWR(e *txn.Edge) {
	h := l.H
	for i := h.Txns[e.To].First; i < h.Txns[e.To].Last; i++ {
		o := h.Ops[i]
		if o.F != txn.Read || !o.Known {
			continue
		}
		if from, _ := l.sources(e.To, i); from != e.From {
			continue
		}
		value := int32(txn.Nil)
		for _, v := range h.List(o) {
			for _, p := range h.OpsOf(e.From) {
				if p.F == txn.Append && p.Key == o.Key && p.Value == v {
					value = v
				}
			}
		}
		l.fill(e, o.Key, value, value)
		e.Reason = txn.Sayf("appended %s to %s, which was read as %s", h.Spell(value), h.Keys[o.Key], h.SpellList(o))
		return
	}
}

func (l listGraph) explainRW(e *txn.Edge) {
	h := l.H
	for i := h.Txns[e.From].First; i < h.Txns[e.From].Last; i++ {
		o := h.Ops[i]
		if o.F != txn.Read || !o.Known {
			continue
		}
		_, next := l.sources(e.From, i)
		for at := h.Txns[e.To].First; at < h.Txns[e.To].Last; at++ {
			p := h.Ops[at]
			if p.F != txn.Append || p.Key != o.Key {
				continue
			}
			a := l.Appends[l.of[at]]
			if next == e.To && a.at >= 0 || next == afterAll && a.at < 0 && !a.seen {
				list := h.List(o)
				read := int32(txn.Nil)
				if len(list) > 0 {
					read = list[len(list)-1]
				}
				l.fill(e, o.Key, read, p.Value)
				e.Reason = txn.Sayf("read %s as %s, without %s", h.Keys[o.Key], h.SpellList(o), h.Spell(p.Value))
				return
			}
		}
	}
}

func (l listGraph) fill(e *txn.Edge, key, value, next int32) {
	e.Key, e.Next = l.H.Keys[key], l.H.Spell(next)
	if value != txn.Nil {
		e.Value = l.H.Spell(value)
	}
}
