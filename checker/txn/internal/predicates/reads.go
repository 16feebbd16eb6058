package predicates

import (
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
)

// A rowState is what a transaction knows of a row: it wrote it, or read what others wrote.
type rowState struct {
	own   bool
	write int32 // what it wrote or read; -1 is that the row was not there
	asked bool  // it read the row by its key
}

// look goes through a transaction: what it saw of itself has to be what it did, and what it saw of others is kept as reads.
func (r *Rows) look(t int32) {
	x := r.H.Txns[t]
	known := map[int32]rowState{}
	n := r.firstWrite(t)
	for i := x.First; i < x.Last; i++ {
		o := r.H.Ops[i]
		switch {
		case o.F == txn.Read && o.Known:
			if found, ok := r.source(t, i, o.Key, o.Value); ok {
				r.item(t, i, o.Key, found, known)
			}
		case o.F == txn.ReadAll && o.Known:
			r.all(t, i, known)
		case o.F != txn.Read && o.F != txn.ReadAll:
			if s := known[o.Key]; o.F == txn.Insert && !s.own && t != r.Base {
				r.reads = append(r.reads, rowRead{t, i, o.Key, -1})
			}
			known[o.Key] = rowState{own: true, write: n}
			n++
		}
	}
}

// firstWrite returns the index of the first write of a transaction.
func (r *Rows) firstWrite(t int32) int32 {
	low, high := 0, len(r.writes)
	for low < high {
		if mid := (low + high) / 2; r.writes[mid].txn < t {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return int32(low)
}

// source finds whose write a value is, and false if it may not be seen.
func (r *Rows) source(t, op, key, value int32) (int32, bool) {
	if value == txn.Nil {
		return -1, true
	}
	h := r.H
	name, v := h.Keys[key], h.Spell(value)
	w, ok := r.of[[2]int32{key, value}]
	add := func(kind string, text txn.Text, txns ...int32) {
		r.local.Add(kind, func() txn.Anomaly { return txn.Anomaly{Txns: txns, Key: name, Reason: text} })
	}
	if !ok {
		add("garbage-read", txn.Sayf("T%d read %s as %s, which no transaction wrote", t, name, v), t)
		return 0, false
	}
	switch by := r.writes[w]; {
	case by.txn == t && by.op > op:
		add("future-read", txn.Sayf("T%d read %s as %s, which it wrote only later", t, name, v), t)
		return 0, false
	case by.txn != t && !r.committed[by.txn]:
		add("G1a", txn.Sayf("T%d read %s as %s of T%d, which failed (aborted read)", t, name, v, by.txn), by.txn, t)
		return 0, false
	case by.txn != t && !by.last:
		add("G1b", txn.Sayf("T%d read %s as %s, which T%d wrote over itself (intermediate read)", t, name, v, by.txn), by.txn, t)
		return 0, false
	}
	return w, true
}

// item looks at a read of a key.
func (r *Rows) item(t, op, key, found int32, known map[int32]rowState) {
	s, before := known[key]
	switch {
	case before && (s.own || s.asked) && !r.same(s.write, found):
		r.contradicts(t, op, key, s, found)
	case !before || !s.own:
		r.reads = append(r.reads, rowRead{t, op, key, found})
	}
	if !before {
		known[key] = rowState{write: found, asked: true}
	}
}

// same reports whether two versions look the same: what is dead is not there.
func (r *Rows) same(a, b int32) bool {
	gone := func(w int32) bool { return w < 0 || r.writes[w].dead() }
	return a == b || gone(a) && gone(b)
}

func (r *Rows) contradicts(t, op, key int32, s rowState, found int32) {
	did := "read it as"
	if s.own {
		did = "written it as"
	}
	r.local.Add("internal", func() txn.Anomaly {
		return txn.Anomaly{Txns: []int32{t}, Key: r.H.Keys[key], Reason: txn.Sayf("T%d %s, and it had %s %s before", t,
			r.sees(rowRead{t, op, key, found}), did, r.version(s.write))}
	})
}

// all looks at a read by predicate: at the rows that it returned, and at all keys that it did not.
func (r *Rows) all(t, op int32, known map[int32]rowState) {
	list := r.H.List(r.H.Ops[op])
	shown := map[int32]bool{}
	for i := 0; i+1 < len(list); i += 2 {
		key := list[i]
		shown[key] = true
		found, ok := r.source(t, op, key, list[i+1])
		if !ok {
			continue
		}
		if !r.matches(op, found) {
			r.strange = append(r.strange, txn.Anomaly{Type: "predicate-mismatch", Txns: []int32{t}, Key: r.H.Keys[key],
				Reason: txn.Sayf("T%d %s, which does not match", t, r.sees(rowRead{t, op, key, found}))})
			continue
		}
		if s := known[key]; s.own && s.write != found {
			r.contradicts(t, op, key, s, found)
		} else if !s.own {
			r.reads = append(r.reads, rowRead{t, op, key, found})
		}
	}
	for _, key := range r.telling(t, op) {
		if shown[key] {
			continue
		}
		s := known[key]
		if s.own && r.matches(op, s.write) {
			r.local.Add("own-row-unseen", func() txn.Anomaly {
				return txn.Anomaly{Txns: []int32{t}, Key: r.H.Keys[key], Reason: txn.Sayf("T%d %s, which it had written as %s before", t,
					r.sees(rowRead{t, op, key, -1}), r.version(s.write))}
			})
		}
		if !s.own && (r.keys[key].base >= 0 || len(r.keys[key].versions) > 0) {
			r.reads = append(r.reads, rowRead{t, op, key, -1})
		}
	}
}

// telling returns the keys, in order, of which a read by predicate says something if it does not show them: rows of which no version matches
// restrict nothing, unless they are of the initial state or the transaction itself writes them. Most rows of a long history are such.
func (r *Rows) telling(t, op int32) []int32 {
	p := r.H.Ops[op].Key
	if r.tell == nil {
		r.tell = make([][]int32, len(r.preds))
	}
	if r.tell[p] == nil {
		r.tell[p] = []int32{}
		for _, w := range r.writes {
			if r.keys[w.key].base >= 0 || !w.dead() && r.preds[p].Matches(r.H, w.value) {
				r.tell[p] = append(r.tell[p], w.key)
			}
		}
		slices.Sort(r.tell[p])
		r.tell[p] = slices.Compact(r.tell[p])
	}
	all := r.tell[p]
	for n := int(r.firstWrite(t)); n < len(r.writes) && r.writes[n].txn == t; n++ {
		if at, known := slices.BinarySearch(all, r.writes[n].key); !known {
			all = slices.Insert(slices.Clone(all), at, r.writes[n].key)
		}
	}
	return all
}
