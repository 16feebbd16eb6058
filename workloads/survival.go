package workloads

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// Versions are the calls to one key of a history of [Versions].
type versions struct {
	key    string
	writes map[int]history.Call // by value
	order  []int                // their values, in the order in which they were asked for
	reads  []history.Call       // that were answered
}

// checkVersions judges a history of [Versions].
func checkVersions(_ context.Context, h *history.History) checker.Result {
	keys := map[string]*versions{}
	var order []*versions
	calls := 0
	for call := range h.Calls() {
		in, ok := call.Invoke.Input.(VersionsOp)
		if !ok {
			continue
		}
		calls++
		v := keys[in.Key]
		if v == nil {
			v = &versions{key: in.Key, writes: map[int]history.Call{}}
			keys[in.Key] = v
			order = append(order, v)
		}
		switch {
		case in.F == "write":
			v.writes[in.Value] = call
			v.order = append(v.order, in.Value)
		case call.Complete.Type == history.OK:
			v.reads = append(v.reads, call)
		}
	}
	res := checker.Result{Checker: "survival"}
	kept, unread := 0, 0
	for _, v := range order {
		final, why := v.final()
		if why == nil {
			why = v.survive(final)
		}
		switch {
		case why != nil:
			why.Key, why.Of = v.key, calls
			res.Verdict, res.Reason, res.Why = checker.Invalid, why.Reason, why
			return res
		case final == nil:
			unread += v.answered()
		default:
			kept += v.answered()
		}
	}
	res.Reason = fmt.Sprintf("%d answered writes are there in the end, or were replaced by who had seen them", kept)
	if unread > 0 {
		res.Verdict, res.Reason = checker.Unknown, fmt.Sprintf("%d answered writes are to keys that nobody read in the end", unread)
	}
	return res
}

func (v *versions) answered() (n int) {
	for _, w := range v.writes { // order: it is a sum
		if w.Complete.Type == history.OK {
			n++
		}
	}
	return n
}

// final returns the first final read, and what is wrong with the reads: one saw what nobody wrote, or
// what failed, or two final reads differ.
func (v *versions) final() (final *history.Call, why *checker.Why) {
	for i, r := range v.reads {
		for _, value := range valuesOf(r) {
			w, ok := v.writes[value]
			switch {
			case !ok:
				return nil, because([]history.Call{r}, "%s read %d of %s, which nobody wrote", who(r), value, v.key)
			case w.Complete.Type == history.Fail:
				return nil, because([]history.Call{w, r}, "%s read %d of %s, though %s was told that it did not happen", who(r), value, v.key, who(w))
			}
		}
		switch {
		case r.Invoke.Input.(VersionsOp).F != "final":
		case final == nil:
			final = &v.reads[i]
		case !slices.Equal(valuesOf(*final), valuesOf(r)):
			return nil, because([]history.Call{*final, r}, "in the end %s read %v of %s, and %s read %v",
				who(*final), valuesOf(*final), v.key, who(r), valuesOf(r))
		}
	}
	return final, nil
}

// survive finds an answered write that is lost, or a value that came back.
func (v *versions) survive(final *history.Call) *checker.Why {
	if final == nil {
		return nil
	}
	kept := map[int]bool{} // is there, or was replaced by one that is kept
	stack := slices.Clone(valuesOf(*final))
	for len(stack) > 0 {
		value := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !kept[value] {
			kept[value] = true
			stack = append(stack, v.input(value).Replaces...)
		}
	}
	for _, value := range v.order {
		w := v.writes[value]
		if w.Complete.Type != history.OK {
			continue
		}
		if !kept[value] {
			return because([]history.Call{w, *final}, "%s wrote %d to %s and was answered, but it is lost: nobody who had seen it replaced it, and in the end there is %v",
				who(w), value, v.key, valuesOf(*final))
		}
		for _, old := range v.input(value).Replaces {
			if slices.Contains(valuesOf(*final), old) {
				return because([]history.Call{v.writes[old], w, *final}, "%s had replaced %d of %s by %d, but it came back", who(w), old, v.key, value)
			}
		}
	}
	return nil
}

func (v *versions) input(value int) VersionsOp {
	in, _ := v.writes[value].Invoke.Input.(VersionsOp)
	return in
}

func valuesOf(read history.Call) []int {
	values, _ := read.Complete.Output.([]int)
	return values
}

func who(c history.Call) string { return fmt.Sprintf("process %d", c.Invoke.Process) }

// because words a counter-example; its last call is the culprit.
func because(calls []history.Call, format string, args ...any) *checker.Why {
	return &checker.Why{Reason: fmt.Sprintf(format, args...), Calls: calls, Culprit: len(calls) - 1}
}
