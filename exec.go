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

	"github.com/capsize-go/capsize/internal/cputime"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/engine"
	"github.com/capsize-go/capsize/internal/recorder"
	"github.com/capsize-go/capsize/internal/rundiff"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/report"
)

// Exec runs one seed of the test and judges it. It never fails t, which it needs
// to enter a bubble of virtual time; a plain program gets one from [Main]. The
// error is about a test that can't be run, not about a system that is wrong. When
// ctx is done the run ends early with what it has.
//
// One run can be under way in a process. Exec waits until no other one is, so that
// parallel tests take turns; it is an error if ctx is done before that, or if Exec is
// called in a bubble, as from a system or a workload.
//
// During the run the garbage collector runs less often, as with GOGC=800, unless GOGC is set or the program has called
// debug.SetGCPercent. The run of a system that is [cluster.EventDriven] has one processor, unless GOMAXPROCS is set in the environment: of
// such a run one goroutine is at work at a time, and others would only be woken.
func Exec(ctx context.Context, t *testing.T, test Test) (*Result, error) {
	test, err := test.complete()
	if err != nil {
		return nil, err
	}
	end, err := engine.TakeTurn(ctx, t)
	if err != nil {
		return nil, err
	}
	began, cpu := time.Now(), cputime.Used()
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
	r.Wall, r.CPU = time.Since(began), cputime.Used()-cpu
	return r, r.keepToCompare()
}

// keepToCompare keeps the run for "capsize test --diff", if that has started this process.
func (r *Result) keepToCompare() error {
	return rundiff.Write(rundiff.Run{
		Name: r.Test.Name, Seed: r.Seed, Verdict: r.Verdict.String(), Runtime: r.Runtime, Trace: fmt.Sprintf("%016x", r.Trace),
	}, r.Decisions, r.History)
}

// config returns what the engine is to run.
func (t Test) config(plan nemesis.Plan, record func(history.Op)) engine.Config {
	c := engine.Config{
		System: t.System, Workload: t.Workload, Plan: plan, Seed: t.Seed, Script: t.Script, Calm: t.Calm, Schedule: t.Schedule,
		Nodes: t.Nodes, Clients: t.Clients, Rate: t.Rate, Core: t.Core,
		Duration: t.Duration, Timeout: t.Timeout, Settle: t.Settle, Stall: t.Stall,
		StopAt: t.StopAt.At, Wait: t.StopAt.Wait, Record: record, Window: t.Record,
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
		Exercised: exercisedBy(rec, plan), Log: rec.Log, Messages: rec.Messages, Snapshot: rec.Snapshot, Trace: rec.Trace,
		Virtual: rec.Virtual, Stopped: rec.Stopped, Runtime: detrt.Version(), Decisions: rec.Decisions,
		resolved: rec.Resolved,
	}
	if rec.Decisions != nil {
		r.Test.Schedule = test.Schedule.For(test.Seed)
	}
	for _, p := range rec.Phases {
		r.Phases = append(r.Phases, report.Phase(p))
	}
	return r
}

// measure computes the test's metrics. One that panics costs the metrics, not the verdict.
func (r *Result) measure() {
	if r.Test.Metrics == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			r.Metrics = []report.Metric{{Name: "metrics", Value: math.NaN(), Note: fmt.Sprintf("Test.Metrics panicked: %v", p)}}
		}
	}()
	r.Metrics = r.Test.Metrics(r)
}

// report calls the test's Progress, if it has one.
func (t Test) report(s Status) {
	if t.Progress != nil {
		t.Progress(s)
	}
}

// checking says that a checker begins.
func (r *Result) checking(what string) {
	calls := 0
	if r.Test.Progress != nil {
		for i := range r.History.Len() {
			if op := r.History.At(i); op.Type == history.Invoke && op.Process != history.Nemesis {
				calls++
			}
		}
	}
	r.Test.report(Status{Phase: "checking " + what, Virtual: r.Virtual, Expected: r.Virtual, Calls: calls})
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
	if err := t.Schedule.Validate(); err != nil {
		return t, err
	}
	if err := t.Script.Validate(t.Workload, t.Clients); err != nil {
		return t, err
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
