package capsize

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/engine"
	"github.com/capsize-go/capsize/internal/recorder"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/report"
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
	Duration time.Duration // how long faults strike; default 30s
	Timeout  time.Duration // of one operation; default 1s
	Settle   time.Duration // within which all must work again after the faults, or sooner for a [cluster.Electing] system; default 5s
	Core     bool          // after the faults, heal only a random majority, and freeze the others for good
	Stall    time.Duration // of wall time in which nothing happens before a run is given up; default 30s

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
	// StopAt stops each run at an instant of virtual time, and says what goes on there. A run
	// that is stopped is unknown. The environment's CAPSIZE_STOP_AT overrides it.
	StopAt Breakpoint

	// Expect is Valid unless a test shows a bug on purpose. Then the absence of
	// the bug in all seeds fails the test. A broken assertion ([cluster.Host.Always])
	// is such a bug. Code that panics, hangs or leaks fails the test in any case.
	Expect checker.Verdict

	// MayFail names kinds of call of which none needs to succeed, by the field F of their inputs; ""
	// is the kind of inputs that have none. Of every other kind some call must, or the run is
	// Unknown: it proves nothing of them. See [checker.Vacuous]. A workload may name more.
	MayFail []string

	// Require looks at what a run exercised, and returns an error if that was too
	// little for its verdict to mean anything. Optional.
	Require func(Exercised) error
}

// Unpaced is the [Test.Rate] of clients that ask as fast as they are answered.
var Unpaced = math.Inf(1)

// A Result is what came of one run: of one seed.
type Result struct {
	Test      Test         // with its defaults filled in
	Seed      uint64       //
	Plan      nemesis.Plan // what the nemesis did, or was about to do
	Verdict   checker.Verdict
	Reason    string           // one sentence
	Why       *checker.Why     // the counter-example, if there is one; see Explain
	Checks    []checker.Result // the workload's, the test's, and the harness's own
	History   *history.History
	Findings  []cluster.Finding // of user code that panicked, hung, leaked or came to an end
	Exercised Exercised
	Metrics   []report.Metric // of Test.Metrics
	Log       *cluster.Log    // what the hosts logged; nil if the run did not begin
	Snapshot  string          // what the run was doing at Test.StopAt; empty if it did not come to that
	Trace     uint64          // hash of all that happened in the cluster
	Virtual   time.Duration   // how long the run was
	Wall      time.Duration   // how long it took, judging included
	CPU       time.Duration   // of the whole process meanwhile
	Phases    []report.Phase
	Stopped   error // why the run was cut short: interrupted, stalled or stopped at Test.StopAt; nil if it was not
}

// Digest returns the hex SHA-256 of the history as it is kept in a file, which
// is the same for two runs only if their histories are the same byte for byte.
func (r *Result) Digest() (string, error) { return r.History.Digest() }

// Exec runs one seed of the test and judges it. It never fails t, which it needs
// to enter a bubble of virtual time; a plain program gets one from [Main]. The
// error tells of a test that can't be run, not of a system that is wrong. When
// ctx is done the run ends early with what it has.
//
// One run can be under way in a process. Exec waits until no other one is, so that
// parallel tests take turns; it is an error if ctx is done before that, or if Exec is
// called in a bubble, as from a system or a workload.
func Exec(ctx context.Context, t *testing.T, test Test) (*Result, error) {
	test, err := test.complete()
	if err != nil {
		return nil, err
	}
	end, err := engine.TakeTurn(ctx, t)
	if err != nil {
		return nil, err
	}
	began, cpu := time.Now(), cpuTime()
	plan := test.Nemesis.Plan(test.Seed, test.Duration)
	inProgress := recorder.FromContext(ctx)
	defer inProgress.During(runInProgress(test, plan))()
	rec, err := engine.Run(ctx, t, test.config(plan, inProgress.Add))
	end()
	if err != nil {
		return nil, err
	}
	r := newResult(test, plan, rec)
	inProgress.Judge()
	judge(ctx, r, rec)
	if r.Stopped == nil && r.Verdict == checker.Unknown {
		r.Stopped = engine.Interruption(ctx) // while it was judged, perhaps
	}
	r.measure()
	r.Wall, r.CPU = time.Since(began), cpuTime()-cpu
	return r, nil
}

