package predicates

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/history"
)

// Rows are the rows of a history: keys that are inserted, written and deleted, and read one by one or by a predicate. A read by predicate says
// of every key of the history which version it saw: that of a row that it returned, or one that does not match. Elle (closed-predicate)
// infers from that, where only one version does not match, what was seen without being shown. Here it is enough that the versions
// that do not match follow on each other: the read came after the change that made the first of them, and before the change after the last.
type Rows struct {
	H         *txn.History
	preds     []predicate
	committed []bool // by transaction: it took effect
	Base      int32  // the transaction that made the initial state, or -1; see findBase

	writes  []rowWrite
	of      map[[2]int32]int32 // by key and value: the write
	keys    []rowKey
	reads   []rowRead
	local   judging.Tally
	tell    [][]int32     // by predicate: see telling
	strange []txn.Anomaly // of reads that no version explains, and that break serializable
}

// A rowWrite is a change of a row.
type rowWrite struct {
	txn, op, key int32
	value        int32 // Nil if it is deleted
	insert, last bool  // last: its transaction changes the row no more, so that it is a version
}

func (w rowWrite) dead() bool { return w.value == txn.Nil }

// A rowKey is what is known of a key.
type rowKey struct {
	base     int32   // the write of the initial state; -1 if the row was unborn
	versions []int32 // writes of transactions that took effect, but for base
	maybe    []int32 // writes of transactions that may have taken effect
}

// A rowRead is what a transaction saw of a row that others wrote.
type rowRead struct {
	txn, op, key int32
	found        int32 // the write that it saw; -1 if the row was not there, or not among those that match
}

// Judge says which models a history of rows keeps.
//
// The first transaction is the initial state if it only inserts and had ended before all others began: no read may miss it.
// What a transaction reads of a row is a version before the one that it writes, and where it inserts a row it has seen that there is none. Where that leaves the order of versions open, or a read could have seen versions with others between them, all ways are tried, up to a
// number: a model that is kept in one of them is kept.
func Judge(ctx context.Context, h *txn.History, o txn.Options) (*txn.Report, error) {
	r, err := newRows(h, nil)
	if err != nil {
		return nil, err
	}
	return r.decide(ctx, o)
}

// newRows reads a history of rows. The indeterminate transactions that are added took effect, beside those that were seen to.
func newRows(h *txn.History, added []int32) (*Rows, error) {
	r := &Rows{H: h, of: map[[2]int32]int32{}, committed: make([]bool, len(h.Txns)), Base: -1, keys: make([]rowKey, len(h.Keys))}
	for _, spelled := range h.Predicates {
		p, err := ParsePredicate(spelled)
		if err != nil {
			return nil, err
		}
		r.preds = append(r.preds, p)
	}
	r.FindBase()
	if err := r.collect(); err != nil {
		return nil, err
	}
	r.commit()
	for _, t := range added {
		r.committed[t] = true
	}
	r.arrange()
	for t, x := range h.Txns {
		if x.Type == history.OK || r.committed[t] { // of what took effect without an answer only insertions say what they saw
			r.look(int32(t))
		}
	}
	return r, nil
}

// FindBase finds the transaction that made the initial state.
func (r *Rows) FindBase() {
	h := r.H
	if len(h.Txns) == 0 || h.Untimed || h.Txns[0].Type != history.OK || h.Txns[0].First == h.Txns[0].Last {
		return
	}
	for _, o := range h.OpsOf(0) {
		if o.F != txn.Insert {
			return
		}
	}
	for _, x := range h.Txns[1:] {
		if x.Begin < h.Txns[0].End {
			return
		}
	}
	r.Base = 0
}

