package workloads

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// A Survival counts the acknowledged writes and deletes of a history of [Versions] by how
// they ended.
type Survival struct {
	Kept   int // in the final read, or replaced or deleted by a call that had seen them
	Lost   int // not in the final read, though no call that had seen them replaced or deleted them
	Undone int // the final read has what they had replaced or deleted
	Unread int // on keys without a final read
}

// CountSurvival counts how the writes of a history of [Versions] ended.
func CountSurvival(h *history.History) (n Survival) {
	for _, v := range versionsOf(h) {
		v.count(v.final(), &n)
	}
	return n
}

// String formats the counts as one sentence.
func (n Survival) String() string {
	parts := []string{fmt.Sprintf("%d answered writes are there in the end, or were replaced or deleted by calls that had seen them", n.Kept)}
	for _, p := range []struct {
		n    int
		text string
	}{{n.Lost, "%d are lost"}, {n.Undone, "%d were undone"}, {n.Unread, "%d are to keys that were not read in the end"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf(p.text, p.n))
		}
	}
	return strings.Join(parts, ", ")
}

// checkVersions judges a history of [Versions].
func checkVersions(_ context.Context, h *history.History) checker.Result {
	res := checker.Result{Checker: "survival", Broken: "a write was lost or came back", Undecided: "survival of writes could not be judged"}
	var n Survival
	for _, v := range versionsOf(h) {
		why := v.wrongRead()
		if lost := v.count(v.final(), &n); why == nil {
			why = lost
		}
		if why != nil && res.Counterexample == nil {
			why.Key, why.Judged = v.key, v.calls
			res.Verdict, res.Reason, res.Counterexample = checker.Invalid, why.Reason, why
		}
	}
	if res.Counterexample == nil {
		res.Reason = n.String()
		if n.Unread > 0 {
			res.Verdict = checker.Unknown
		}
	}
	return res
}

// Versions are the calls to one key of a history of [Versions].
type versions struct {
	h      *history.History
	key    string
	calls  int
	writes map[int]callAt // and deletes, by value
	order  []int          // their values, in the order of their invocations
	reads  []callAt       // that are ok
}

// versionsOf returns the calls of a history by key, in the order of the first calls.
func versionsOf(h *history.History) (order []*versions) {
	keys := map[string]*versions{}
	for call := range h.Calls() {
		in, ok := call.Invoke.Input.(VersionsOp)
		if !ok {
			continue
		}
		v := keys[in.Key]
		if v == nil {
			v = &versions{h: h, key: in.Key, writes: map[int]callAt{}}
			keys[in.Key] = v
			order = append(order, v)
		}
		v.calls++
		switch {
		case in.changes():
			v.writes[in.Value] = placeOf(call)
			v.order = append(v.order, in.Value)
		case call.Complete.Type == history.OK:
			v.reads = append(v.reads, placeOf(call))
		}
	}
	return order
}

// final returns the first final read, nil if there is none.
func (v *versions) final() *history.Call {
	for _, place := range v.reads {
		if r := place.in(v.h); opOf(r).F == "final" {
			return &r
		}
	}
	return nil
}

// write returns the write or delete of a value, and whether there is one.
func (v *versions) write(value int) (history.Call, bool) {
	place, ok := v.writes[value]
	if !ok {
		return history.Call{}, false
	}
	return place.in(v.h), true
}

// wrongRead finds a thin-air read, a read of a write that failed, or final reads that differ.
func (v *versions) wrongRead() *checker.Counterexample {
	final := v.final()
	for _, place := range v.reads {
		r := place.in(v.h)
		for _, value := range valuesOf(r) {
			w, ok := v.write(value)
			switch {
			case !ok || opOf(w).F == "delete":
				return whyOf([]history.Call{r}, "%s read %d of %s, which was never written", processOf(r), value, v.key)
			case w.Complete.Type == history.Fail:
				return whyOf([]history.Call{w, r}, "%s read %d of %s, though its write by %s had failed", processOf(r), value, v.key, processOf(w))
			}
		}
		if opOf(r).F == "final" && !slices.Equal(valuesOf(*final), valuesOf(r)) {
			return whyOf([]history.Call{*final, r}, "in the end %s read %v of %s, and %s read %v",
				processOf(*final), valuesOf(*final), v.key, processOf(r), valuesOf(r))
		}
	}
	return nil
}

// survivors returns the values that are not lost: those of the final read, those that a
// delete had seen which may have happened, and those that one of these has replaced.
func (v *versions) survivors(final history.Call) map[int]bool {
	stack := slices.Clone(valuesOf(final))
	for _, value := range v.order {
		if d, _ := v.write(value); opOf(d).F == "delete" && d.Complete.Type != history.Fail {
			stack = append(stack, opOf(d).Replaces...)
		}
	}
	kept := map[int]bool{}
	for len(stack) > 0 {
		value := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !kept[value] {
			kept[value] = true
			w, _ := v.write(value)
			stack = append(stack, opOf(w).Replaces...)
		}
	}
	return kept
}

// count adds the acknowledged writes to n, and returns the first that is lost or undone.
func (v *versions) count(final *history.Call, n *Survival) (first *checker.Counterexample) {
	kept := map[int]bool{}
	if final != nil {
		kept = v.survivors(*final)
	}
	for _, value := range v.order {
		w, _ := v.write(value)
		if w.Complete.Type != history.OK {
			continue
		}
		if final == nil {
			n.Unread++
			continue
		}
		var why *checker.Counterexample
		switch old, back := v.resurrected(w, *final); {
		case back:
			n.Undone++
			replaced, _ := v.write(old)
			why = whyOf([]history.Call{replaced, w, *final}, "%s had seen %d of %s, and its %s was answered, but in the end the value is back",
				processOf(w), old, v.key, opOf(w).F)
		case kept[value] || opOf(w).F == "delete":
			n.Kept++
		default:
			n.Lost++
			why = whyOf([]history.Call{w, *final}, "%s wrote %d to %s and was answered, but it is lost: no call that had seen it replaced it, and in the end there is %v",
				processOf(w), value, v.key, valuesOf(*final))
		}
		if first == nil {
			first = why
		}
	}
	return first
}

// resurrected returns a value that a write has replaced and that the final read has.
func (v *versions) resurrected(w, final history.Call) (value int, back bool) {
	for _, old := range opOf(w).Replaces {
		if slices.Contains(valuesOf(final), old) {
			return old, true
		}
	}
	return 0, false
}

func opOf(c history.Call) VersionsOp {
	in, _ := c.Invoke.Input.(VersionsOp)
	return in
}

func valuesOf(read history.Call) []int {
	values, _ := read.Complete.Output.([]int)
	return values
}

func processOf(c history.Call) string { return fmt.Sprintf("process %d", c.Invoke.Process) }

// whyOf makes a counterexample, in which the last call is marked.
func whyOf(calls []history.Call, format string, args ...any) *checker.Counterexample {
	return &checker.Counterexample{Reason: fmt.Sprintf(format, args...), Calls: calls, Blamed: len(calls) - 1}
}