// config returns what the engine is to run.
func (t Test) config(plan nemesis.Plan, record func(history.Op)) engine.Config {
	c := engine.Config{
		System: t.System, Workload: t.Workload, Plan: plan, Seed: t.Seed,
		Nodes: t.Nodes, Clients: t.Clients, Rate: t.Rate, Core: t.Core,
		Duration: t.Duration, Timeout: t.Timeout, Settle: t.Settle, Stall: t.Stall,
		StopAt: t.StopAt.At, Wait: t.StopAt.Wait, Record: record,
	}
	if t.Progress != nil {
		c.Progress = func(s engine.Status) { t.Progress(Status(s)) }
	}
	return c
}

// newResult returns the result of a run that has still to be judged.
func newResult(test Test, plan nemesis.Plan, rec *engine.Record) *Result {
	r := &Result{
		Test: test, Seed: test.Seed, Plan: plan, History: rec.History, Findings: rec.Findings,
		Exercised: exercisedBy(rec, plan), Log: rec.Log, Snapshot: rec.Snapshot, Trace: rec.Trace,
		Virtual: rec.Virtual, Stopped: rec.Stopped,
	}
	for _, p := range rec.Phases {
		r.Phases = append(r.Phases, report.Phase(p))
	}
	return r
}

// Explain finds the counter-examples of the checks, and sets Why to that of the check that decided. [Exec] leaves
// it out, as a sweep of many seeds asks for verdicts only; [Result.Page] calls it. It never changes a verdict
// or a reason. See [checker.Result.Explain].
func (r *Result) Explain(ctx context.Context) {
	for i, c := range r.Checks {
		r.Checks[i] = c.Explain(ctx)
	}
	r.Why = worst(r.Checks).Why
}

// complete fills in the defaults and reports what makes no sense.
func (t Test) complete() (Test, error) {
	if t.System == nil {
		return t, errors.New("test has no System")
	}
	if t.Workload.Open == nil || t.Workload.Next == nil {
		return t, errors.New("test has no Workload: make one with workloads.New or workloads.Register")
	}
	def(&t.Nemesis, nemesis.None)
	def(&t.Nodes, 5)
	def(&t.Clients, 2*t.Nodes)
	def(&t.Rate, 100)
	def(&t.Duration, 30*time.Second)
	def(&t.Timeout, time.Second)
	def(&t.Settle, 5*time.Second)
	def(&t.Stall, 30*time.Second)
	def(&t.Seeds, 1)
	if t.Name == "" {
		t.Name = t.Workload.Name + " on " + systemName(t.System)
	}
	for _, x := range []struct {
		name string
		v    float64
	}{
		{"Nodes", float64(t.Nodes)}, {"Clients", float64(t.Clients)}, {"Rate", t.Rate},
		{"Duration", float64(t.Duration)}, {"Timeout", float64(t.Timeout)}, {"Settle", float64(t.Settle)},
		{"Stall", float64(t.Stall)}, {"Seeds", float64(t.Seeds)},
	} {
		if x.v < 0 || x.v != x.v {
			return t, fmt.Errorf("test has %s = %g", x.name, x.v)
		}
	}
	if n := t.Nodes + t.Clients + 1; n > cluster.MaxHosts {
		return t, fmt.Errorf("%d nodes and %d clients are more than %d hosts", t.Nodes, t.Clients, cluster.MaxHosts-1)
	}
	return t, nil
}

// def sets *p to v if it is zero or nil.
func def[T any](p *T, v T) {
	if reflect.ValueOf(p).Elem().IsZero() {
		*p = v
	}
}

// systemName names a system by its type or package: raftkv.Store is raftkv.
func systemName(s cluster.System) string {
	if n, ok := s.(fmt.Stringer); ok {
		return n.String()
	}
	name := strings.TrimLeft(fmt.Sprintf("%T", s), "*")
	pkg, typ, ok := strings.Cut(name, ".")
	if !ok || pkg == "cluster" {
		return "system"
	}
	if typ == "Store" || typ == "System" {
		return pkg
	}
	return name
}
