package capsize

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/vacuity"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/engine"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/nemesis"
)

// judge applies the checkers, outside of virtual time, and sums up.
func judge(ctx context.Context, r *Result, rec *engine.Record) {
	if r.Stopped != nil && ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx) // what was recorded is judged all the same
	}
	if errors.Is(r.Stopped, engine.ErrStopped) {
		c, _ := checkStopped(r, rec)
		r.Checks, r.Verdict, r.Reason = []checker.Result{c}, c.Verdict, c.Reason
		return
	}
	for i, c := range []checker.Checker{r.Test.Workload.Checker, r.Test.Checker} {
		if c != nil {
			r.checking([]string{r.Test.Workload.Name, "what the test adds"}[i])
			r.Checks = append(r.Checks, guardedCheck(ctx, c, r.History))
		}
	}
	r.Checks = append(r.Checks, checkProgress(r, rec))
	if _, ok := r.Test.System.(cluster.Converger); ok {
		r.Checks = append(r.Checks, checkConvergence(r, rec))
	}
	r.Checks = append(r.Checks, checkFindings(r.Findings))
	if r.hasMarks() {
		r.Checks = append(r.Checks, checkMarks(r))
	}
	r.Checks = append(r.Checks, checkSucceeded(ctx, r, rec), checkFaults(r))
	if r.Test.Require != nil {
		r.Checks = append(r.Checks, checkRequired(r))
	}
	if c, ok := checkStopped(r, rec); ok {
		r.Checks = append(r.Checks, c)
	}
	w := worst(r.Checks)
	r.Verdict, r.Reason, r.Counterexample = w.Verdict, w.Reason, w.Counterexample
}

// panickedChecker is the name of a check whose checker panicked.
const panickedChecker = "checker"

// guardedCheck survives a checker that panics.
func guardedCheck(ctx context.Context, c checker.Checker, h *history.History) (r checker.Result) {
	defer func() {
		if p := recover(); p != nil {
			r = checker.Result{Checker: panickedChecker, Verdict: checker.Unknown, Reason: fmt.Sprintf("the checker panicked: %v", p), Undecided: "a checker panicked"}
		}
	}()
	return c.Check(ctx, h)
}

// worst returns the check that decides the verdict: the first of the worst.
func worst(checks []checker.Result) checker.Result {
	var w checker.Result
	for i, c := range checks {
		if i == 0 || c.Verdict > w.Verdict {
			w = c
		}
	}
	return w
}

// checkProgress is the liveness check: once the faults are healed, operations
// must succeed at every node of the core that has clients, within the bound; and
// no leader must be elected any more after it.
func checkProgress(r *Result, rec *engine.Record) checker.Result {
	c := checker.Result{Checker: "progress", Broken: "no progress after the faults"}
	if r.Stopped != nil || rec.Core == nil {
		c.Verdict, c.Reason = checker.Unknown, "the run was cut short before the faults were healed"
		return c
	}
	first, asked := firstAnswers(rec)
	slowest := time.Duration(0)
	for i := range min(r.Test.Nodes, r.Test.Clients) {
		node := fmt.Sprint("n", i+1)
		if !slices.Contains(rec.Core.Nodes, node) {
			continue
		}
		if r.Test.Script != nil && !stuckByScript(rec, node) {
			continue
		}
		d, ok := first[node]
		if !ok {
			d = math.MaxInt64
		}
		if d > rec.Core.Bound {
			what, why := fmt.Sprintf("no operation at %s succeeded", node), ""
			if _, ok := asked[node]; !ok {
				what = fmt.Sprintf("no client got through to %s", node)
				if x, ok := rec.RefusalAt(node); ok {
					why = fmt.Sprintf(": Open returned %q", x.Said)
				}
			}
			c.Verdict, c.Reason = checker.Invalid, fmt.Sprintf("%s within %v after %v%s", what, rec.Core.Bound, rec.Core, why)
			return c
		}
		slowest = max(slowest, d)
	}
	if rec.Core.LateElections > 0 {
		c.Verdict, c.Broken = checker.Invalid, "elections do not end"
		c.Reason = fmt.Sprintf("elections do not end: %d more leaders were elected later than %v after %v", rec.Core.LateElections, rec.Core.Bound, rec.Core)
		return c
	}
	c.Reason = fmt.Sprintf("every node answered within %v after %v", slowest.Round(time.Millisecond), rec.Core)
	return c
}

