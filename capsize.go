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
	"github.com/capsize-go/capsize/nemesis"
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
	// [Latency], [Share] and [CallMetrics].
	Metrics func(r *Result) []Metric
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

	// Recorder keeps the run on the disk while it is in progress. Optional for Exec;
	// Run has one of its own.
	Recorder *Recorder
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
	Metrics   []Metric      // of Test.Metrics
	Log       *cluster.Log  // what the hosts logged; nil if the run did not begin
	Snapshot  string        // what the run was doing at Test.StopAt; empty if it did not come to that
	Trace     uint64        // hash of all that happened in the cluster
	Virtual   time.Duration // how long the run was
	Wall      time.Duration // how long it took, judging included
	CPU       time.Duration // of the whole process meanwhile
	phases    []mark
	core      *core           // who was to make progress then
	healed    time.Duration   // when all faults were healed; 0 if it did not come to that
	refusals  map[int]refusal // of the clients that did not get through in the end
	Stopped   error           // why the run was cut short: interrupted, stalled or stopped at Test.StopAt; nil if it was not
	held      bool            // it waited at Test.StopAt for a debugger
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
	end, err := takeTurn(ctx, t)
	if err != nil {
		return nil, err
	}
	began, cpu := time.Now(), cpuTime()
	e := newEngine(ctx, test)
	defer test.Recorder.during(test, e.plan)()
	err = e.runInBubble(t)
	end()
	if err != nil {
		return nil, err
	}
	r := e.result()
	test.Recorder.judge()
	r.judge(ctx)
	if r.Stopped == nil && r.Verdict == checker.Unknown {
		e.interrupted() // while it was judged, perhaps
		r.Stopped = e.stopped
	}
	r.measure()
	r.Wall, r.CPU = time.Since(began), cpuTime()-cpu
	return r, nil
}

// judge applies the checkers, outside of virtual time, and sums up.
func (r *Result) judge(ctx context.Context) {
	if r.Stopped != nil && ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx) // what was recorded is judged all the same
	}
	if errors.Is(r.Stopped, errStopped) {
		c, _ := checkStopped(r)
		r.Checks, r.Verdict, r.Reason = []checker.Result{c}, c.Verdict, c.Reason
		return
	}
	for i, c := range []checker.Checker{r.Test.Workload.Checker, r.Test.Checker} {
		if c != nil {
			r.checking([]string{r.Test.Workload.Name, "what the test adds"}[i])
			r.Checks = append(r.Checks, guardedCheck(ctx, c, r.History))
		}
	}
	r.Checks = append(r.Checks, checkProgress(r))
	if _, ok := r.Test.System.(cluster.Converger); ok {
		r.Checks = append(r.Checks, checkConvergence(r))
	}
	r.Checks = append(r.Checks, checkFindings(r.Findings))
	if r.hasMarks() {
		r.Checks = append(r.Checks, checkMarks(r))
	}
	r.Checks = append(r.Checks, checkSucceeded(ctx, r), checkFaults(r))
	if r.Test.Require != nil {
		r.Checks = append(r.Checks, checkRequired(r))
	}
	if c, ok := checkStopped(r); ok {
		r.Checks = append(r.Checks, c)
	}
	w := worst(r.Checks)
	r.Verdict, r.Reason, r.Why = w.Verdict, w.Reason, w.Why
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

// guardedCheck survives a checker that panics.
func guardedCheck(ctx context.Context, c checker.Checker, h *history.History) (r checker.Result) {
	defer func() {
		if p := recover(); p != nil {
			r = checker.Result{Checker: "checker", Verdict: checker.Unknown, Reason: fmt.Sprintf("the checker panicked: %v", p), Undecided: "a checker panicked"}
		}
	}()
	return c.Check(ctx, h)
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
