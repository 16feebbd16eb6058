package jepsen

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
)

// The rules of this package are Jepsen's own: each finds one kind of anomaly, and
// needs no search. They take inputs of any type with the fields F, Key (if there are
// several objects) and Value, and a [history.JepsenOp] as
// well; outputs are what was read. So one history can be judged by them and by a model.

// The keyCalls are the calls on one key, in the order of their invocations.
type keyCalls struct {
	key   string
	calls []shapes.Call
}

// A rule is a checker that judges the calls on each key.
type rule struct {
	name  string
	noun  string   // what the rule counts: "element"
	fs    []string // the functions of the calls that are judged
	loose bool     // whether calls of other functions are ignored, because they can't make a history valid
	judge func(j *evaluation, p *keyCalls)
}

// Check judges the calls on each key, and sums up. If a method of an input or an output
// panics, the verdict is Unknown.
func (r rule) Check(ctx context.Context, h *history.History) (got checker.Result) {
	defer func() { got = wording.Worded(got, r.name) }()
	defer func() {
		if p := recover(); p != nil {
			got = checker.Result{Checker: r.name, Verdict: checker.Unknown, Reason: fmt.Sprintf("an input or an output panicked: %v", p)}
		}
	}()
	j := &evaluation{rule: r, h: h}
	parts, bad := r.split(h)
	if bad != nil {
		return bad.Result(r.name, h)
	}
	for _, p := range parts {
		if ctx.Err() != nil {
			j.undecided(fmt.Sprintf("stopped after %d of %s: %v", slices.Index(parts, p), words.Plural(len(parts), "key"), ctx.Err()))
			break
		}
		r.judge(j, p)
		if j.bad != nil {
			return j.bad.Result(r.name, h)
		}
	}
	if len(parts) == 0 {
		r.judge(j, &keyCalls{}) // so that the counts are there
	}
	return j.result()
}

// split splits the calls of a history by key.
func (r rule) split(h *history.History) ([]*keyCalls, *shapes.BadValue) {
	var parts []*keyCalls
	byKey := map[string]*keyCalls{}
	type spot struct{ part, call int }
	numbers := map[string]int{}
	open := map[int][]spot{} // by process; more than one only where a recorder reused a process
	var shape shapes.FieldReader
	for i := range h.Len() {
		op := h.At(i)
		if op.Process == history.Nemesis {
			continue
		}
		if op.Type != history.Invoke {
			waiting := open[op.Process]
			if at := completedCall(waiting, op, func(p spot) shapes.Call { return parts[p.part].calls[p.call] }); at >= 0 {
				c := &parts[waiting[at].part].calls[waiting[at].call]
				c.End, c.Typ = i, op.Type
				open[op.Process] = slices.Delete(waiting, at, at+1)
				continue
			}
		}
		c, key, bad := shape.Call(op, i)
		switch {
		case bad != nil && op.Type != history.Invoke:
			continue // a completion without an invocation
		case bad != nil:
			return nil, bad
		case !slices.Contains(r.fs, c.F) && r.loose:
			c.F = ""
		case !slices.Contains(r.fs, c.F):
			return nil, &shapes.BadValue{Op: op, Reason: fmt.Sprintf("the %s checker judges %s, but %s asked for %q",
				r.name, strings.Join(r.fs, ", "), wording.Place(op), c.F)}
		}
		p := byKey[key]
		if p == nil {
			p = &keyCalls{key: key}
			byKey[key], numbers[key] = p, len(parts)
			parts = append(parts, p)
		}
		if op.Type == history.Invoke {
			open[op.Process] = append(open[op.Process], spot{numbers[key], len(p.calls)})
		}
		p.calls = append(p.calls, c)
	}
	return parts, nil
}

// completedCall returns which of the pending calls of its process an op completes: the latest of those
// with the same input. There is rarely a choice.
func completedCall[P any](waiting []P, op history.Op, call func(P) shapes.Call) int {
	done, ok := op.Output.(history.JepsenOp)
	if len(waiting) < 2 || !ok {
		return len(waiting) - 1
	}
	best, match := -1, 0
	for i, w := range waiting {
		c := call(w)
		m := 1
		if c.F == done.F {
			m = 2
			if reflect.DeepEqual(c.Value, done.Value) {
				m = 3
			}
		}
		if m >= match {
			best, match = i, m
		}
	}
	return best
}

// answer returns the value of an output.
func answer(out any) any {
	switch v := out.(type) {
	case history.JepsenOp:
		return v.Value
	case map[string]any:
		if _, ok := v["f"]; !ok {
			return v
		}
		if op, ok := history.AsJepsen(v); ok {
			return op.Value
		}
	case history.Null:
		return nil
	}
	return out
}

// A Count is a count of a checker of this package.
type Count struct {
	Name   string   `json:"name"`             // as in "lost"
	N      int      `json:"n"`                //
	Wrong  bool     `json:"wrong"`            // whether one violates the rule
	Values []string `json:"values,omitempty"` // the first values counted, where there are values
}

// Findings are all counts of a checker of this package.
type Findings struct {
	Checker string          `json:"checker"`
	Verdict checker.Verdict `json:"verdict"`
	Counts  []Count         `json:"counts"`
	Lags    []Lags          `json:"lags,omitempty"`
}

// N returns the count with that name, or 0.
func (f Findings) N(name string) int {
	for _, c := range f.Counts {
		if c.Name == name {
			return c.N
		}
	}
	return 0
}

// findingsFile is the name of the file of a [checker.Result] that holds its [Findings].
const findingsFile = "findings.json"

// FindingsOf returns the counts of a checker of this package, and false for the
// result of another.
func FindingsOf(r checker.Result) (f Findings, ok bool) {
	b, ok := r.Files[findingsFile]
	return f, ok && json.Unmarshal(b, &f) == nil
}

