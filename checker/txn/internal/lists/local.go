package lists

import (
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/history"
)

// listChecks finds what is wrong with a history of lists without any cycle.
type listChecks struct{ *Lists }

// A mine goes through the operations of one transaction, and keeps which of them touched a key last.
type mine struct {
	txn  int32
	by   []int32 // by key: the transaction that touched it last
	last []int32 // by key: the index of the operation
	prev []int32 // by operation of the transaction: that which touched the same key before it, or -1
}

func newMine(h *txn.History) *mine {
	m := &mine{by: make([]int32, len(h.Keys)), last: make([]int32, len(h.Keys))}
	for i := range m.by {
		m.by[i] = -1
	}
	return m
}

// begin looks at a transaction.
func (m *mine) begin(h *txn.History, t int32) {
	m.txn, m.prev = t, m.prev[:0]
	first := h.Txns[t].First
	for i, o := range h.OpsOf(t) {
		before := int32(-1)
		if m.by[o.Key] == t {
			before = m.last[o.Key]
		}
		m.by[o.Key], m.last[o.Key] = t, first+int32(i)
		m.prev = append(m.prev, before)
	}
}

// findLocal finds what is wrong without any cycle, and the updates that were lost.
func (l listChecks) findLocal(j *judging.Case) {
	var found judging.Tally
	l.checkOrders(&found)
	m := newMine(l.H)
	bad := l.badFrom()
	for t, x := range l.H.Txns {
		if x.Type != history.OK {
			continue
		}
		m.begin(l.H, int32(t))
		for i := x.First; i < x.Last; i++ {
			if o := l.H.Ops[i]; o.F == txn.Read && o.Known {
				l.checkRead(&found, m, i, bad)
			}
		}
	}
	l.findLost(&found)
	found.AddTo(j)
}

// badFrom returns by key the length of the shortest list that shows a value that no transaction appended or that a failed one did.
func (l listChecks) badFrom() []int32 {
	bad := make([]int32, len(l.Order))
	for k := range bad {
		bad[k] = l.Order[k].Len + 1
		for i, a := range l.versions(int32(k)) {
			if a < 0 || !l.committed[l.Appends[a].Txn] {
				bad[k] = int32(i) + 1
				break
			}
		}
	}
	return bad
}

// checkOrders looks at the order of each key.
func (l listChecks) checkOrders(found *judging.Tally) {
	for k := range int32(len(l.Order)) {
		vs := l.versions(k)
		dirty := int32(-1)
		for i, a := range vs {
			if a < 0 {
				continue
			}
			x := l.Appends[a]
			if x.at != int32(i) {
				found.Add("duplicate-elements", func() txn.Anomaly { return l.duplicate(k, x) })
			}
			switch {
			case !l.committed[x.Txn] && l.H.Txns[x.Txn].Type == history.Fail:
				dirty = a
			case dirty >= 0 && l.committed[x.Txn]:
				from := dirty
				found.Add("dirty-update", func() txn.Anomaly { return l.dirty(k, from, a) })
				dirty = -1
			}
		}
	}
}

func (l listChecks) duplicate(k int32, x Appended) txn.Anomaly {
	return txn.Anomaly{Txns: []int32{x.Txn}, Key: l.H.Keys[k],
		Reason: txn.Sayf("T%d appended %s to %s once, and a list has it twice: %s", x.Txn, l.H.Spell(x.Value), l.H.Keys[k], l.H.SpellList(l.Order[k]))}
}

func (l listChecks) dirty(k, from, to int32) txn.Anomaly {
	f, t := l.Appends[from], l.Appends[to]
	return txn.Anomaly{Txns: []int32{f.Txn, t.Txn}, Key: l.H.Keys[k],
		Reason: txn.Sayf("T%d appended %s to %s on top of %s of T%d, which failed", t.Txn, l.H.Spell(t.Value), l.H.Keys[k], l.H.Spell(f.Value), f.Txn)}
}

// checkRead looks at one read of a transaction.
func (l listChecks) checkRead(found *judging.Tally, m *mine, i int32, bad []int32) {
	o := l.H.Ops[i]
	key := l.H.Keys[o.Key]
	list := l.H.List(o)
	if !l.agrees(m, i) {
		found.Add("internal", func() txn.Anomaly {
			return txn.Anomaly{Txns: []int32{m.txn}, Key: key,
				Reason: txn.Sayf("T%d read %s as %s, against what it had read and appended before", m.txn, key, l.H.SpellList(o))}
		})
	}
	_, odd := l.odd[i]
	if odd {
		l.checkOdd(found, m, o)
		return
	}
	if o.Len >= bad[o.Key] {
		for at := bad[o.Key] - 1; at < o.Len; at++ {
			l.checkElement(found, m.txn, o, l.versions(o.Key)[at], list[at])
		}
	}
	own := o.Len
	for own > 0 && l.writer(o.Key, own) == m.txn {
		own--
		if a := l.Appends[l.versions(o.Key)[own]]; a.Op > i {
			found.Add("future-read", func() txn.Anomaly { return l.future(m.txn, o, a) })
		}
	}
	if own > 0 {
		l.checkLast(found, m.txn, o, l.versions(o.Key)[own-1])
	}
}