// stuckByScript reports whether a script, which may ask seldom, shows that a node makes no progress: it asked in the second half of
// the bound, when all was to work again, and no call that it invoked within the bound succeeded.
func stuckByScript(r *engine.Record, node string) (stuck bool) {
	for call := range r.History.Calls() {
		after := call.Invoke.Time - r.Healed
		if call.Invoke.Node != node || after < 0 || after > r.Core.Bound {
			continue
		}
		if call.Complete.Type == history.OK {
			return false
		}
		stuck = stuck || after >= r.Core.Bound/2
	}
	return stuck
}

// firstAnswers returns by node how long after the heal an operation that was
// invoked after it succeeded first, and when one was first invoked. Where no call was open
// within the bound, as with few clients that ask seldom, time counts from the first invocation:
// who was not asked can't have answered.
func firstAnswers(r *engine.Record) (first, asked map[string]time.Duration) {
	first, asked = map[string]time.Duration{}, map[string]time.Duration{}
	busy := map[string]bool{}
	for call := range r.History.Calls() {
		if call.Complete.Time < r.Healed {
			continue
		}
		node := call.Invoke.Node
		busy[node] = busy[node] || call.Invoke.Time <= r.Healed+r.Core.Bound
		if call.Invoke.Time < r.Healed {
			continue
		}
		if _, ok := asked[node]; !ok {
			asked[node] = call.Invoke.Time
		}
		if _, ok := first[node]; !ok && call.Complete.Type == history.OK {
			from := r.Healed
			if !busy[node] {
				from = asked[node]
			}
			first[node] = call.Complete.Time - from
		}
	}
	return first, asked
}

// checkConvergence asks that the replicas of a Converger agreed in the end.
func checkConvergence(r *Result, rec *engine.Record) checker.Result {
	c := checker.Result{Checker: "convergence", Reason: "all nodes ended in the same state", Broken: "the nodes ended in different states"}
	switch {
	case r.Stopped != nil || rec.Core == nil || rec.Core.Digests == nil:
		c.Verdict, c.Reason = checker.Unknown, "the run was cut short before the nodes were asked for their states"
	case !rec.Core.Converged():
		c.Verdict = checker.Invalid
		c.Reason = fmt.Sprintf("the nodes hold different states %v after the last operation, which came after %v: %s", rec.Core.Bound, rec.Core, rec.Core.States())
	}
	return c
}

// checkRequired applies the test's own demand.
func checkRequired(r *Result) checker.Result {
	c := checker.Result{Checker: "exercised", Reason: "the run exercised what the test requires", Undecided: "too little was exercised"}
	if err := r.Test.Require(r.Exercised); err != nil {
		c.Verdict, c.Reason = checker.Unknown, fmt.Sprintf("the run exercised too little: %v", err)
	}
	return c
}

// checkSucceeded asks that some call of each kind succeeded, and that the outcome of enough calls
// is known: a history without answers keeps every rule.
func checkSucceeded(ctx context.Context, r *Result, rec *engine.Record) checker.Result {
	mayFail := slices.Concat(r.Test.MayFail, r.Test.Workload.MayFail)
	c := vacuity.Succeeded(mayFail...).Check(ctx, r.History)
	x := r.Exercised
	calls := x.OK + x.Fail + x.Info
	if x, ok := rec.RefusalAt(""); ok && calls == 0 {
		c.Reason = fmt.Sprintf("no operation was invoked, as no client got through: Open at %s returned %q", x.Node, x.Said)
	}
	if c.Verdict == checker.Valid && x.OK+x.Fail < min(r.Test.Clients, calls) {
		c.Verdict, c.Undecided = checker.Unknown, "too few outcomes are known"
		c.Reason = fmt.Sprintf("the outcome of only %s of %s is known", words.Count(x.OK+x.Fail), words.Plural(calls, "call"))
	}
	return c
}

