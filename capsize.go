package capsize

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/workloads"
)

// A Test describes one test. System and Workload are required; the zero value of
// every other field stands for its default. All times are virtual but Stall.
type Test struct {
	Name     string             // default: the name of the Go test, or of system and workload
	System   cluster.System     // what every node runs
	Workload workloads.Workload // what the clients do, and the checker that judges it
	Nemesis  nemesis.Nemesis    // what goes wrong; default: nothing
	Checker  checker.Checker    // judges the history beside the workload's own; optional

	Nodes    int           // default 5
	Clients  int           // default 2 a node; client i is bound to node i mod Nodes
	Rate     float64       // operations a second, of all clients together; default 100; see [Unpaced]
	Duration time.Duration // of the phase with faults; default 30s
	Timeout  time.Duration // of one operation; default 1s
	Settle   time.Duration // of the phase after the faults, in which all must work again; default 5s
	Core     bool          // after the faults, heal only a random majority, and isolate the others for good
	Stall    time.Duration // of wall time in which nothing happens before a run is given up; default 30s

	// Script has the clients invoke these operations, at these instants, in place of those that the workload draws. It makes a run
	// that can be minimised: see [Shrink], and [Result.Script] for the operations of a run. Optional.
	Script workloads.Script

	// Calm says when each link takes a millisecond, in place of a time that is drawn for each message. [Shrink] sets it, for runs that
	// need no noise, or need it for a while only. Default: never.
	Calm cluster.Calm

	// Schedule says which goroutine runs next; default: a swarm, in which each seed has one of several schedules. It needs
	// the deterministic runtime of "capsize test": without it Go decides, and a schedule that is set is an error.
	Schedule schedule.Schedule

	Seed  uint64 // of every draw; 0: a new one for each run of the test
	Seeds int    // how many seeds to try, from Seed on; default 1

	// Metrics computes numbers of the test's own from the result of a run, when it has been
	// judged: they are shown with -v, on the page and in JSON, and change no verdict. Result
	// has the history, the marks of [cluster.Host.Count] and the log. Optional; see
	// [report.Latency], [report.Share] and [Result.CallMetrics].
	Metrics func(r *Result) []report.Metric
	// Progress is called several times a second of wall time with how far a run is, and when
	// a checker begins. It is for display: a run does not depend on it. Optional.
	Progress func(Status)
	// Record has the messages and events of a stretch of virtual time recorded, in [Result.Messages]. Recording never changes a
	// run. Optional: of a run that is not valid, [Result.Explain] records what led to it.
	Record trace.Window
	// StopAt stops each run at an instant of virtual time, and says what goes on there. A run
	// that is stopped is unknown. The environment's CAPSIZE_STOP_AT overrides it.
	StopAt Breakpoint

	// Expect is Valid unless a test shows a bug on purpose. Then the absence of
	// the bug in all seeds fails the test. A broken assertion ([cluster.Host.Always])
	// is such a bug. Code that panics, hangs or leaks fails the test in any case.
	Expect checker.Verdict

	// MayFail names kinds of call of which none needs to succeed, by the field F of their inputs; ""
	// is the kind of inputs that have none. Of every other kind some call must, or the run is
	// Unknown: it proves nothing of them. See [vacuity.Of]. A workload may name more.
	MayFail []string

	// Require looks at what a run exercised, and returns an error if that was too
	// little for its verdict to mean anything. Optional.
	Require func(Exercised) error
}

// Unpaced is the [Test.Rate] of clients that ask as fast as they are answered.
var Unpaced = math.Inf(1)

