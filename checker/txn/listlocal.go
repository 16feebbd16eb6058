package txn

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/history"
)

// listChecks finds what is wrong with a history of lists without any cycle.
type listChecks struct{ *lists }

// A mine goes through the operations of one transaction, and keeps which of them touched a key last.
type mine struct {
	txn  int32
	by   []int32 // by key: the transaction that touched it last
	last []int32 // by key: the index of the operation
	prev []int32 // by operation of the transaction: that which touched the same key before it, or -1
}

func newMine(h *History) *mine {
	m := &mine{by: make([]int32, len(h.Keys)), last: make([]int32, len(h.Keys))}
	for i := range m.by {
		m.by[i] = -1
	}
	return m
}

// begin looks at a transaction.
func (m *mine) begin(h *History, t int32) {
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
func (l listChecks) findLocal(j *judging) {
	var found tally
	l.checkOrders(&found)
	m := newMine(l.h)
	bad := l.badFrom()
	for t, x := range l.h.Txns {
		if x.Type != history.OK {
			continue
		}
		m.begin(l.h, int32(t))
		for i := x.First; i < x.Last; i++ {
			if o := l.h.Ops[i]; o.F == Read && o.Known {
				l.checkRead(&found, m, i, bad)
			}
		}
	}
	l.findLost(&found)
	found.addTo(j)
}

// badFrom returns by key the length of the shortest list that shows a value that no transaction appended or that a failed one did.
func (l listChecks) badFrom() []int32 {
	bad := make([]int32, len(l.order))
	for k := range bad {
		bad[k] = l.order[k].Len + 1
		for i, a := range l.versions(int32(k)) {
			if a < 0 || !l.committed[l.appends[a].txn] {
				bad[k] = int32(i) + 1
				break
			}
		}
	}
	return bad
}

// checkOrders looks at the order of each key.
func (l listChecks) checkOrders(found *tally) {
	for k := range int32(len(l.order)) {
		vs := l.versions(k)
		dirty := int32(-1)
		for i, a := range vs {
			if a < 0 {
				continue
			}
			x := l.appends[a]
			if x.at != int32(i) {
				found.add("duplicate-elements", func() Anomaly { return l.duplicate(k, x) })
			}
			switch {
			case !l.committed[x.txn] && l.h.Txns[x.txn].Type == history.Fail:
				dirty = a
			case dirty >= 0 && l.committed[x.txn]:
				from := dirty
				found.add("dirty-update", func() Anomaly { return l.dirty(k, from, a) })
				dirty = -1
			}
		}
	}
}

func (l listChecks) duplicate(k int32, x appended) Anomaly {
	return Anomaly{Txns: []int32{x.txn}, Key: l.h.Keys[k],
		Reason: fmt.Sprintf("T%d appended %s to %s once, and a list has it twice: %s", x.txn, l.h.value(x.value), l.h.Keys[k], l.h.list(l.order[k]))}
}

func (l listChecks) dirty(k, from, to int32) Anomaly {
	f, t := l.appends[from], l.appends[to]
	return Anomaly{Txns: []int32{f.txn, t.txn}, Key: l.h.Keys[k],
		Reason: fmt.Sprintf("T%d appended %s to %s on top of %s of T%d, which failed", t.txn, l.h.value(t.value), l.h.Keys[k], l.h.value(f.value), f.txn)}
}

// checkRead looks at one read of a transaction.
func (l listChecks) checkRead(found *tally, m *mine, i int32, bad []int32) {
	o := l.h.Ops[i]
	key := l.h.Keys[o.Key]
	list := l.h.List(o)
	if !l.agrees(m, i) {
		found.add("internal", func() Anomaly {
			return Anomaly{Txns: []int32{m.txn}, Key: key,
				Reason: fmt.Sprintf("T%d read %s as %s, against what it had read and appended before", m.txn, key, l.h.list(o))}
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
		if a := l.appends[l.versions(o.Key)[own]]; a.op > i {
			found.add("future-read", func() Anomaly { return l.future(m.txn, o, a) })
		}
	}
	if own > 0 {
		l.checkLast(found, m.txn, o, l.versions(o.Key)[own-1])
	}
}

func (l listChecks) future(t int32, o Op, a appended) Anomaly {
	return Anomaly{Txns: []int32{t}, Key: l.h.Keys[o.Key],
		Reason: fmt.Sprintf("T%d read %s as %s, with %s that it appended only later", t, l.h.Keys[o.Key], l.h.list(o), l.h.value(a.value))}
}

// checkElement looks at an element of a list that a transaction read: whether its append is known and may be seen.
func (l listChecks) checkElement(found *tally, t int32, o Op, a, value int32) {
	key := l.h.Keys[o.Key]
	if a < 0 {
		found.add("garbage-read", func() Anomaly {
			return Anomaly{Txns: []int32{t}, Key: key,
				Reason: fmt.Sprintf("T%d read %s as %s, and no transaction appended %s", t, key, l.h.list(o), l.h.value(value))}
		})
		return
	}
	if w := l.appends[a].txn; l.h.Txns[w].Type == history.Fail {
		found.add("G1a", func() Anomaly {
			return Anomaly{Txns: []int32{w, t}, Key: key,
				Reason: fmt.Sprintf("T%d read %s as %s, with %s of T%d, which failed (aborted read)", t, key, l.h.list(o), l.h.value(value), w)}
		})
	}
}

// checkLast looks at the last element that a transaction read and did not append itself: whether its writer appended more.
func (l listChecks) checkLast(found *tally, t int32, o Op, a int32) {
	if a < 0 || l.appends[a].last || l.appends[a].txn == t {
		return
	}
	w, key := l.appends[a].txn, l.h.Keys[o.Key]
	found.add("G1b", func() Anomaly {
		return Anomaly{Txns: []int32{w, t}, Key: key,
			Reason: fmt.Sprintf("T%d read %s as %s, in the midst of what T%d appended to it (intermediate read)", t, key, l.h.list(o), w)}
	})
}

// checkOdd looks at a read that is no prefix of the longest of its key.
func (l listChecks) checkOdd(found *tally, m *mine, o Op) {
	key, list := l.h.Keys[o.Key], l.h.List(o)
	seen := map[int32]bool{}
	double := false
	last := int32(-1)
	for _, v := range list {
		a := l.append(o.Key, v)
		l.checkElement(found, m.txn, o, a, v)
		if seen[v] && a >= 0 {
			double = true
			found.add("duplicate-elements", func() Anomaly {
				x := l.appends[a]
				return Anomaly{Txns: []int32{x.txn, m.txn}, Key: key,
					Reason: fmt.Sprintf("T%d appended %s to %s once, and T%d read it twice: %s", x.txn, l.h.value(v), key, m.txn, l.h.list(o))}
			})
		}
		seen[v] = true
		if a >= 0 && l.appends[a].txn != m.txn {
			last = a
		}
	}
	l.checkLast(found, m.txn, o, last)
	if double {
		return
	}
	found.add("incompatible-order", func() Anomaly {
		other := l.reader(o.Key)
		return Anomaly{Txns: []int32{min(m.txn, other), max(m.txn, other)}, Key: key,
			Reason: fmt.Sprintf("T%d read %s as %s and T%d read it as %s; neither is a prefix of the other", m.txn, key, l.h.list(o), other, l.h.list(l.order[o.Key]))}
	})
}

// reader returns the first transaction with the longest read of a key.
func (l listChecks) reader(k int32) int32 {
	for t := range int32(len(l.h.Txns)) {
		if l.h.Txns[t].Type != history.OK {
			continue
		}
		for _, o := range l.h.OpsOf(t) {
			if o.F == Read && o.Known && o.Key == k && o.Len == l.order[k].Len {
				return t
			}
		}
	}
	return -1
}

// agrees reports whether a read fits the operations before it in its transaction: it shows what the last read of the key did, and
// then what the transaction appended since, and nothing else. Without such a read it has to end with all that the transaction appended.
func (l listChecks) agrees(m *mine, i int32) bool {
	h := l.h
	first := h.Txns[m.txn].First
	list := h.List(h.Ops[i])
	left := len(list)
	for at := m.prev[i-first]; at >= 0; at = m.prev[at-first] {
		o := h.Ops[at]
		if o.F != Append && !o.Known {
			return true
		}
		if o.F != Append {
			return slices.Equal(h.List(o), list[:left])
		}
		if left--; left < 0 || list[left] != o.Value {
			return false
		}
	}
	return true
}