// collect finds all changes of rows.
func (r *Rows) collect() error {
	h := r.H
	last := map[[2]int32]int32{} // by transaction and key: its last write, from 1
	for t, x := range h.Txns {
		r.committed[t] = x.Type == history.OK
		for i := x.First; i < x.Last; i++ {
			o := h.Ops[i]
			switch {
			case o.F == txn.Read || o.F == txn.ReadAll:
				continue
			case o.F == txn.Append:
				return fmt.Errorf("transaction T%d (%s) appends to %s, which is a row and no list", t, h.Where(int32(t)), h.Keys[o.Key])
			}
			w := rowWrite{txn: int32(t), op: i, key: o.Key, value: o.Value, insert: o.F == txn.Insert, last: true}
			n := int32(len(r.writes))
			if o.F == txn.Delete {
				w.value = txn.Nil
			} else if other, twice := r.of[[2]int32{o.Key, o.Value}]; twice {
				a := r.writes[other].txn
				return fmt.Errorf("transaction T%d (%s) and T%d (%s) both write %s to %s; each value may be written to a key once",
					a, h.Where(a), t, h.Where(int32(t)), h.Spell(o.Value), h.Keys[o.Key])
			} else {
				r.of[[2]int32{o.Key, o.Value}] = n
			}
			at := [2]int32{int32(t), o.Key}
			if before := last[at]; before > 0 {
				r.writes[before-1].last = false
			}
			last[at] = n + 1
			r.writes = append(r.writes, w)
		}
	}
	return nil
}

// commit marks indeterminate transactions as committed of which another that is OK saw a write.
func (r *Rows) commit() {
	see := func(key, value int32) {
		if w, ok := r.of[[2]int32{key, value}]; ok && value != txn.Nil && r.H.Txns[r.writes[w].txn].Type == history.Info {
			r.committed[r.writes[w].txn] = true
		}
	}
	for t, x := range r.H.Txns {
		if x.Type != history.OK {
			continue
		}
		for _, o := range r.H.OpsOf(int32(t)) {
			if o.F == txn.Read && o.Known {
				see(o.Key, o.Value)
			}
			if o.F == txn.ReadAll && o.Known {
				rows := r.H.List(o)
				for i := 0; i+1 < len(rows); i += 2 {
					see(rows[i], rows[i+1])
				}
			}
		}
	}
}

// arrange finds the versions of each key.
func (r *Rows) arrange() {
	for k := range r.keys {
		r.keys[k].base = -1
	}
	for i, w := range r.writes {
		k := &r.keys[w.key]
		switch {
		case !w.last || r.H.Txns[w.txn].Type == history.Fail:
		case w.txn == r.Base && r.Base >= 0:
			k.base = int32(i)
		case r.committed[w.txn]:
			k.versions = append(k.versions, int32(i))
		default:
			k.maybe = append(k.maybe, int32(i))
		}
	}
}

// matches reports whether a read that the operation is could show a version; -1 is unborn. A read of a key shows every row that is there, and an insertion fails on it.
func (r *Rows) matches(op, version int32) bool {
	if version < 0 || r.writes[version].dead() {
		return false
	}
	o := r.H.Ops[op]
	return o.F != txn.ReadAll || r.preds[o.Key].Matches(r.H, r.writes[version].value)
}

// version spells a version of a row.
func (r *Rows) version(w int32) string {
	switch {
	case w < 0:
		return "unborn"
	case r.writes[w].dead():
		return "dead"
	}
	return r.H.Spell(r.writes[w].value)
}

// sees says what a read saw of a row: "read x as 3", "read x, which was not there", "read by [:= 1] without x".
func (r *Rows) sees(s rowRead) string {
	key, o := r.H.Keys[s.key], r.H.Ops[s.op]
	switch {
	case o.F == txn.ReadAll && s.found < 0:
		return fmt.Sprintf("read by %s without %s", r.H.Predicates[o.Key], key)
	case o.F == txn.ReadAll:
		return fmt.Sprintf("read by %s with %s as %s", r.H.Predicates[o.Key], key, r.version(s.found))
	case o.F == txn.Insert:
		return fmt.Sprintf("inserted %s, which was not there", key)
	case s.found < 0:
		return fmt.Sprintf("read %s, which was not there", key)
	}
	return fmt.Sprintf("read %s as %s", key, r.version(s.found))
}
