package view

import (
	"slices"
)

// An Access is a [model.Access] with numbers for values: None where nothing is read or written, and 0 for
// the initial value.
type Access struct {
	Call, Ret int
	Saw, Put  int32
	Known     bool
	Optional  bool
}

// An accessList is the accesses of calls on a register. ok is false if one of the calls is more than a read, a write or both.
type accessList struct {
	spans  []Span
	ops    []Access
	values int
	ok     bool
}

// Read returns the view with the accesses of these calls, so that [View.Numbered] need not number them again.
func (s View) Read(spans []Span) View {
	if len(spans) > 0 && s.Accessible() {
		r := &accessList{spans: spans}
		r.ops, r.values, r.ok = s.accesses(spans)
		s.read = r
	}
	return s
}

// Numbered returns the accesses of calls on a register, with numbers for values. It returns false if one of the calls is
// more than a read, a write or both. The caller must not change ops.
func (s View) Numbered(spans []Span) (ops []Access, values int, ok bool) {
	if r := s.read; r != nil && len(r.spans) == len(spans) && &r.spans[0] == &spans[0] {
		return r.ops, r.values, r.ok
	}
	return s.accesses(spans)
}

// renumberNothing gives the value that stands for nothing, if it was read, the number 0 as well. If the initial
// value is written, it is a value like any other, and gets another number.
func renumberNothing(at int32, ops []Access) {
	if at == 0 {
		return
	}
	if o := ops[0]; o.Put == at && o.Known && (len(ops) == 1 || o.Ret < ops[1].Call) {
		return // all other calls come after that write
	}
	zero := at // the new number of what has 0 now
	if !slices.ContainsFunc(ops, func(o Access) bool { return o.Put == 0 }) {
		zero = 0
	}
	renumber := func(n int32) int32 {
		switch n {
		case 0:
			return zero
		case at:
			return 0
		}
		return n
	}
	for i := range ops {
		ops[i].Saw, ops[i].Put = renumber(ops[i].Saw), renumber(ops[i].Put)
	}
}

// Firsts returns the values that a read may see before anything is written.
func (s View) Firsts(spans []Span) []any {
	init := s.Initial()
	v, ok := s.beginning()
	if !ok {
		return []any{init}
	}
	found, written := false, false
	for _, sp := range spans {
		a, _ := s.Access(sp)
		found = found || a.Reads && a.Saw == v || a.Writes && a.Put == v
		written = written || a.Writes && a.Put == init
	}
	switch {
	case !found:
		return []any{init}
	case written:
		return []any{v}
	}
	return []any{init, v}
}