func (l listChecks) future(t int32, o txn.Op, a Appended) txn.Anomaly {
	return txn.Anomaly{Txns: []int32{t}, Key: l.H.Keys[o.Key],
		Reason: txn.Sayf("T%d read %s as %s, with %s that it appended only later", t, l.H.Keys[o.Key], l.H.SpellList(o), l.H.Spell(a.Value))}
}

// checkElement looks at an element of a list that a transaction read: whether its append is known and may be seen.
func (l listChecks) checkElement(found *judging.Tally, t int32, o txn.Op, a, value int32) {
	key := l.H.Keys[o.Key]
	if a < 0 {
		found.Add("garbage-read", func() txn.Anomaly {
			return txn.Anomaly{Txns: []int32{t}, Key: key,
				Reason: txn.Sayf("T%d read %s as %s, and no transaction appended %s", t, key, l.H.SpellList(o), l.H.Spell(value))}
		})
		return
	}
	if w := l.Appends[a].Txn; l.H.Txns[w].Type == history.Fail {
		found.Add("G1a", func() txn.Anomaly {
			return txn.Anomaly{Txns: []int32{w, t}, Key: key,
				Reason: txn.Sayf("T%d read %s as %s, with %s of T%d, which failed (aborted read)", t, key, l.H.SpellList(o), l.H.Spell(value), w)}
		})
	}
}

// checkLast looks at the last element that a transaction read and did not append itself: whether its writer appended more.
func (l listChecks) checkLast(found *judging.Tally, t int32, o txn.Op, a int32) {
	if a < 0 || l.Appends[a].last || l.Appends[a].Txn == t {
		return
	}
	w, key := l.Appends[a].Txn, l.H.Keys[o.Key]
	found.Add("G1b", func() txn.Anomaly {
		return txn.Anomaly{Txns: []int32{w, t}, Key: key,
			Reason: txn.Sayf("T%d read %s as %s, in the midst of what T%d appended to it (intermediate read)", t, key, l.H.SpellList(o), w)}
	})
}

// checkOdd looks at a read that is no prefix of the longest of its key.
func (l listChecks) checkOdd(found *judging.Tally, m *mine, o txn.Op) {
	key, list := l.H.Keys[o.Key], l.H.List(o)
	seen := map[int32]bool{}
	double := false
	last := int32(-1)
	for _, v := range list {
		a := l.append(o.Key, v)
		l.checkElement(found, m.txn, o, a, v)
		if seen[v] && a >= 0 {
			double = true
			found.Add("duplicate-elements", func() txn.Anomaly {
				x := l.Appends[a]
				return txn.Anomaly{Txns: []int32{x.Txn, m.txn}, Key: key,
					Reason: txn.Sayf("T%d appended %s to %s once, and T%d read it twice: %s", x.Txn, l.H.Spell(v), key, m.txn, l.H.SpellList(o))}
			})
		}
		seen[v] = true
		if a >= 0 && l.Appends[a].Txn != m.txn {
			last = a
		}
	}
	l.checkLast(found, m.txn, o, last)
	if double {
		return
	}
	found.Add("incompatible-order", func() txn.Anomaly {
		other := l.reader(o.Key)
		return txn.Anomaly{Txns: []int32{min(m.txn, other), max(m.txn, other)}, Key: key,
			Reason: txn.Sayf("T%d read %s as %s and T%d read it as %s; neither is a prefix of the other", m.txn, key, l.H.SpellList(o), other, l.H.SpellList(l.Order[o.Key]))}
	})
}

// reader returns the first transaction with the longest read of a key.
func (l listChecks) reader(k int32) int32 {
	for t := range int32(len(l.H.Txns)) {
		if l.H.Txns[t].Type != history.OK {
			continue
		}
		for _, o := range l.H.OpsOf(t) {
			if o.F == txn.Read && o.Known && o.Key == k && o.Len == l.Order[k].Len {
				return t
			}
		}
	}
	return -1
}

// agrees reports whether a read fits the operations before it in its transaction: it shows what the last read of the key did, and
// then what the transaction appended since, and nothing else. Without such a read it has to end with all that the transaction appended.
func (l listChecks) agrees(m *mine, i int32) bool {
	h := l.H
	first := h.Txns[m.txn].First
	list := h.List(h.Ops[i])
	left := len(list)
	for at := m.prev[i-first]; at >= 0; at = m.prev[at-first] {
		o := h.Ops[at]
		if o.F != txn.Append && !o.Known {
			return true
		}
		if o.F != txn.Append {
			return slices.Equal(h.List(o), list[:left])
		}
		if left--; left < 0 || list[left] != o.Value {
			return false
		}
	}
	return true
}
