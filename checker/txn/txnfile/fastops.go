package txnfile

import "github.com/capsize-go/capsize/checker/txn"

// value reads the operations of a transaction.
func (q *quick) value(rec *record) bool {
	closing, ok := q.open()
	if !ok {
		if rec.isNil = q.null(); rec.isNil {
			return true
		}
		return rec.nemesis && q.pass()
	}
	for first := true; ; first = false {
		more, ok := q.item(closing, first)
		if !ok || !more {
			return ok
		}
		var o txn.Op
		if !q.op(rec, &o) {
			return false
		}
		rec.ops = append(rec.ops, o)
	}
}

// open reads the bracket of a vector or a list, and returns the one that closes it.
func (q *quick) open() (closing byte, ok bool) {
	switch c := q.next(); {
	case c == '[':
		closing = ']'
	case c == '(' && !q.json:
		closing = ')'
	default:
		return 0, false
	}
	q.i++
	return closing, true
}

// op reads one operation.
func (q *quick) op(rec *record, o *txn.Op) (ok bool) {
	closing, ok := q.open()
	if !ok {
		return false
	}
	switch w := q.word(); string(w) {
	case "r":
		o.F = txn.Read
	case "append":
		o.F = txn.Append
	case "w":
		o.F = txn.Write
	default:
		return false
	}
	if more, ok := q.item(closing, false); !more || !ok {
		return false
	}
	if o.Key, ok = q.key(); !ok {
		return false
	}
	more, ok := q.item(closing, false)
	switch {
	case !ok:
		return false
	case !more:
		o.Value = txn.Nil
		return o.F == txn.Read
	case o.F == txn.Read && q.null():
		o.Value = txn.Nil
	case o.F == txn.Read && (q.b[q.i] == '[' || q.b[q.i] == '('):
		ok = q.list(rec, o)
	default:
		o.Value, ok = q.atom()
		o.Known = o.F == txn.Read
	}
	if !ok {
		return false
	}
	more, ok = q.item(closing, false)
	return ok && !more
}

// list reads the list that a read returned.
func (q *quick) list(rec *record, o *txn.Op) bool {
	closing, ok := q.open()
	if !ok {
		return false
	}
	o.Off, o.Value, o.Known = int32(len(rec.pool)), txn.Nil, true
	for first := true; ; first = false {
		more, ok := q.item(closing, first)
		if !ok {
			return false
		}
		if !more {
			break
		}
		v, ok := q.atom()
		if !ok {
			return false
		}
		rec.pool = append(rec.pool, v)
	}
	o.Len = int32(len(rec.pool)) - o.Off
	return true
}

// key reads a key.
func (q *quick) key() (int32, bool) {
	if c := q.next(); c-'0' <= 9 {
		n, ok := q.int()
		if !ok {
			return 0, false
		}
		return q.in.b.IntKey(n), true
	}
	raw := q.raw()
	if raw == nil {
		return 0, false
	}
	return q.in.rawKey(raw)
}

// atom reads a value.
func (q *quick) atom() (int32, bool) {
	if c := q.next(); c-'0' <= 9 {
		n, ok := q.int()
		if !ok {
			return 0, false
		}
		return q.in.b.Int(n), true
	}
	raw := q.raw()
	if raw == nil {
		return 0, false
	}
	return q.in.rawValue(raw)
}

// raw reads a keyword or a string.
func (q *quick) raw() []byte {
	switch c := q.next(); {
	case c == '"':
		return q.text()
	case c == ':' && !q.json:
		return q.token()
	}
	return nil
}
