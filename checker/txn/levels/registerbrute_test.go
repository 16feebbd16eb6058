package levels

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// A tried decides models of small histories by their definitions: it tries all orders of the transactions, and builds what each must
// see. Cerone, Bernardi and Gotsman (2015) define the models so, by an order AR and what is visible, VIS; Biswas and Enea (2019) too.
type tried struct {
	h      *txn.History
	n      int
	bad    bool // aborted, intermediate, garbage or future reads
	inner  bool // internal inconsistency
	writes [][]bool
	reads  [][]definedRead
	wr     [][]bool
	so, rt [][]bool
	order  []int // place of each transaction
	ids    []int // transactions of the history
}

type definedRead struct {
	key, from int // -1: nothing
	op, again int
	late      bool
	update    bool // the last read of the key before the transaction wrote it
}

func matrix(n int) [][]bool {
	m := make([][]bool, n)
	for i := range m {
		m[i] = make([]bool, n)
	}
	return m
}

func newTried(h *txn.History) *tried {
	b := &tried{h: h}
	writer := map[[2]int32]definedWrite{}
	final := map[[2]int32]int32{} // transaction, key → value
	for t, x := range h.Txns {
		for i := x.First; i < x.Last; i++ {
			if o := h.Ops[i]; o.F == txn.Write {
				writer[[2]int32{o.Key, o.Value}] = definedWrite{t, int(i)}
				final[[2]int32{int32(t), o.Key}] = o.Value
			}
		}
	}
	committed := map[int]bool{}
	for t, x := range h.Txns {
		if x.Type != history.OK {
			continue
		}
		committed[t] = true
		for _, o := range h.OpsOf(int32(t)) {
			if w, ok := writer[[2]int32{o.Key, o.Value}]; ok && o.F == txn.Read && h.Txns[w.txn].Type == history.Info {
				committed[w.txn] = true
			}
		}
	}
	at := map[int]int{}
	for t := range h.Txns {
		if committed[t] {
			at[t] = len(b.ids)
			b.ids = append(b.ids, t)
		}
	}
	b.n = len(b.ids)
	b.wr, b.so, b.rt = matrix(b.n), matrix(b.n), matrix(b.n)
	b.writes, b.reads = make([][]bool, b.n), make([][]definedRead, b.n)
	b.collect(writer, final, at)
	return b
}

// some reports whether an order of the transactions satisfies f.
func (b *tried) some(f func() bool) bool {
	b.order = make([]int, b.n)
	used := make([]bool, b.n)
	var try func(i int) bool
	try = func(i int) bool {
		if i == b.n {
			return f()
		}
		for t := range b.n {
			if !used[t] {
				used[t], b.order[t] = true, i
				if try(i + 1) {
					return true
				}
				used[t] = false
			}
		}
		return false
	}
	return try(0)
}

func (b *tried) keeps(ms ...[][]bool) bool {
	for _, m := range ms {
		for i := range b.n {
			for j := range b.n {
				if m[i][j] && b.order[i] >= b.order[j] {
					return false
				}
			}
		}
	}
	return true
}

func (b *tried) union(ms ...[][]bool) [][]bool {
	u := matrix(b.n)
	for _, m := range ms {
		for i := range b.n {
			for j := range b.n {
				u[i][j] = u[i][j] || m[i][j]
			}
		}
	}
	return u
}

func (b *tried) closed(m [][]bool) [][]bool {
	for k := range b.n {
		for i := range b.n {
			for j := range b.n {
				m[i][j] = m[i][j] || m[i][k] && m[k][j]
			}
		}
	}
	return m
}

// external reports whether each read is of the last visible write of its key in the order.
func (b *tried) external(visible [][]bool) bool {
	for t := range b.n {
		for _, r := range b.reads[t] {
			if r.late {
				continue
			}
			for u := range b.n {
				if visible[u][t] && b.writes[u][r.key] && u != r.from && (r.from < 0 || b.order[u] > b.order[r.from]) {
					return false
				}
			}
		}
	}
	return true
}

// conflicts has the transactions that write a key in common, in the order.
func (b *tried) conflicts() [][]bool {
	m := matrix(b.n)
	for i := range b.n {
		for j := range b.n {
			for k := range b.h.Keys {
				m[i][j] = m[i][j] || b.order[i] < b.order[j] && b.writes[i][k] && b.writes[j][k]
			}
		}
	}
	return m
}

