package levels

import (
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// The definitions of the models, tried out on tiny histories in all ways. Nothing here is shared with the judge.
//
// Models with atomic visibility are those of Cerone, Bernardi and Gotsman: there is a total order of transactions (arbitration) and a
// part of it (visibility), and a read of a list returns what the visible transactions appended, in the order of arbitration, and then what
// its own transaction did. The others are Adya's: there is an order of versions for which the graph of dependencies has no cycle of a kind.

// A brute is a history being tried.
type brute struct {
	h          *txn.History
	in         []int32 // the transactions that count as committed
	n          int
	so         [][]bool // by indexes into in
	rt         [][]bool
	keep       map[txn.Model]bool
	noInternal bool // every read shows what its transaction did before
	odd        bool // no order of versions fits the reads

	wrote    [][]bool   // by transaction and key
	answered [][]txn.Op // by transaction: reads that were answered
}

// bruteForce returns which models hold of a history without failed transactions that are seen, and whether no order of versions fits
// its reads: then Adya's graph has no ww edges, and nothing is said of read uncommitted.
func bruteForce(h *txn.History) (keep map[txn.Model]bool, odd bool) {
	keep, odd = map[txn.Model]bool{}, true
	var maybe []int32
	var sure []int32
	for t, x := range h.Txns {
		switch x.Type {
		case history.OK:
			sure = append(sure, int32(t))
		case history.Info:
			maybe = append(maybe, int32(t))
		}
	}
	for set := range 1 << len(maybe) { // those that did take effect
		in := slices.Clone(sure)
		for i, t := range maybe {
			if set>>i&1 == 1 {
				in = append(in, t)
			}
		}
		slices.Sort(in)
		b := &brute{h: h, in: in, n: len(in), keep: keep}
		b.orders()
		b.visibility()
		b.versionOrders()
		b.perKey()
		odd = odd && b.odd
	}
	return keep, odd
}

func square(n int) [][]bool {
	m, all := make([][]bool, n), make([]bool, n*n)
	for i := range m {
		m[i] = all[i*n : (i+1)*n : (i+1)*n]
	}
	return m
}

func (b *brute) orders() {
	b.so, b.rt = square(b.n), square(b.n)
	b.wrote, b.answered = make([][]bool, b.n), make([][]txn.Op, b.n)
	for i, t := range b.in {
		b.wrote[i] = make([]bool, len(b.h.Keys))
		for _, o := range b.h.OpsOf(t) {
			switch {
			case o.F == txn.Append:
				b.wrote[i][o.Key] = true
			case o.F == txn.Read && b.h.Txns[t].Type == history.OK:
				b.answered[i] = append(b.answered[i], o)
			}
		}
		for j, u := range b.in {
			x, y := b.h.Txns[t], b.h.Txns[u]
			b.so[i][j] = x.Session == y.Session && t < u
			b.rt[i][j] = x.End < y.Begin
		}
	}
}

// permutations calls f with each order of 0..n-1.
func permutations(n int, f func(p []int)) {
	p := make([]int, 0, n)
	var rec func(used int)
	rec = func(used int) {
		if len(p) == n {
			f(p)
			return
		}
		for i := range n {
			if used>>i&1 == 0 {
				p = append(p, i)
				rec(used | 1<<i)
				p = p[:len(p)-1]
			}
		}
	}
	rec(0)
}

// axioms of visibility, as bits.
const (
	transitive = 1 << iota
	prefixed
	noConflict
	total
	hasSO
	hasRT
	arSO // arbitration alone keeps sessions
)

// atomic are the models of which the axioms are all.
var atomic = []struct {
	model  txn.Model
	axioms int
}{
	{txn.ReadAtomic, hasSO},
	{txn.UpdateAtomic, noConflict},
	{txn.CausalCerone, transitive},
	{txn.Causal, transitive | hasSO},
	{txn.ParallelSnapshotIsolation, transitive | noConflict},
	{txn.StrongSessionParallelSnapshotIsolation, transitive | noConflict | hasSO},
	{txn.Prefix, prefixed | transitive | hasSO},
	{txn.SnapshotIsolation, prefixed | transitive | noConflict},
	{txn.StrongSessionSnapshotIsolation, prefixed | transitive | noConflict | hasSO},
	{txn.StrongSnapshotIsolation, prefixed | transitive | noConflict | hasSO | hasRT},
	{txn.Serializable, total},
	{txn.StrongSessionSerializable, total | hasSO},
	{txn.StrictSerializable, total | hasSO | hasRT},
}

// visibility tries all arbitrations, and all visibilities within, as long as a model is not known to hold.
//
// A read that is no prefix of an arbitration breaks read committed, and so all of them: with its own append after a list that lacks an
// earlier one, a transaction saw a version that never was.
func (b *brute) visibility() {
	n := b.n
	vis := square(n)
	permutations(n, func(p []int) {
		if b.allAtomic() || !b.arbitrated(p) {
			return
		}
		var rec func(i int)
		rec = func(i int) { // p[i] is the transaction whose visible ones are chosen
			if i == n {
				b.holds(p, vis)
				return
			}
			for set := range 1 << i {
				for x := range i {
					vis[p[x]][p[i]] = set>>x&1 == 1
				}
				if b.explains(p[:i], vis, p[i]) {
					rec(i + 1)
				}
			}
			for x := range i {
				vis[p[x]][p[i]] = false
			}
		}
		rec(0)
	})
}

// allAtomic reports whether all models of axioms are known to hold.
func (b *brute) allAtomic() bool {
	for _, a := range atomic {
		if !b.keep[a.model] {
			return false
		}
	}
	return true
}

// arbitrated reports whether all reads are prefixes of an arbitration.
func (b *brute) arbitrated(p []int) bool {
	var order []version
	for k := range b.h.Keys {
		order = order[:0]
		for _, x := range p {
			for _, o := range b.h.OpsOf(b.in[x]) {
				if o.F == txn.Append && o.Key == int32(k) {
					order = append(order, version{x, o.Value})
				}
			}
		}
		if !b.fits(int32(k), order) {
			return false
		}
	}
	return true
}

// explains reports whether a transaction read what the visible ones and itself appended.
func (b *brute) explains(before []int, vis [][]bool, me int) bool {
	t := b.in[me]
	if b.h.Txns[t].Type != history.OK {
		return true
	}
	var want []int32
	for i, o := range b.h.OpsOf(t) {
		if o.F != txn.Read {
			continue
		}
		want = want[:0]
		for _, x := range before {
			if vis[x][me] {
				want = b.appendsTo(want, b.h.OpsOf(b.in[x]), o.Key)
			}
		}
		want = b.appendsTo(want, b.h.OpsOf(t)[:i], o.Key)
		if !slices.Equal(want, b.h.List(o)) {
			return false
		}
	}
	return true
}

func (b *brute) appendsTo(list []int32, ops []txn.Op, key int32) []int32 {
	for _, o := range ops {
		if o.F == txn.Append && o.Key == key {
			list = append(list, o.Value)
		}
	}
	return list
}

// holds marks the models of which the axioms hold.
func (b *brute) holds(p []int, vis [][]bool) {
	has := transitive | prefixed | noConflict | total | hasSO | hasRT
	var at [8]int
	for i, x := range p {
		at[x] = i
	}
	for x := range b.n {
		for y := range b.n {
			if b.so[x][y] && !vis[x][y] {
				has &^= hasSO
			}
			if b.rt[x][y] && !vis[x][y] {
				has &^= hasRT
			}
			if at[x] >= at[y] {
				continue
			}
			if !vis[x][y] {
				has &^= total
				for k := range b.h.Keys {
					if b.wrote[x][k] && b.wrote[y][k] {
						has &^= noConflict
					}
				}
			}
			for z := range b.n {
				if vis[y][z] && !vis[x][z] {
					has &^= prefixed
					if vis[x][y] {
						has &^= transitive
					}
				}
			}
		}
	}
	for _, a := range atomic {
		if has&a.axioms == a.axioms {
			b.keep[a.model] = true
		}
	}
}

// sessions marks the guarantees of sessions that an order of versions keeps.
func (b *brute) sessions(order [][]version, mark func(txn.Model, bool)) {
	ryw, mr, mw, wfr := true, true, true, true
	for k := range order {
		for at, v := range order[k] { // v may have to be seen
			for t := range b.n {
				b.mustSee(order, k, at, v, t, &ryw, &mr, &mw, &wfr)
			}
		}
	}
	mark(txn.ReadYourWrites, ryw)
	mark(txn.MonotonicReads, mr)
	mark(txn.MonotonicWrites, mw)
	mark(txn.WritesFollowReads, wfr)
	mark(txn.PRAM, ryw && mr && mw)
}

// mustSee clears the guarantees that a transaction t breaks by what it did not see of v, which stands at a place of the order of a key.
func (b *brute) mustSee(order [][]version, k, at int, v version, t int, ryw, mr, mw, wfr *bool) {
	misses := false
	for _, o := range b.answered[t] {
		misses = misses || int(o.Key) == k && int(o.Len) <= at
	}
	for s := range b.n { // the transaction of the session that wrote or read v
		wrote, readIt := s == v.txn, false
		for _, o := range b.answered[s] {
			readIt = readIt || int(o.Key) == k && int(o.Len) > at && v.txn != s
		}
		if misses && b.so[s][t] {
			*ryw = *ryw && !wrote
			*mr = *mr && !readIt
		}
		for u := range b.n { // a later one of that session, which t saw
			if !b.so[s][u] {
				continue
			}
			earlier := t == u && slices.ContainsFunc(order[k][:at], func(w version) bool { return w.txn == u })
			if earlier || misses && t != u && b.sees(order, t, u) {
				*mw = *mw && !wrote
				*wfr = *wfr && !readIt
			}
		}
	}
}

// sees reports whether a transaction read an append of another.
func (b *brute) sees(order [][]version, t, u int) bool {
	for _, o := range b.answered[t] {
		if slices.ContainsFunc(order[o.Key][:o.Len], func(v version) bool { return v.txn == u }) {
			return true
		}
	}
	return false
}

// perKey marks what is serializable, and of which the transactions on each key have an order that explains them and keeps real time.
func (b *brute) perKey() {
	if !b.keep[txn.Serializable] {
		return
	}
	for k := range int32(len(b.h.Keys)) {
		found := false
		permutations(b.n, func(p []int) { found = found || b.strict(k, p) })
		if !found {
			return
		}
	}
	b.keep[txn.PerKeyStrictSerializable] = true
}

func (b *brute) strict(k int32, p []int) bool {
	var list []int32
	for i, x := range p {
		t := b.in[x]
		touches := func(x int) bool {
			return slices.ContainsFunc(b.h.OpsOf(b.in[x]), func(o txn.Op) bool { return o.Key == k && (o.F == txn.Append || o.Known) })
		}
		for _, y := range p[i+1:] {
			if b.rt[y][x] && touches(x) && touches(y) {
				return false
			}
		}
		for _, o := range b.h.OpsOf(t) {
			switch {
			case o.Key != k:
			case o.F == txn.Append:
				list = append(list, o.Value)
			case o.Known && !slices.Equal(list, b.h.List(o)):
				return false
			}
		}
	}
	return true
}
