package capsize

import (
	"fmt"
	"math"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
)

// Exercised tells what a run put to the test. A verdict is worth as much as what
// was exercised: a plan whose faults met no operation proves nothing.
type Exercised struct {
	OK   int `json:"ok"`   // calls by their outcome
	Fail int `json:"fail"` //
	Info int `json:"info"` //

	Faults        map[string]int `json:"faults"`         // that struck, by name
	Overlapped    int            `json:"overlapped"`     // calls during which some fault was active
	LeaderChanges int            `json:"leader_changes"` // from one node to another
	Crashes       int            `json:"crashes"`        // of nodes
	Sent          int            `json:"sent"`           // messages and segments
	Cut           int            `json:"cut"`            // of these, lost to a cut link,
	Lost          int            `json:"lost"`           // to a lossy one,
	Dead          int            `json:"dead"`           // to a host that was down
	Syncs         int            `json:"syncs"`          // of disks
	BytesLost     int64          `json:"bytes_lost"`     // written, and not synced before a crash
}

// exercised sums up what the cluster counted and what the history shows.
func (e *engine) exercised(s cluster.Stats, h *history.History) Exercised {
	x := Exercised{
		Faults:        map[string]int{},
		LeaderChanges: int(s.LeaderChanges), Crashes: int(s.Crashes),
		Sent: int(s.Sent), Cut: int(s.LostToCut), Lost: int(s.LostToChance), Dead: int(s.LostToCrash),
		Syncs: int(s.Syncs), BytesLost: s.BytesLost,
	}
	names := map[string]string{}
	for _, step := range e.plan {
		names[stepKey(step)] = step.Fault.String()
	}
	var windows []history.Call
	for f := range h.Faults() {
		if f.Invoke.Key == frozenKey {
			continue
		}
		if f.Complete.Type != history.Fail {
			x.Faults[names[f.Invoke.Key]]++
			windows = append(windows, f)
		}
	}
	for c := range h.Calls() {
		switch c.Complete.Type {
		case history.OK:
			x.OK++
		case history.Fail:
			x.Fail++
		default:
			x.Info++
		}
		if overlaps(c, windows) {
			x.Overlapped++
		}
	}
	return x
}

func overlaps(c history.Call, windows []history.Call) bool {
	for _, w := range windows {
		if c.Invoke.Time <= w.Complete.Time && w.Invoke.Time <= c.Complete.Time {
			return true
		}
	}
	return false
}

// fewestCalls is how many calls have to be decided, by an answer or by an error
// that tells what became of it, before a run with faults means anything.
const fewestCalls = 10

// checkVacuity is unknown if a run with a nemesis put next to nothing to the
// test: no fault met an operation, or too few operations were decided.
func checkVacuity(r *Result) checker.Result {
	c, x := checker.Result{Checker: "vacuity"}, r.Exercised
	if len(r.Plan) == 0 || r.Stopped != nil {
		return c
	}
	struck := 0
	for _, n := range x.Faults { // order: a sum
		struck += n
	}
	switch {
	case struck == 0:
		c.Reason = fmt.Sprintf("none of the %d faults of the plan struck", len(r.Plan))
	case x.Overlapped == 0:
		c.Reason = fmt.Sprintf("no operation was under way while one of the %d faults was active", struck)
	case x.OK+x.Fail < fewestCalls:
		c.Reason = fmt.Sprintf("what became of an operation is known of %d, which is too few to mean anything", x.OK+x.Fail)
	}
	if c.Reason != "" {
		c.Verdict = checker.Unknown
	}
	return c
}

// checkRequired applies the test's own demand.
func checkRequired(r *Result) checker.Result {
	c := checker.Result{Checker: "exercised", Reason: "the run exercised what the test requires"}
	if err := r.Test.Require(r.Exercised); err != nil {
		c.Verdict, c.Reason = checker.Unknown, fmt.Sprintf("the run exercised too little: %v", err)
	}
	return c
}

// checkFindings is invalid if user code did what it never should.
func checkFindings(findings []cluster.Finding) checker.Result {
	c := checker.Result{Checker: "no crash", Reason: "no panics, no hangs, no goroutines left behind"}
	if len(findings) > 0 {
		c.Verdict, c.Reason = checker.Invalid, findings[0].String()
		if n := len(findings) - 1; n > 0 {
			c.Reason += fmt.Sprintf(" (and %d more findings)", n)
		}
	}
	return c
}

// checkProgress is the liveness check: once the faults are healed, operations
// must succeed at every node that is healed and has clients, within the time to
// settle; and if only a core is, it must come to rest.
func checkProgress(r *Result) checker.Result {
	c := checker.Result{Checker: "progress"}
	healed := r.healed
	if r.Stopped != nil || healed == 0 {
		c.Verdict, c.Reason = checker.Unknown, "the run was cut short before the faults were healed"
		return c
	}
	first := map[string]time.Duration{}
	asked := map[string]bool{}
	for call := range r.History.Calls() {
		if call.Invoke.Time < healed {
			continue
		}
		asked[call.Invoke.Node] = true
		if _, ok := first[call.Invoke.Node]; !ok && call.Complete.Type == history.OK {
			first[call.Invoke.Node] = call.Complete.Time - healed
		}
	}
	slowest := time.Duration(0)
	for i := range min(r.Test.Nodes, r.Test.Clients) {
		node := fmt.Sprint("n", i+1)
		if !r.core.has(node) {
			continue
		}
		d, ok := first[node]
		if !ok {
			d = math.MaxInt64
		}
		if d > r.Test.Settle {
			c.Verdict = checker.Invalid
			c.Reason = fmt.Sprintf("no operation at %s succeeded within %v of the heal of all faults", node, r.Test.Settle)
			if !asked[node] {
				c.Reason = fmt.Sprintf("no client got through to %s within %v of the heal of all faults", node, r.Test.Settle)
			}
			if r.core.nodes != nil {
				c.Reason = fmt.Sprintf("no operation at %s succeeded within %v, though nothing was wrong with any node%s", node, r.Test.Settle, r.core.but())
			}
			return c
		}
		slowest = max(slowest, d)
	}
	if c.Reason = r.core.restless(); c.Reason != "" {
		c.Verdict = checker.Invalid
		return c
	}
	c.Reason = fmt.Sprintf("every node%s answered within %v of the heal", r.core.but(), slowest.Round(time.Millisecond))
	return c
}