// prefixed adds what makes visible sets prefixes of the order.
func (b *tried) prefixed(m [][]bool) [][]bool {
	for range b.n {
		for i := range b.n {
			for j := range b.n {
				for k := range b.n {
					m[i][k] = m[i][k] || b.order[i] < b.order[j] && m[j][k]
				}
			}
		}
	}
	return m
}

func (b *tried) ar() [][]bool {
	m := matrix(b.n)
	for i := range b.n {
		for j := range b.n {
			m[i][j] = b.order[i] < b.order[j]
		}
	}
	return m
}

// mav reports whether reads after the first that saw a transaction see no less than it in the order.
func (b *tried) mav() bool {
	for t := range b.n {
		for _, r := range b.reads[t] {
			for _, s := range b.reads[t] {
				if u := r.from; u >= 0 && s.again > r.op && !s.late && u != s.from && b.writes[u][s.key] && (s.from < 0 || b.order[u] > b.order[s.from]) {
					return false
				}
			}
		}
	}
	return true
}

// cursor reports whether nothing comes between the read of an update and its write.
func (b *tried) cursor() bool {
	for t := range b.n {
		for _, r := range b.reads[t] {
			for u := range b.n {
				if r.update && u != t && u != r.from && b.writes[u][r.key] && b.order[u] < b.order[t] && (r.from < 0 || b.order[u] > b.order[r.from]) {
					return false
				}
			}
		}
	}
	return true
}

// updates reports whether transactions that write, with the versions in the order, are acyclic together with any one that only reads.
func (b *tried) updates() bool {
	edges := b.union(b.wr, b.conflicts())
	for t := range b.n {
		for _, r := range b.reads[t] {
			for u := range b.n {
				if !r.late && u != t && u != r.from && b.writes[u][r.key] && (r.from < 0 || b.order[u] > b.order[r.from]) {
					edges[t][u] = true
				}
			}
		}
	}
	reader := func(t int) bool { return b.h.ReadsOnly(int32(b.ids[t])) }
	for alone := -1; alone < b.n; alone++ {
		if alone >= 0 && !reader(alone) {
			continue
		}
		m := matrix(b.n)
		for i := range b.n {
			for j := range b.n {
				m[i][j] = edges[i][j] && (!reader(i) || i == alone) && (!reader(j) || j == alone)
			}
		}
		m = b.closed(m)
		for i := range b.n {
			if m[i][i] {
				return false
			}
		}
	}
	return true
}

// atLeast reports whether a read is of a version that is no earlier than another.
func (b *tried) atLeast(r definedRead, u int) bool {
	return r.late || u == r.from || r.from >= 0 && b.order[u] < b.order[r.from]
}

// guarantee reports whether the order keeps a guarantee of sessions for the versions of a key.
func (b *tried) guarantee(m txn.Model, key int) bool {
	for t := range b.n {
		for _, r := range b.reads[t] {
			if r.key != key {
				continue
			}
			for u := range b.n {
				if m == txn.ReadYourWrites && b.so[u][t] && b.writes[u][r.key] && !b.atLeast(r, u) {
					return false
				}
				for _, q := range b.reads[u] {
					if m == txn.MonotonicReads && b.so[u][t] && q.key == r.key && q.from >= 0 && !b.atLeast(r, q.from) {
						return false
					}
				}
				if !b.wr[u][t] {
					continue
				}
				for s := range b.n {
					if m == txn.MonotonicWrites && b.so[s][u] && b.writes[s][r.key] && !b.atLeast(r, s) {
						return false
					}
					for _, q := range b.reads[s] {
						if m == txn.WritesFollowReads && (s == u || b.so[s][u]) && q.key == r.key && q.from >= 0 && !b.atLeast(r, q.from) {
							return false
						}
					}
				}
			}
		}
		for u := range b.n {
			if m == txn.MonotonicWrites && b.so[u][t] && b.writes[u][key] && b.writes[t][key] && b.order[u] > b.order[t] {
				return false
			}
			for _, q := range b.reads[u] {
				if m == txn.WritesFollowReads && q.key == key && (u == t || b.so[u][t]) && q.from >= 0 && q.from != t && b.writes[t][q.key] && b.order[q.from] > b.order[t] {
					return false
				}
			}
		}
	}
	return true
}