// checkFaults asks that the faults of the nemesis had effects: a run without any tests nothing of
// what it was made for. Of a run without a nemesis it claims nothing.
func checkFaults(r *Result) checker.Result {
	c := checker.Result{Checker: "faults took effect", Undecided: "no fault had an effect"}
	if len(r.Plan) == 0 {
		if reason := tooShort(r.Test); reason != "" {
			return noFaults(c, reason)
		}
		c.Reason = "no faults were asked for"
		return c
	}
	injected, failed := injectedFaults(r)
	if len(injected) == 0 {
		return noFaults(c, notInjected(r, failed))
	}
	effective, idle := 0, []string{}
	for _, kind := range injected {
		if slices.ContainsFunc(r.Exercised.Effects, func(e cluster.Effect) bool { return e.Fault == kind && e.Count > 0 }) {
			effective++
		} else if !slices.Contains(idle, kind) {
			idle = append(idle, kind)
		}
	}
	sorting.Ordered(idle)
	if effective == 0 {
		return noFaults(c, fmt.Sprintf("no fault had an effect, though %s injected: %s", were(len(injected), "fault"), strings.Join(idle, ", ")))
	}
	x := r.Exercised
	c.Reason = fmt.Sprintf("%s %s; %s of %s have a known outcome", plural(effective, "fault"), effectsOf(x.Effects),
		words.Count(x.OK+x.Fail), words.Plural(x.OK+x.Fail+x.Info, "call"))
	if len(idle) > 0 {
		c.Reason += "; without effect: " + strings.Join(idle, ", ")
	}
	return c
}

func noFaults(c checker.Result, reason string) checker.Result {
	c.Verdict, c.Reason = checker.Unknown, reason
	return c
}

// injectedFaults returns the kind of each fault that was injected, and why others were not.
func injectedFaults(r *Result) (kinds, failed []string) {
	kindOf := map[string]string{}
	for _, step := range r.Plan {
		kindOf[engine.StepKey(step)] = nemesis.Kind(step.Fault)
	}
	for f := range r.History.Faults() {
		if f.Complete.Type == history.Fail {
			failed = append(failed, f.Complete.Err)
		} else if kind, ok := kindOf[f.Invoke.Key]; ok {
			kinds = append(kinds, kind)
		}
	}
	return kinds, failed
}

// harmless are the errors of faults that met no occasion, or no node that they may harm.
var harmless = []error{nemesis.ErrNotTriggered, nemesis.ErrSpared, nemesis.ErrAbsent, cluster.ErrFixed}

// notInjected says why no fault of the plan was injected.
func notInjected(r *Result, failed []string) string {
	text := fmt.Sprintf("no fault was injected, of %d that were planned", len(r.Plan))
	if idle := r.Exercised.Idle; idle > 0 {
		text += fmt.Sprintf("; for %d no occasion came, or no node may be harmed", idle)
	}
	failed = slices.DeleteFunc(failed, func(err string) bool {
		return slices.ContainsFunc(harmless, func(e error) bool { return strings.Contains(err, e.Error()) })
	})
	if len(failed) > 0 {
		text += fmt.Sprintf("; %d failed, the first with %q", len(failed), failed[0])
	}
	return text
}

// tooShort says that a run is too short for the faults of its nemesis. It is empty if the nemesis
// has none.
func tooShort(t Test) string {
	for d := t.Duration; d < 1000*time.Hour; d *= 2 {
		p := t.Nemesis.Plan(t.Seed, d)
		if len(p) == 0 {
			continue
		}
		if n, ok := t.Nemesis.(interface{ Interval() time.Duration }); ok {
			return fmt.Sprintf("no fault was injected: a run of %v is too short for a fault every %v", t.Duration, n.Interval())
		}
		first := slices.MinFunc(p, func(a, b nemesis.Step) int { return cmp.Compare(a.At, b.At) })
		return fmt.Sprintf("no fault was injected: a run of %v is too short, for the first fault is due after %v", t.Duration, first.At)
	}
	return ""
}

// verbs say what faults did, by the name of the effect; %s is how often.
var verbs = map[string]string{
	"messages cut": "cut %s messages", "messages lost": "lost %s messages", "messages delayed": "delayed %s messages",
	"messages duplicated": "duplicated %s messages", "messages reordered": "reordered %s messages",
	"messages corrupted": "corrupted %s messages", "hosts crashed": "crashed hosts %s times",
	"messages to hosts that were down": "lost %s messages to hosts that were down",
	"bytes lost at a crash":            "lost %s bytes at crashes", "writes torn": "tore %s writes",
	"events held": "held %s events up", "events slowed": "slowed %s events",
	"clock readings off": "falsified %s readings of clocks", "timers off": "falsified %s timers",
	"nodes that changed their members": "changed the members of %s nodes", "times that a service was degraded": "degraded services %s times",
}

