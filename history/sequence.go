package history

import (
	"errors"
	"fmt"
	"iter"
	"slices"
)

// sequence finds out whether the lines of a file contradict their times: whether each
// completion directly follows its invocation, so that no two calls overlap, although
// their times say that some do. Who writes the lines of a call when it has ended makes
// such files. A few ops whose times are out of order do not matter: Jepsen takes the
// time of an op before it takes its place.
type sequence struct {
	open     any  // the process whose invocation was the last op
	isOpen   bool // there is one
	overlaps bool // some call overlaps another by its lines, or has no times
	last     int64
	lastLine int // where the latest completion is, by its time
	line     int // the first invocation that is before it by its time, or 0
	time     int64

	inversions inversions
}

// add shows it the next op.
func (s *sequence) add(rec *record) {
	s.inversions.add(rec)
	if !rec.client() || s.overlaps {
		return
	}
	switch {
	case !rec.hasTime():
		s.overlaps = true
	case rec.kind == Invoke:
		s.overlaps = s.isOpen
		s.open, s.isOpen = rec.process, true
		if s.lastLine > 0 && rec.time < s.last && s.line == 0 {
			s.line, s.time = rec.line, rec.time
		}
	default:
		s.overlaps = !s.isOpen || s.open != rec.process
		s.isOpen = false
		if s.lastLine == 0 || rec.time > s.last {
			s.last, s.lastLine = rec.time, rec.line
		}
	}
}

// end returns what contradicts the order of the lines, if anything does, and where.
func (s *sequence) end() (int, *FlawError) {
	if s.overlaps || s.line == 0 {
		return s.inversions.end()
	}
	return s.line, &FlawError{OutOfOrder, fmt.Sprintf("a call begins at %d, before calls of earlier lines ended, "+
		"but in this file each call stands after the end of the one before: its lines are in the order of the ends of calls", s.time)}
}

// ops makes ops of records, one by one. A lenient reader keeps all records in memory,
// and sorts them if their order makes no sense and their times do.
func (r *records) ops(name string, recs iter.Seq2[*record, error]) iter.Seq2[Op, error] {
	return func(yield func(Op, error) bool) {
		if r.opts.Lenient {
			recs = r.sorted(recs)
		}
		for rec, err := range recs {
			var op Op
			if err == nil {
				if op, err = r.op(rec); err != nil {
					err = opError(name, lineOf(rec, err), rec.number, err)
				}
				if r.opts.Line != nil {
					*r.opts.Line = rec.line
				}
			}
			if !yield(op, err) || err != nil {
				return
			}
		}
		if line, e := r.sequence.end(); e != nil && !r.opts.Lenient {
			yield(Op{}, fileError(name, line, e))
		}
	}
}

// lineOf returns the line that an error about a record names: an earlier one if that lacks
// its key.
func lineOf(rec *record, err error) int {
	var e *noKeyError
	if errors.As(err, &e) {
		return e.line
	}
	return rec.line
}

// sorted yields the records in the order of their times, if their own makes no sense.
func (r *records) sorted(recs iter.Seq2[*record, error]) iter.Seq2[*record, error] {
	return func(yield func(*record, error) bool) {
		var all []*record
		var failed error
		for rec, err := range recs {
			if err != nil {
				failed = err
				break
			}
			kept := *rec
			all = append(all, &kept)
			if p, ok := rec.process.(int64); ok {
				r.pairs.next = max(r.pairs.next, int(p)+1)
			} else if rec.client() {
				r.pairs.next++ // no more than these are numbered or given
			}
		}
		if failed == nil {
			r.arrange(all)
		}
		for _, rec := range all {
			if !yield(rec, nil) {
				return
			}
		}
		if failed != nil {
			yield(nil, failed)
		}
	}
}

// arrange sorts the records if their order makes no sense and their times do. If the
// times contradict the order and not all ops have one, it keeps the order and counts that.
func (r *records) arrange(all []*record) {
	if misplaced(all) {
		r.sort(all)
		return
	}
	r.untimed = r.opts.Format != Etcd && r.opts.Format != KV && partlyTimed(all)
	var v inversions
	for _, rec := range all {
		v.add(rec)
	}
	if line, e := v.end(); e != nil {
		_ = r.pairs.flaw(line, &FlawError{Flaw: Untimely}) // a lenient reader goes on
	}
}

// sort sorts records by time; of two at one time, an invocation comes first, so that
// calls that touch are concurrent.
func (r *records) sort(all []*record) {
	before, moved := slices.Clone(all), false
	byTime(all)
	for _, invokes := range []bool{true, false} { // completions count only if no invocation was moved
		for i, rec := range before {
			if all[i] != rec && (rec.kind == Invoke) == invokes {
				_ = r.pairs.flaw(rec.line, &FlawError{Flaw: OutOfOrder}) // a lenient reader goes on
				moved = true
			}
		}
		if moved {
			return
		}
	}
}

// byTime sorts records by time, invocations first.
func byTime(all []*record) {
	slices.SortStableFunc(all, func(a, b *record) int {
		switch {
		case a.time != b.time && a.time < b.time:
			return -1
		case a.time != b.time:
			return 1
		case a.kind == b.kind:
			return 0
		case a.kind == Invoke:
			return -1
		case b.kind == Invoke:
			return 1
		}
		return 0
	})
}

// partlyTimed reports whether some records have a time and others do not: then the lines
// could be sorted if all had one.
func partlyTimed(all []*record) bool {
	timed, untimed := false, false
	for _, rec := range all {
		timed, untimed = timed || rec.timed, untimed || !rec.timed
	}
	return timed && untimed
}

// misplaced reports whether completions stand before their invocations, or the lines
// contradict their times, and all have times.
func misplaced(all []*record) bool {
	var s sequence
	open, strays, same := map[any]bool{}, false, true
	for _, rec := range all {
		if !rec.hasTime() || rec.kind == nil {
			return false
		}
		same = same && rec.time == all[0].time
		s.add(rec)
		if rec.client() {
			strays = strays || rec.kind != Invoke && !open[rec.process]
			open[rec.process] = rec.kind == Invoke
		}
	}
	_, e := s.end()
	return (e != nil || strays) && !same
}
