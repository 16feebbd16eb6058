package ssi

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
)

// predicateOf returns the predicate that rows of a value match. It is also the name of the SIREAD lock of reads by that predicate: a
// transaction that inserts or deletes such a row conflicts with those reads, whether or not they saw the row.
func predicateOf(value int) string { return fmt.Sprintf("[= %d]", value) }

// valueOf returns the value that a predicate asks for. There are no other predicates.
func valueOf(predicate string) (value int, ok bool) {
	_, err := fmt.Sscanf(predicate, "[= %d]", &value)
	return value, err == nil && predicate == predicateOf(value)
}

// matching returns the rows of a value in a snapshot, with what the transaction itself has written. It reports false if a version of a row
// is not kept any more.
func (d *database) matching(want int, s *snap, own map[string]value) (rows map[string]int, ok bool) {
	rows, ok = map[string]int{}, true
	for key := range d.rows { // order: the result is a map
		if v, kept := d.at(key, s); !kept {
			ok = false
		} else if v.Row == want {
			rows[key] = want
		}
	}
	for key, v := range own { // order: the result is a map
		delete(rows, key)
		if v.Row == want {
			rows[key] = want
		}
	}
	return rows, ok
}

// readRows carries out a read by predicate, and reports whether the transaction may go on.
func (t *txn) readRows(o *model.TxnOp) bool {
	want, known := valueOf(o.Key)
	if !known || want == 0 {
		return false
	}
	rows, ok := t.n.data.matching(want, &t.x.snap, t.known)
	o.Rows = rows
	if !ok || t.n.store.bug(NoReadOnlyLocks) && t.reads {
		return ok
	}
	if t.n.store.bug(LockRowsOnly) {
		for _, key := range sorting.Keys(rows) {
			ok = t.mgr.read(t.x, key) && ok
		}
		return ok
	}
	return t.mgr.read(t.x, o.Key)
}

// changeRow inserts or deletes a row that was read, and reports whether the transaction may go on: what is inserted must not be there, and what is
// deleted must.
func (t *txn) changeRow(o *model.TxnOp, v *value) bool {
	inserted := o.F == model.TxnInsert
	if inserted != (v.Row == 0) {
		return false
	}
	value := max(v.Row, o.Value)
	v.Row = 0
	if inserted {
		v.Row = value
	}
	return t.n.store.bug(LockRowsOnly) || t.mgr.touch(t.x, predicateOf(value))
}