// effectsOf says what faults did, up to three things: "cut 744 messages and crashed hosts 3 times".
func effectsOf(effects []cluster.Effect) string {
	const most = 3
	sum := map[string]int64{}
	var names []string
	for _, e := range effects {
		if e.Fault == "" || strings.HasSuffix(e.What, "at most") { // done by no fault; no number of things
			continue
		}
		if sum[e.What] == 0 {
			names = append(names, e.What)
		}
		sum[e.What] += e.Count
	}
	sorting.Stable(names, func(a, b string) int { return cmp.Compare(sum[b], sum[a]) })
	var parts []string
	for _, name := range names {
		verb, ok := verbs[name]
		if !ok {
			verb = "caused %s " + name
		}
		text := fmt.Sprintf(verb, words.Count(int(sum[name])))
		if sum[name] == 1 {
			text = strings.NewReplacer("messages", "message", "events", "event", "writes", "write", "1 times", "once",
				"hosts ", "a host ", "timers", "timer", "nodes", "node").Replace(text)
		}
		parts = append(parts, text)
	}
	if len(parts) > most {
		parts = append(parts[:most:most], "more")
	}
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

// checkMarks is invalid if an assertion that the system makes of itself was broken, and unknown if
// the run never came where it was to come.
func checkMarks(r *Result) checker.Result {
	c := checker.Result{
		Checker: "assertions", Reason: "all assertions of the system held, and all marks were reached",
		Broken: "an assertion was broken", Undecided: "a mark was never reached",
	}
	broken := findingsOf(r.Findings, true)
	switch {
	case len(broken) > 0:
		c.Verdict, c.Reason = checker.Invalid, summary(broken)
	case len(r.Exercised.Missed) > 0:
		c.Verdict = checker.Unknown
		c.Reason = fmt.Sprintf("never reached: %q", r.Exercised.Missed)
	}
	return c
}

// hasMarks reports whether the system set marks.
func (r *Result) hasMarks() bool {
	return len(r.Exercised.Marks) > 0 || len(r.Exercised.Missed) > 0 || len(findingsOf(r.Findings, true)) > 0
}

// checkFindings is invalid if user code panicked, hung, leaked or came to an end, and
// unknown if the run was given up after [Test.Stall]: on a faster machine it might have
// gone on.
func checkFindings(findings []cluster.Finding) checker.Result {
	c := checker.Result{Checker: "no crash", Reason: "no panics, no hangs, no goroutines left behind"}
	bad := findingsOf(findings, false)
	stalled := func(f cluster.Finding) bool { return f.Kind == cluster.Stalled }
	switch certain := slices.DeleteFunc(slices.Clone(bad), stalled); {
	case len(certain) > 0:
		c.Verdict, c.Reason, c.Broken = checker.Invalid, summary(certain), certain[0].Headline()
	case len(bad) > 0:
		c.Verdict, c.Reason, c.Undecided = checker.Unknown, summary(bad), bad[0].Headline()
	}
	return c
}

// findingsOf returns the findings that are broken marks, or the others.
func findingsOf(all []cluster.Finding, marks bool) (some []cluster.Finding) {
	for _, f := range all {
		if marks == (f.Kind == cluster.BrokenMark) {
			some = append(some, f)
		}
	}
	return some
}

func summary(findings []cluster.Finding) string {
	text := findings[0].String()
	if n := len(findings) - 1; n > 0 {
		text += fmt.Sprintf(" (and %s)", plural(n, "more finding"))
	}
	return text
}

func were(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " was"
	}
	return plural(n, noun) + " were"
}

func plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case noun == "crash":
		noun += "e"
	}
	return words.Plural(n, noun)
}

// checkStopped keeps a run from being valid that was stopped, or was to be stopped.
func checkStopped(r *Result, rec *engine.Record) (c checker.Result, ok bool) {
	b := r.Test.StopAt
	c = checker.Result{Checker: "stopped", Verdict: checker.Unknown}
	switch {
	case b.At <= 0:
		return c, false
	case errors.Is(r.Stopped, engine.ErrStopped):
		c.Reason = fmt.Sprintf("the run was stopped at %v, as asked; nothing was judged", b.At)
	case rec.Held:
		c.Reason = fmt.Sprintf("the run waited at %v for a debugger, which may have changed it", b.At)
	default:
		c.Reason = fmt.Sprintf("the run ended at %v, before %v, where it was to stop", r.Virtual, b.At)
	}
	return c, true
}