// A Result is the outcome of one run, which is of one seed.
type Result struct {
	Test           Test         // with its defaults filled in
	Seed           uint64       //
	Plan           nemesis.Plan // what the nemesis did, or was about to do
	Verdict        checker.Verdict
	Reason         string                  // one sentence
	Counterexample *checker.Counterexample // the counterexample, if there is one; see Explain
	Checks         []checker.Result        // the workload's, the test's, and the harness's own
	History        *history.History
	Findings       []cluster.Finding // of user code that panicked, hung, leaked or came to an end
	Exercised      Exercised
	Metrics        []report.Metric // of Test.Metrics
	Log            *cluster.Log    // what the hosts logged; nil if the run did not begin
	Messages       *trace.Trace    // what happened on network and hosts, in Test.Record or around what is wrong; nil if it was not recorded
	Unrecorded     string          // why Messages is missing though it was to be recorded; empty if that is not so
	Snapshot       string          // what the run was doing at Test.StopAt; empty if it did not come to that
	Trace          uint64          // hash of all that happened in the cluster
	Runtime        string          // version of Go, and which deterministic runtime: go1.26.8, or go1.26.8+det.015f961b90ea
	Decisions      *schedule.Trace // of the scheduler; nil without a deterministic runtime
	Virtual        time.Duration   // how long the run was
	Wall           time.Duration   // how long it took, judging included
	CPU            time.Duration   // of the whole process meanwhile
	Phases         []report.Phase
	Stopped        error // why the run was cut short: interrupted, stalled or stopped at Test.StopAt; nil if it was not

	resolved nemesis.Plan // see Resolved
}

// Digest returns the hex SHA-256 of the history as it is kept in a file, which
// is the same for two runs only if their histories are the same byte for byte.
func (r *Result) Digest() (string, error) { return r.History.Digest() }

// Explain finds the counterexamples of the checks, and sets Counterexample to that of the check that decided. [Exec] leaves
// it out, as a sweep of many seeds asks for verdicts only; [Result.Page] calls it. It never changes a verdict
// or a reason. See [checker.Result.Explain].
//
// If the run is invalid, Explain then runs its seed again and records the messages that led to the counterexample, or to a
// finding, in Messages. It keeps them only if the second run has the same history; else Unrecorded says so.
func (r *Result) Explain(ctx context.Context) {
	r.findCounterexamples(ctx)
	r.recordAgain(ctx)
}

// CallMetrics returns metrics that fit any workload: the median and the 99th percentile of
// how long calls took that ended ok, and the share of calls that did. A test that wants no
// others has it as [Test.Metrics]: (*capsize.Result).CallMetrics.
func (r *Result) CallMetrics() []report.Metric {
	all := func(history.Call) bool { return true }
	x := r.Exercised
	return []report.Metric{
		report.Latency("p50 of calls", 0.5, r.History, all),
		report.Latency("p99 of calls", 0.99, r.History, all),
		report.Share("calls that ended ok", x.OK, x.OK+x.Fail+x.Info),
	}
}

// A Status says how far a run is; see [Test.Progress].
type Status struct {
	Phase    string        // setup, faults, heal, settle, final, end, and "checking" with the checker
	Virtual  time.Duration // since the run began
	Expected time.Duration // about how long the run will be; a system that stabilizes late takes longer
	Calls    int           // that were invoked
	Faults   int           // that are active now
}

// A Breakpoint stops a run at an instant of virtual time, so that one can look what its
// goroutines do there. A run that was stopped is unknown: nothing judges half a history.
type Breakpoint struct {
	At   time.Duration // since the run began, as in histories and logs; 0: nowhere
	Wait bool          // wait there for a debugger, and go on after it
}

// UnmarshalText reads "22.4s", or "22.4s,wait". The error says what is wrong.
func (b *Breakpoint) UnmarshalText(text []byte) error {
	at, wait, comma := strings.Cut(string(text), ",")
	d, err := time.ParseDuration(at)
	if err != nil {
		return fmt.Errorf("the instant to stop at: %w", err)
	}
	if d <= 0 {
		return fmt.Errorf("the instant to stop at is %v, and must be more than 0", d)
	}
	if comma && wait != "wait" {
		return fmt.Errorf(`after the instant to stop at stands %q; only "wait" is known`, wait)
	}
	*b = Breakpoint{At: d, Wait: comma}
	return nil
}

// String formats the breakpoint as [Breakpoint.UnmarshalText] reads it.
func (b Breakpoint) String() string {
	switch {
	case b.At == 0:
		return ""
	case b.Wait:
		return b.At.String() + ",wait"
	}
	return b.At.String()
}