// everyKey reports whether each key has an order that keeps guarantees of sessions.
func (b *tried) everyKey(ms ...txn.Model) bool {
	for k := range b.h.Keys {
		ok := b.some(func() bool {
			for _, m := range ms {
				if !b.guarantee(m, k) {
					return false
				}
			}
			return true
		})
		if !ok {
			return false
		}
	}
	return true
}

// perKey reports whether each key alone has an order of its transactions that keeps real time.
func (b *tried) perKey() bool {
	for k := range b.h.Keys {
		ok := b.some(func() bool {
			for t := range b.n {
				touches := func(u int) bool {
					for _, r := range b.reads[u] {
						if r.key == k {
							return true
						}
					}
					return b.writes[u][k]
				}
				for u := range b.n {
					if b.rt[u][t] && !b.soOnly(u, t) && touches(u) && touches(t) && b.order[u] > b.order[t] {
						return false
					}
				}
				for _, r := range b.reads[t] {
					for u := range b.n {
						if r.key != k || r.late {
							continue
						}
						if r.from >= 0 && b.order[r.from] > b.order[t] || u != r.from && b.writes[u][k] && b.order[u] < b.order[t] && (r.from < 0 || b.order[u] > b.order[r.from]) {
							return false
						}
					}
				}
			}
			return true
		})
		if !ok {
			return false
		}
	}
	return true
}

// soOnly reports whether only their session orders two transactions.
func (b *tried) soOnly(u, t int) bool {
	return b.h.Txns[b.ids[u]].End >= b.h.Txns[b.ids[t]].Begin
}

// holds decides a model.
func (b *tried) holds(m txn.Model) bool {
	none := matrix(b.n)
	also := none
	switch s := m.Spec(); {
	case s.Also&txn.RT != 0:
		also = b.rt
	case s.Also&txn.SO != 0:
		also = b.so
	}
	switch m {
	case txn.ReadUncommitted, txn.StrongSessionReadUncommitted, txn.StrongReadUncommitted:
		return true
	case txn.ReadYourWrites, txn.MonotonicReads, txn.MonotonicWrites, txn.WritesFollowReads:
		return b.everyKey(m)
	case txn.PRAM:
		return b.everyKey(txn.ReadYourWrites, txn.MonotonicReads, txn.MonotonicWrites)
	}
	if b.bad {
		return false
	}
	switch m {
	case txn.ReadCommitted, txn.StrongSessionReadCommitted, txn.StrongReadCommitted:
		return b.some(func() bool { return b.keeps(b.wr, also) })
	case txn.CursorStability:
		return b.some(func() bool { return b.keeps(b.wr) && b.cursor() })
	case txn.MonotonicAtomicView:
		return b.some(func() bool { return b.keeps(b.wr) && b.mav() })
	case txn.ConsistentView:
		return b.some(func() bool {
			v := b.closed(b.union(b.wr, b.conflicts()))
			return b.keeps(v) && b.external(v)
		})
	case txn.UpdateSerializable:
		return b.some(func() bool { return b.keeps(b.wr) && b.updates() })
	case txn.RepeatableRead:
		return b.some(func() bool { return b.keeps(b.wr) && b.external(b.ar()) })
	}
	if b.inner {
		return false
	}
	if m == txn.PerKeyStrictSerializable {
		return b.holds(txn.Serializable) && b.perKey()
	}
	return b.some(func() bool {
		if !b.keeps(b.wr, also) {
			return false
		}
		var v [][]bool
		switch m {
		case txn.UpdateAtomic:
			v = b.union(b.wr, b.conflicts())
		case txn.ReadAtomic:
			v = b.union(b.wr, b.so)
		case txn.CausalCerone:
			v = b.closed(b.union(b.wr))
		case txn.Causal:
			v = b.closed(b.union(b.wr, b.so))
		case txn.ParallelSnapshotIsolation, txn.StrongSessionParallelSnapshotIsolation:
			v = b.closed(b.union(b.wr, also, b.conflicts()))
		case txn.Prefix:
			v = b.prefixed(b.union(b.wr, b.so))
		case txn.SnapshotIsolation, txn.StrongSessionSnapshotIsolation, txn.StrongSnapshotIsolation:
			v = b.prefixed(b.union(b.wr, also, b.conflicts()))
		default:
			v = b.ar()
		}
		return b.keeps(b.union(v)) && (m != txn.ReadAtomic && m != txn.Causal || b.keeps(b.so)) && b.external(v)
	})
}
