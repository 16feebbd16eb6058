package registers

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/checker/txn/internal/lists"
)

// edges infers the dependencies that hold in every order of the versions, with helpers from n on: wr from the writer of a version to its
// readers; rw from a reader to the transaction that made the next version from the one read; and from those who saw a register without
// a value to all that wrote it.
func (r *registers) edges() (edges []graph.Edge, n int) {
	h := r.h
	edges, n = make([]graph.Edge, 0, len(h.Ops)), len(h.Txns)
	empty := make([][]int32, len(h.Keys)) // by key: who saw it without a value
	for t := range int32(len(h.Txns)) {
		for _, s := range r.readsOf(t) {
			if s.version == ofNil {
				if !s.late {
					empty[s.key] = append(empty[s.key], t)
				}
				continue
			}
			edges = append(edges, graph.Edge{From: r.writes[s.version].Txn, To: t, Kind: uint8(txn.WR)})
			if next := r.writer(r.next[s.version]); next >= 0 && next != t && !s.late {
				edges = append(edges, graph.Edge{From: t, To: next, Kind: uint8(txn.RW)})
			}
		}
	}
	for k, readers := range empty {
		heads := r.heads(int32(k))
		edges, n = lists.MissedEdges(edges, n, readers, heads)
		edges, n = r.afterFirst(edges, n, int32(k), heads)
	}
	return edges, n
}

// heads returns the transactions that made versions of a key from no version that is known.
func (r *registers) heads(k int32) []int32 {
	var heads []int32
	for w := r.first[k]; w < r.first[k+1]; w++ {
		if r.isVersion(w) && r.prev[w] < 0 {
			heads = append(heads, r.writes[w].Txn)
		}
	}
	return heads
}

// afterFirst orders all others after the one transaction that saw a register without a value and wrote it: else its update would be lost.
func (r *registers) afterFirst(edges []graph.Edge, n int, k int32, heads []int32) ([]graph.Edge, int) {
	first := r.writer(r.nextNil[k])
	if first < 0 || len(heads) < 2 {
		return edges, n
	}
	edges = append(edges, graph.Edge{From: first, To: int32(n), Kind: uint8(judging.WWCursor)})
	for _, t := range heads {
		if t != first {
			edges = append(edges, graph.Edge{From: int32(n), To: t, Kind: uint8(judging.WWCursor)})
		}
	}
	return edges, n + 1
}

// complete reports whether the edges leave no order of versions open: each key has one chain of versions.
func (r *registers) complete() bool {
	if r.forked {
		return false
	}
	for k := range int32(len(r.h.Keys)) {
		heads := 0
		for w := r.first[k]; w < r.first[k+1]; w++ {
			if r.isVersion(w) && r.prev[w] < 0 {
				heads++
			}
		}
		if heads > 1 {
			return false
		}
	}
	return true
}

// A versionChain is a chain of versions of a key, each made from the one before.
type versionChain struct{ first, last int32 }

// chainsOf returns the chains of a key, and appends to of the number of that of each write.
func (r *registers) chainsOf(k int32, of []int32) (chains []versionChain) {
	for w := r.first[k]; w < r.first[k+1]; w++ {
		if !r.isVersion(w) || r.prev[w] >= 0 {
			continue
		}
		c := versionChain{w, w}
		of[w] = int32(len(chains))
		for v := r.next[w]; v >= 0; v = r.next[v] {
			r.place[v] = r.place[c.last] + 1
			c.last, of[v] = v, int32(len(chains))
		}
		chains = append(chains, c)
	}
	return chains
}

// explain says what was observed of a dependency.
func (r *registers) explain(from, to int32, kind txn.EdgeKind) txn.Edge {
	e := txn.Edge{From: from, To: to, Kind: kind}
	switch kind {
	case txn.WR:
		r.explainWR(&e)
	case txn.RW:
		r.explainRW(&e)
	case txn.WW:
		r.explainWW(&e)
	case judging.WWCursor:
		e.Kind = txn.WW
		r.explainFirst(&e)
	}
	return e
}

// explainFirst explains an edge of afterFirst.
func (r *registers) explainFirst(e *txn.Edge) {
	for k := range int32(len(r.h.Keys)) {
		first := r.nextNil[k]
		if r.writer(first) != e.From {
			continue
		}
		for w := r.first[k]; w < r.first[k+1]; w++ {
			if r.writes[w].Txn == e.To && r.isVersion(w) && r.prev[w] < 0 {
				a, b := r.writes[first].Value, r.writes[w].Value
				r.fill(e, k, a, b, "read %s as nil before it wrote %s, so that %s came after it", r.h.Keys[k], r.h.Spell(a), r.h.Spell(b))
				return
			}
		}
	}
}

func (r *registers) fill(e *txn.Edge, key, value, next int32, reason string, args ...any) {
	e.Key, e.Reason = r.h.Keys[key], txn.Sayf(reason, args...)
	if value != txn.Nil {
		e.Value = r.h.Spell(value)
	}
	if next != txn.Nil {
		e.Next = r.h.Spell(next)
	}
}

func (r *registers) explainWR(e *txn.Edge) {
	h := r.h
	for _, s := range r.readsOf(e.To) {
		if r.writer(s.version) == e.From {
			v := h.Ops[s.op].Value
			r.fill(e, s.key, v, v, "wrote %s to %s, which was read", h.Spell(v), h.Keys[s.key])
			return
		}
	}
}

// explainRW finds a read that missed a write: the next version if there is one, else any.
func (r *registers) explainRW(e *txn.Edge) {
	h := r.h
	for pass := range 2 {
		for _, s := range r.readsOf(e.From) {
			next := r.nextOf(s)
			for i := h.Txns[e.To].First; i < h.Txns[e.To].Last; i++ {
				if o := h.Ops[i]; o.F != txn.Write || o.Key != s.key || r.last[r.of[i]] != r.of[i] || pass == 0 && next != r.of[i] || s.version == r.of[i] {
					continue
				}
				read, wrote := h.Ops[s.op].Value, h.Ops[i].Value
				r.fill(e, s.key, read, wrote, "read %s as %s, without %s", h.Keys[s.key], h.Spell(read), h.Spell(wrote))
				return
			}
		}
	}
}

// nextOf returns the version that was made from one that was read, or -1.
func (r *registers) nextOf(s seen) int32 {
	if s.version == ofNil {
		return r.nextNil[s.key]
	}
	return r.next[s.version]
}

func (r *registers) explainWW(e *txn.Edge) {
	h := r.h
	for i := h.Txns[e.From].First; i < h.Txns[e.From].Last; i++ {
		o := h.Ops[i]
		if o.F != txn.Write || r.last[r.of[i]] != r.of[i] {
			continue
		}
		for at := h.Txns[e.To].First; at < h.Txns[e.To].Last; at++ {
			if p := h.Ops[at]; p.F == txn.Write && p.Key == o.Key {
				r.fill(e, o.Key, o.Value, p.Value, "wrote %s to %s before %s was written to it", h.Spell(o.Value), h.Keys[o.Key], h.Spell(p.Value))
				return
			}
		}
	}
}
