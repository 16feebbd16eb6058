// Package checker judges histories: it says which rule a history broke, and
// shows the fewest calls that prove it.
//
// A [Checker] needs no cluster. It reads a [history.History], recorded now or years ago, by this program or another, and returns a [Result].
package checker

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/history"
)

// A Verdict is what a checker found. Verdicts are ordered: the worst of several
// is the largest.
type Verdict uint8

const (
	// Valid says that the history keeps the rule.
	Valid Verdict = iota
	// Unknown says that the checker could not decide; [Result.Reason] says why.
	Unknown
	// Invalid says that the history breaks the rule.
	Invalid
)

var verdictNames = [...]string{"valid", "unknown", "invalid"}

// String returns valid, unknown or invalid.
func (v Verdict) String() string {
	if int(v) >= len(verdictNames) {
		return fmt.Sprintf("verdict(%d)", uint8(v))
	}
	return verdictNames[v]
}

// MarshalText returns the verdict's name.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a verdict's name.
func (v *Verdict) UnmarshalText(b []byte) error {
	for i, n := range verdictNames {
		if n == string(b) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("verdict %q is none of valid, unknown, invalid", b)
}

// A Checker judges a history. A Checker must not change the history, and must
// return when ctx is done, with Unknown if it has no verdict.
type Checker interface {
	Check(ctx context.Context, h *history.History) Result
}

// Func is a function used as a [Checker].
type Func func(ctx context.Context, h *history.History) Result

// Check calls f.
func (f Func) Check(ctx context.Context, h *history.History) Result { return f(ctx, h) }

// A Result is one checker's answer.
type Result struct {
	Checker        string          // name of the rule, as in "linearizable"
	Verdict        Verdict         //
	Reason         string          // one sentence: what was broken, what was counted, or why it is unknown
	Counterexample *Counterexample // the counterexample, where there is one; some checkers find it on demand: see [Result.Explain]
	Parts          []Result
	Files          map[string][]byte // pictures and pages, by file name; for some, see [Result.Draw]
	Later          *Deferred         // what [Result.Explain] and [Result.Draw] do

	// Broken is the headline for Invalid: "not
	// linearizable", "a node panicked". Undecided is that for Unknown: "no fault had an effect".
	// Both may be set whatever the verdict is. Where they are empty, [Result.Headline] derives
	// a headline from the checker's name.
	Broken, Undecided string
}

// Headline says in a few words what a verdict that is not Valid means: Broken or Undecided, or
// words derived from the checker's name. It is empty for a valid result.
func (r Result) Headline() string {
	switch {
	case r.Verdict == Invalid && r.Broken != "":
		return r.Broken
	case r.Verdict == Invalid:
		return r.Checker + " violated"
	case r.Verdict == Unknown && r.Undecided != "":
		return r.Undecided
	case r.Verdict == Unknown:
		return r.Checker + " could not be judged"
	}
	return ""
}

// A Counterexample is a minimal set of calls that break the rule on their own. See
// [linearizable.Without] for what minimal means of linearizability.
//
// Core says which of them contradict each other: a minimal unsatisfiable subset. They cannot all have been answered so,
// with the other calls on the key as optional ones, and
// without any one of them the others can. The rest is context: it shows where values came from.
type Counterexample struct {
	Key    string         // what the calls touch, where that is one key
	Reason string         // one sentence in plain words
	Calls  []history.Call // in the order of their invocations
	Core   []int          // indexes in Calls of those that contradict each other; nil if all do, or if that was not computed
	Blamed int            // index in Calls of the call that no order explains; -1 if none stands out
	Note   string         // why it may not be the smallest, or lacks a core; empty if it is, and has one
	Judged int            // how many calls were judged
	Links  []Link         // of transactions: why one must come before another; they form a circle. Optional
}

// A Link says why one call of a [Counterexample] must come before another.
type Link struct {
	From, To int    // indexes in Calls
	Label    string // what kind of dependency it is, and of which key: "rw x"
	Reason   string // what From or To was observed to do, as words to go on with after its name: "read x as [1], without 5 of T2"
}

// Context reports whether one of the calls is not in the core.
func (w *Counterexample) Context(i int) bool { return w.Core != nil && !slices.Contains(w.Core, i) }

// All returns a checker that applies every one of checkers. Its verdict is the
// worst of theirs, and its reason and counterexample are those of the first
// with that verdict.
func All(checkers ...Checker) Checker {
	return Func(func(ctx context.Context, h *history.History) Result {
		all := Result{Checker: "all", Later: &Deferred{Explain: ExplainParts}}
		for i, c := range checkers {
			r := c.Check(ctx, h)
			if i == 0 || r.Verdict > all.Verdict {
				all.Verdict, all.Reason, all.Counterexample, all.Broken, all.Undecided = r.Verdict, r.Reason, r.Counterexample, r.Broken, r.Undecided
			}
			all.Parts = append(all.Parts, r)
		}
		return all
	})
}