// someValues is the most values that a [Count] names.
const someValues = 32

// An evaluation collects what a rule finds in a history.
type evaluation struct {
	rule    rule
	h       *history.History
	counts  []Count
	lags    map[string][]time.Duration
	why     *checker.Counterexample
	unknown string
	bad     *shapes.BadValue

	finding string // the reason of a valid result; the counts if it is empty
}

// count adds to a count.
func (j *evaluation) count(name string, n int, values ...string) { j.addCount(name, false, n, values) }

// wrong adds to a count of violations.
func (j *evaluation) wrong(name string, n int, values ...string) { j.addCount(name, true, n, values) }

// addCount adds n to the count of that name.
func (j *evaluation) addCount(name string, wrong bool, n int, values []string) {
	at := slices.IndexFunc(j.counts, func(c Count) bool { return c.Name == name })
	if at < 0 {
		at = len(j.counts)
		j.counts = append(j.counts, Count{Name: name, Wrong: wrong})
	}
	c := &j.counts[at]
	c.N, c.Wrong = c.N+n, c.Wrong || wrong
	c.Values = append(c.Values, values[:min(len(values), someValues-len(c.Values))]...)
}

// undecided records why the rule can't decide. The first reason stays.
func (j *evaluation) undecided(reason string) {
	if j.unknown == "" {
		j.unknown = reason
	}
}

// malformedAnswer records that the answer to a call is malformed.
func (j *evaluation) malformedAnswer(c shapes.Call, err error) {
	if j.bad != nil {
		return
	}
	call := j.call(c)
	op := call.Complete
	j.bad = &shapes.BadValue{Op: op, Call: &call, Reason: fmt.Sprintf("the system answered garbage: %s was answered %v, %v", wording.Place(op), op.Output, err)}
}

// malformedInput records that the input of a call is malformed.
func (j *evaluation) malformedInput(c shapes.Call, err error) {
	if j.bad == nil {
		op := j.h.At(c.Inv)
		j.bad = &shapes.BadValue{Op: op, Reason: fmt.Sprintf("%s asked for a %s of %v, %v", wording.Place(op), c.F, c.Value, err)}
	}
}

// blame makes a counterexample of calls, the last of which is the call to blame. The
// smallest counterexample stays, and the first of equal ones.
func (j *evaluation) blame(p *keyCalls, reason string, calls ...shapes.Call) {
	if j.why != nil && len(j.why.Calls) <= len(calls) {
		return
	}
	w := &checker.Counterexample{Key: p.key, Reason: reason + words.On(p.key), Judged: len(p.calls)}
	guilty := calls[len(calls)-1].Inv
	sorting.Stable(calls, func(a, b shapes.Call) int { return a.Inv - b.Inv })
	calls = slices.CompactFunc(calls, func(a, b shapes.Call) bool { return a.Inv == b.Inv })
	for i, c := range calls {
		if c.Inv == guilty {
			w.Blamed = i
		}
		w.Calls = append(w.Calls, j.call(c))
	}
	j.why = w
}

// call returns the call as the history has it.
func (j *evaluation) call(c shapes.Call) history.Call { return j.h.CallAt(c.Inv, c.End) }

// answer returns the value of a call's output.
func (j *evaluation) answer(c shapes.Call) any { return answer(j.h.At(c.End).Output) }

// process returns the name of a call's process.
func (j *evaluation) process(c shapes.Call) string {
	return fmt.Sprintf("process %d", j.h.At(c.Inv).Process)
}

// result returns verdict, reason and counts.
func (j *evaluation) result() checker.Result {
	r := checker.Result{Checker: j.rule.name, Counterexample: j.why}
	wrong, right := j.sums()
	switch {
	case wrong != "":
		r.Verdict, r.Reason = checker.Invalid, wrong+right
	case j.unknown != "":
		r.Verdict, r.Reason, r.Counterexample = checker.Unknown, j.unknown+right, nil
	default:
		r.Reason, r.Counterexample = cmp.Or(j.finding, strings.Trim(right, " ()")), nil
	}
	b, err := json.Marshal(Findings{Checker: r.Checker, Verdict: r.Verdict, Counts: j.counts, Lags: j.allLags()})
	if err == nil {
		r.Files = map[string][]byte{findingsFile: b}
	}
	return r
}

// sums puts the counts into words: those of violations, empty if there are none, as "1 of 2 reads forked" or "1 element lost,
// 2 unexpected", and in parentheses those of all else, as " (5 attempted, 3 acknowledged)". It leaves out what did not
// happen, but not the first count, which says of how many calls the rule is.
func (j *evaluation) sums() (wrong, right string) {
	var bad, good []string
	of := -1 // the count of which the first of the violations is a part
	for _, c := range j.counts {
		if c.Wrong && c.N > 0 && len(bad) == 0 {
			text := words.Plural(c.N, j.rule.noun)
			if of = slices.IndexFunc(j.counts, func(all Count) bool { return all.Name == j.rule.noun && all.N >= c.N }); of >= 0 && j.counts[of].N > 1 {
				text = words.Count(c.N) + " of " + words.Plural(j.counts[of].N, j.rule.noun)
			}
			bad = append(bad, text+" "+c.Name)
		} else if c.Wrong && c.N > 0 {
			bad = append(bad, words.Count(c.N)+" "+c.Name)
		}
	}
	for i, c := range j.counts {
		if !c.Wrong && (c.N > 0 || i == 0) && i != of {
			good = append(good, words.Count(c.N)+" "+c.Name)
		}
	}
	if len(good) > 0 {
		right = " (" + strings.Join(good, ", ") + ")"
	}
	return strings.Join(bad, ", "), right
}
