package levels

import (
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// A version is an append in an order of versions.
type version struct {
	txn   int
	value int32
}

// versionOrders tries all orders of the versions of all keys that fit the reads.
func (b *brute) versionOrders() {
	var all [][][]version // by key: the orders
	for k := range b.h.Keys {
		var vs []version
		for x, t := range b.in {
			for _, o := range b.h.OpsOf(t) {
				if o.F == txn.Append && o.Key == int32(k) {
					vs = append(vs, version{x, o.Value})
				}
			}
		}
		var orders [][]version
		permutations(len(vs), func(p []int) {
			order := make([]version, len(vs))
			for i, x := range p {
				order[i] = vs[x]
			}
			if b.fits(int32(k), order) {
				orders = append(orders, order)
			}
		})
		all = append(all, orders)
		b.odd = b.odd || len(orders) == 0
	}
	chosen := make([][]version, len(all))
	var rec func(k int)
	rec = func(k int) {
		if k == len(all) {
			if !b.allAdya() {
				b.adya(chosen)
			}
			return
		}
		for _, o := range all[k] {
			chosen[k] = o
			rec(k + 1)
		}
	}
	rec(0)
}

// fits reports whether every read of a key is a prefix of an order.
func (b *brute) fits(k int32, order []version) bool {
	for _, t := range b.in {
		if b.h.Txns[t].Type != history.OK {
			continue
		}
		for _, o := range b.h.OpsOf(t) {
			if o.F != txn.Read || o.Key != k {
				continue
			}
			list := b.h.List(o)
			if len(list) > len(order) {
				return false
			}
			for i, v := range list {
				if order[i].value != v {
					return false
				}
			}
		}
	}
	return true
}

// A dsg is the graph of dependencies for one order of versions.
type dsg struct {
	n                  int
	ww, wr, rw, so, rt [][]bool
	cursor             bool // a cycle of one rw and ww, all of one key
	intermediate       bool // a read of what its writer overwrote
	torn               bool // a transaction saw a part of another, and missed a part in a later read
	future             bool // a read of its own later append
}

// adya are the models that an order of versions decides, without those that it decides only if there is no time to try all visibilities.
var adya = []txn.Model{txn.ReadUncommitted, txn.StrongSessionReadUncommitted, txn.StrongReadUncommitted, txn.ReadCommitted, txn.StrongSessionReadCommitted,
	txn.StrongReadCommitted, txn.CursorStability, txn.MonotonicAtomicView, txn.ConsistentView, txn.RepeatableRead, txn.UpdateSerializable, txn.ReadYourWrites,
	txn.MonotonicReads, txn.MonotonicWrites, txn.WritesFollowReads, txn.PRAM}

// allAdya reports whether all models that an order of versions decides are known to hold.
func (b *brute) allAdya() bool {
	return !b.noInternal && !slices.ContainsFunc(adya, func(m txn.Model) bool { return !b.keep[m] })
}

// adya marks the models of which the graph has no forbidden cycle.
func (b *brute) adya(order [][]version) {
	g := b.graph(order)
	d := union(g.ww, g.wr)
	rc := !cyclic(d) && !g.intermediate && !g.future
	mark := func(m txn.Model, ok bool) {
		if ok {
			b.keep[m] = true
		}
	}
	mark(txn.ReadUncommitted, !cyclic(g.ww))
	mark(txn.StrongSessionReadUncommitted, !cyclic(union(g.ww, g.so)))
	mark(txn.StrongReadUncommitted, !cyclic(union(g.ww, g.so, g.rt)))
	mark(txn.ReadCommitted, rc)
	mark(txn.StrongSessionReadCommitted, rc && !cyclic(union(d, g.so)))
	mark(txn.StrongReadCommitted, rc && !cyclic(union(d, g.so, g.rt)))
	mark(txn.CursorStability, rc && !g.cursor)
	mark(txn.MonotonicAtomicView, rc && !g.torn)
	mark(txn.ConsistentView, rc && !reflexive(compose(closure(d), g.rw)))
	if b.noInternal { // Cerone and Gotsman's graphs of snapshot isolation, for what is too long to try all visibilities
		free := func(d [][]bool) bool { return !cyclic(union(d, compose(d, g.rw))) }
		mark(txn.ParallelSnapshotIsolation, rc && !reflexive(compose(closure(d), g.rw)))
		mark(txn.StrongSessionParallelSnapshotIsolation, rc && !cyclic(union(d, g.so)) && !reflexive(compose(closure(union(d, g.so)), g.rw)))
		mark(txn.SnapshotIsolation, rc && free(d))
		mark(txn.StrongSessionSnapshotIsolation, rc && free(union(d, g.so)))
		mark(txn.StrongSnapshotIsolation, rc && free(union(d, g.so, g.rt)))
	}
	b.sessions(order, mark)
	mark(txn.RepeatableRead, rc && !cyclic(union(d, g.rw)))
	mark(txn.UpdateSerializable, rc && b.updateSerializable(g))
}

func (b *brute) updateSerializable(g *dsg) bool {
	all := union(g.ww, g.wr, g.rw)
	for reader := range b.n {
		m := square(b.n)
		for x := range b.n {
			for y := range b.n {
				in := func(z int) bool { return z == reader || !b.h.ReadsOnly(b.in[z]) }
				m[x][y] = all[x][y] && in(x) && in(y)
			}
		}
		if cyclic(m) {
			return false
		}
	}
	return true
}

// graph has an edge for each two versions, and not only for neighbours.
func (b *brute) graph(order [][]version) *dsg {
	n := b.n
	g := &dsg{n: n, ww: square(n), wr: square(n), rw: square(n), so: b.so, rt: b.rt}
	for k, vs := range order {
		ww, rw := square(n), square(n)
		for i, v := range vs {
			for _, w := range vs[i+1:] {
				if v.txn != w.txn {
					g.ww[v.txn][w.txn], ww[v.txn][w.txn] = true, true
				}
			}
		}
		for x, t := range b.in {
			if b.h.Txns[t].Type == history.OK {
				b.readGraph(g, x, int32(k), vs, rw)
			}
		}
		g.cursor = g.cursor || reflexive(compose(closure(ww), rw))
	}
	for x, t := range b.in {
		if b.h.Txns[t].Type == history.OK {
			g.torn = g.torn || b.isTorn(x, order)
		}
	}
	return g
}

func (b *brute) readGraph(g *dsg, me int, k int32, vs []version, rw [][]bool) {
	ops := b.h.OpsOf(b.in[me])
	for i, o := range ops {
		if o.F != txn.Read || o.Key != k {
			continue
		}
		at := int(o.Len) // without its own
		for at > 0 && vs[at-1].txn == me {
			at--
			for _, later := range ops[i:] {
				g.future = g.future || later.F == txn.Append && later.Key == k && later.Value == vs[at].value
			}
		}
		if at > 0 {
			w := vs[at-1].txn
			g.wr[w][me] = true
			last := b.appendsTo(nil, b.h.OpsOf(b.in[w]), k)
			g.intermediate = g.intermediate || last[len(last)-1] != vs[at-1].value
		}
		if at < int(o.Len) {
			continue
		}
		if at < len(vs) && vs[at].txn != me {
			g.rw[me][vs[at].txn] = true
			own := slices.ContainsFunc(ops[:i], func(o txn.Op) bool { return o.F == txn.Append && o.Key == k })
			rw[me][vs[at].txn] = !own || rw[me][vs[at].txn]
		}
	}
}

// isTorn reports whether a transaction saw a part of another, and missed a part in a later read.
func (b *brute) isTorn(me int, order [][]version) bool {
	seen := map[int]bool{}
	for _, o := range b.h.OpsOf(b.in[me]) {
		if o.F != txn.Read {
			continue
		}
		for _, v := range order[o.Key][o.Len:] {
			if v.txn != me && seen[v.txn] {
				return true
			}
		}
		for _, v := range order[o.Key][:o.Len] {
			seen[v.txn] = true
		}
	}
	return false
}

func union(ms ...[][]bool) [][]bool {
	u := square(len(ms[0]))
	for _, m := range ms {
		for i := range m {
			for j := range m {
				u[i][j] = u[i][j] || m[i][j]
			}
		}
	}
	return u
}

func compose(a, b [][]bool) [][]bool {
	c := square(len(a))
	for i := range a {
		for j := range a {
			for k := range a {
				c[i][k] = c[i][k] || a[i][j] && b[j][k]
			}
		}
	}
	return c
}

func closure(m [][]bool) [][]bool {
	c := union(m)
	for k := range c {
		for i := range c {
			for j := range c {
				c[i][j] = c[i][j] || c[i][k] && c[k][j]
			}
		}
	}
	return c
}

func reflexive(m [][]bool) bool {
	for i := range m {
		if m[i][i] {
			return true
		}
	}
	return false
}

func cyclic(m [][]bool) bool { return reflexive(closure(m)) }
