package registers

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/history"
)

// A within goes through the operations of one transaction, and keeps what it did with each key.
type within struct {
	txn   int32
	by    []int32 // by key: the transaction that touched it last
	wrote []int32 // by key: the number of its last write in this transaction, or -1
	read  []int32 // by key: the last read of what others wrote, or -1
	began []bool  // by key: it wrote the key
	kept  []int32 // by key: the index of the last read in registers.reads, or -1
}

func newWithin(keys int) *within {
	w := &within{by: make([]int32, keys), wrote: make([]int32, keys), read: make([]int32, keys), began: make([]bool, keys), kept: make([]int32, keys)}
	for i := range w.by {
		w.by[i] = -1
	}
	return w
}

func (w *within) touch(k int32) {
	if w.by[k] != w.txn {
		w.by[k], w.wrote[k], w.read[k], w.began[k], w.kept[k] = w.txn, -1, -1, false, -1
	}
}

// findLocal finds what is wrong without any cycle. On its way it collects what transactions read of each other, and which versions were
// made from which.
func (r *registers) findLocal(j *judging.Case) {
	h := r.h
	r.readAt = make([]int32, len(h.Txns)+1)
	r.reads = make([]seen, 0, len(h.Ops)/2)
	r.place = make([]int32, len(r.writes))
	r.next, r.prev, r.nextNil = filled(len(r.writes)), filled(len(r.writes)), filled(len(h.Keys))
	var found judging.Tally
	w := newWithin(len(h.Keys))
	for t, x := range h.Txns {
		if x.Type == history.OK {
			w.txn = int32(t)
			for i := x.First; i < x.Last; i++ {
				w.touch(h.Ops[i].Key)
				switch o := h.Ops[i]; {
				case o.F == txn.Write:
					r.write(&found, w, i)
				case o.Known:
					r.checkRead(&found, w, i)
				}
			}
		}
		r.readAt[t+1] = int32(len(r.reads))
	}
	found.AddTo(j)
}

func filled(n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = -1
	}
	return s
}

// write looks at a write: whether its transaction made a version from one that it had read.
func (r *registers) write(found *judging.Tally, w *within, i int32) {
	k := r.h.Ops[i].Key
	w.wrote[k] = r.of[i]
	if w.began[k] || w.read[k] < 0 {
		w.began[k] = true
		return
	}
	w.began[k] = true
	own, from := r.last[r.of[i]], r.source[w.read[k]]
	slot := &r.nextNil[k]
	switch {
	case from >= 0 && r.h.Txns[r.writes[from].Txn].Type == history.Fail:
		found.Add("dirty-update", func() txn.Anomaly {
			return txn.Anomaly{Txns: []int32{r.writes[from].Txn, w.txn}, Key: r.h.Keys[k],
				Reason: txn.Sayf("T%d wrote %s to %s on top of %s of T%d, which failed", w.txn, r.h.Spell(r.h.Ops[i].Value), r.h.Keys[k],
					r.h.Spell(r.writes[from].Value), r.writes[from].Txn)}
		})
		return
	case from == ofNone || from >= 0 && r.writes[from].Txn == w.txn:
		return
	case from >= 0:
		slot = &r.next[r.last[from]]
	}
	if *slot >= 0 {
		other := r.writes[*slot].Txn
		r.forked = true
		found.Add("lost-update", func() txn.Anomaly {
			return txn.Anomaly{Txns: []int32{other, w.txn}, Key: r.h.Keys[k],
				Reason: txn.Sayf("T%d and T%d both read %s as %s, and both wrote it (lost update)", other, w.txn, r.h.Keys[k], r.h.Spell(r.h.Ops[w.read[k]].Value))}
		})
		return
	}
	*slot, r.prev[own] = own, from
	if from >= 0 {
		r.prev[own] = r.last[from]
	}
}

// checkRead looks at one read of a transaction.
func (r *registers) checkRead(found *judging.Tally, w *within, i int32) {
	h, o, from := r.h, r.h.Ops[i], r.source[i]
	key := h.Keys[o.Key]
	if own := w.wrote[o.Key]; own >= 0 {
		if from == own {
			return
		}
		found.Add("internal", func() txn.Anomaly {
			return txn.Anomaly{Txns: []int32{w.txn}, Key: key,
				Reason: txn.Sayf("T%d wrote %s to %s and then read it as %s", w.txn, h.Spell(r.writes[own].Value), key, h.Spell(o.Value))}
		})
	} else if before := w.read[o.Key]; before >= 0 && r.source[before] != from {
		found.Add("internal", func() txn.Anomaly {
			return txn.Anomaly{Txns: []int32{w.txn}, Key: key,
				Reason: txn.Sayf("T%d read %s as %s and then as %s, and had not written it in between", w.txn, key,
					h.Spell(h.Ops[before].Value), h.Spell(o.Value))}
		})
	} else if before >= 0 {
		if at := w.kept[o.Key]; at >= 0 {
			r.reads[at].again = i
		}
		return
	}
	if from >= 0 && r.writes[from].Txn == w.txn {
		if r.writes[from].Op > i {
			found.Add("future-read", func() txn.Anomaly {
				return txn.Anomaly{Txns: []int32{w.txn}, Key: key,
					Reason: txn.Sayf("T%d read %s as %s, which it wrote only later", w.txn, key, h.Spell(o.Value))}
			})
		}
		return
	}
	if w.wrote[o.Key] < 0 {
		w.read[o.Key], w.kept[o.Key] = i, -1
	}
	if r.checkSource(found, w.txn, o, from) {
		version := from
		if from >= 0 {
			version = r.last[from]
		}
		w.kept[o.Key] = int32(len(r.reads))
		r.reads = append(r.reads, seen{o.Key, version, i, i, w.wrote[o.Key] >= 0})
	}
}

// checkSource looks at whose write a read saw, and reports whether it is one of a committed transaction, or none.
func (r *registers) checkSource(found *judging.Tally, t int32, o txn.Op, from int32) bool {
	if from == ofNil {
		return true
	}
	h, key := r.h, r.h.Keys[o.Key]
	if from >= 0 && r.last[from] == from && h.Txns[r.writes[from].Txn].Type != history.Fail {
		return true
	}
	value := h.Spell(o.Value)
	if from == ofNone {
		found.Add("garbage-read", func() txn.Anomaly {
			return txn.Anomaly{Txns: []int32{t}, Key: key, Reason: txn.Sayf("T%d read %s as %s, and no transaction wrote %s", t, key, value, value)}
		})
		return false
	}
	w := r.writes[from].Txn
	if h.Txns[w].Type == history.Fail {
		found.Add("G1a", func() txn.Anomaly {
			return txn.Anomaly{Txns: []int32{w, t}, Key: key,
				Reason: txn.Sayf("T%d read %s as %s, which T%d wrote, and that failed (aborted read)", t, key, value, w)}
		})
		return false
	}
	found.Add("G1b", func() txn.Anomaly {
		return txn.Anomaly{Txns: []int32{w, t}, Key: key,
			Reason: txn.Sayf("T%d read %s as %s, which T%d overwrote with %s itself (intermediate read)", t, key, value, w, h.Spell(r.writes[r.last[from]].Value))}
	})
	return true
}
