package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/goroutines"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/workloads"
)

// shutdownTimeout is how much virtual time user code has to come back after its ctx is
// done, before it is reported and left behind.
const shutdownTimeout = 2 * time.Second

// ErrInterrupted is why a run was cut short whose ctx was done.
var ErrInterrupted = errors.New("interrupted")

// errHung is why a run was cut short that a deterministic runtime would let go on.
var errHung = errors.New("a lock is never released")

// errStuck is why a run was cut short in which nothing can happen any more.
var errStuck = errors.New("virtual time can't pass any more")

// An engine is one run: it starts the cluster, has the clients and the nemesis at
// work, and records what they do.
//
// It has many methods because the phases of a run share its clock, its history and its lock.
type engine struct {
	config   Config
	runLabel string          // of the goroutines of this run
	ctx      context.Context // of the caller; outside of the bubble

	cluster    atomic.Pointer[cluster.Cluster]
	clients    []*client
	faults     faults
	began      time.Duration // when the faults began
	healed     time.Duration // when all faults were healed
	core       *Core         // who is to make progress after that
	stopping   atomic.Bool   // the clients are to stop
	breakpoint breakpoint    // where the run is to stop
	script     script        // what the clients were to invoke, if that is recorded
	spans      *spans        // what is recorded beside the turns of clients

	mu       sync.Mutex
	history  history.History
	calls    int // that were invoked
	findings []cluster.Finding
	refusals map[int]Refusal // by client: what Open said last
	phases   []Phase
	stopped  error
	closed   bool // nothing is recorded any more
	ended    bool // the run came to its end, and was not given up

	hung   atomic.Bool   // a lock is never released: nothing more is recorded
	hungAt time.Duration // when that was seen

	decisions *schedule.Trace
}

// A script is what the clients were to invoke. It has a lock of its own, which no goroutine holds at a point of the schedule: so the
// recording changes no turn.
type script struct {
	mu  sync.Mutex
	all workloads.Script
}

func (s *script) get() workloads.Script {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

// runs counts the runs of this process, to distinguish their goroutines.
var runs atomic.Uint64

// Run runs what the config says in a bubble of virtual time, which it needs t to
// enter; it never fails t. The error is about a run that can't begin, not about a system that
// is wrong. When ctx is done the run ends early with what it has; see [ErrInterrupted].
//
// One run can be under way in a process: see [TakeTurn].
func Run(ctx context.Context, t *testing.T, c Config) (*Record, error) {
	ops := expectedOps(c)
	defer collectSeldom(ops)()
	defer oneProcessor(c.System)()
	e := &engine{ctx: ctx, config: c, runLabel: runName(c.Seed), refusals: map[int]Refusal{}}
	e.breakpoint.resume = make(chan struct{})
	e.spans = newSpans(e)
	e.history.Grow(ops)
	if err := e.runInBubble(t); err != nil {
		return nil, err
	}
	return e.outcome(), nil
}

// expectedOps returns how many ops the history of a run is likely to have; 0 if nothing says.
func expectedOps(c Config) int {
	switch {
	case c.Script != nil:
		return 2 * (len(c.Script) + len(c.Plan))
	case !math.IsInf(c.Rate, 1):
		return int(min(2.2*c.Rate*(c.Duration+c.Settle).Seconds(), 1<<20))
	}
	return 0
}

// run is the whole run. It is called in a bubble.
func (e *engine) run() error {
	e.label("")
	if err := e.config.Plan.Validate(); err != nil {
		return err
	}
	w, err := cluster.New(cluster.Config{
		System: e.config.System, Nodes: e.config.Nodes, Clients: e.config.Clients + 1, Spared: 1,
		Seed: e.config.Seed, Calm: e.config.Calm, Label: e.runLabel, Wait: synctest.Wait, Spans: e.spans, Record: e.config.Window,
	})
	if err != nil {
		return err
	}
	if err := w.Start(); err != nil {
		return err
	}
	e.cluster.Store(w)
	e.stopAt(w)
	e.watchLocks(w, lookAtLocks)
	w.Sleep(context.Background(), time.Millisecond) // by then every host is up
	e.setup(w)
	e.enter("faults")
	e.began = w.Now()
	e.startClients(w)
	e.runPlan(w)
	e.enter("heal")
	e.healAll(w)
	e.isolate(w)
	e.healed = w.Now()
	e.enter("settle")
	e.awaitQuiescence(w)
	e.stopping.Store(true)
	e.awaitClients()
	e.awaitConvergence(w)
	e.restore(w)
	e.enter("final")
	e.finalReads(w)
	e.enter("end")
	e.spans.close()
	w.Stop(shutdownTimeout)
	e.decisions = schedule.Recorded()
	e.close(w)
	return nil
}

// setup has the workload prepare the system, and tries again until it has or
// half a minute is over.
func (e *engine) setup(w *cluster.Cluster) {
	e.enter("setup")
	if e.config.Workload.Setup == nil {
		return
	}
	h := w.Client(e.config.Clients)
	end := w.Now() + 30*time.Second
	for {
		err := e.trySetup(h)
		if err == nil {
			return
		}
		if w.Now() >= end || e.interrupted() {
			e.find(cluster.Finding{What: fmt.Sprintf("setup of workload %s failed: %v", e.config.Workload.Name, err)})
			return
		}
		e.sleep(100 * time.Millisecond)
	}
}

func (e *engine) trySetup(h *cluster.Host) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	defer h.Enter()()
	e.label(h.Name())
	defer e.label("")
	ctx, cancel := h.WithTimeout(context.Background(), e.config.Timeout)
	defer cancel()
	c, err := e.config.Workload.Open(ctx, h)
	if err != nil {
		return err
	}
	defer c.Close()
	return e.config.Workload.Setup(ctx, c)
}

// sleep lets virtual time pass, in slices short enough for an interrupt to be
// noticed.
func (e *engine) sleep(d time.Duration) {
	const slice = 100 * time.Millisecond
	for ; d > 0 && !e.interrupted(); d -= slice {
		e.cluster.Load().Sleep(context.Background(), min(d, slice))
	}
}

// interrupted reports whether the caller has lost interest. The channel of its
// ctx is not one of the bubble, so it is polled and never waited for.
func (e *engine) interrupted() bool {
	if e.halted() {
		return true
	}
	if why := Interruption(e.ctx); why != nil {
		e.stop(why)
		return true
	}
	return false
}

// halted reports whether the run has come as far as it is to come: it only ends from here on.
func (e *engine) halted() bool { return e.breakpoint.halted.Load() || e.hung.Load() }

// Interruption says why a run is cut short whose ctx is done: by the cause of that, if
// it wraps [ErrInterrupted]. It returns nil if ctx is not done.
func Interruption(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	if cause := context.Cause(ctx); errors.Is(cause, ErrInterrupted) {
		return cause
	}
	return ErrInterrupted
}

func (e *engine) stop(why error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped == nil {
		e.stopped = why
	}
}

func (e *engine) enter(name string) {
	at := time.Duration(0)
	if w := e.cluster.Load(); w != nil {
		at = w.Now()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.halted() {
		return
	}
	e.phases = append(e.phases, Phase{name, at})
}

// record adds an op to the history, at the present instant.
func (e *engine) record(op history.Op) history.Op {
	op.Time = e.cluster.Load().Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.halted() {
		return op
	}
	if op.Type == history.Invoke && op.Process != history.Nemesis {
		e.calls++
	}
	op = e.history.Add(op)
	if e.config.Record != nil {
		detrt.Quietly(func() { e.config.Record(op) })
	}
	return op
}

func (e *engine) find(f cluster.Finding) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keep(f)
}

// keep keeps findings, with stacks that are the same on any machine. The caller holds e.mu.
func (e *engine) keep(found ...cluster.Finding) {
	if e.halted() {
		return // the run is being cut short
	}
	for _, f := range found {
		f.Stack = goroutines.PortableStack(f.Stack)
		if w := e.cluster.Load(); w != nil && f.At == 0 {
			detrt.Quietly(func() { f.At = w.Reached() })
		}
		e.findings = append(e.findings, f)
	}
}

// close ends the recording and looks for what was left behind.
func (e *engine) close(w *cluster.Cluster) {
	e.mu.Lock()
	e.closed, e.ended = true, true
	e.keep(w.Findings()...)
	e.mu.Unlock()
	for _, same := range goroutines.Alike(goroutines.LeftBehind(e.runLabel)) {
		f := cluster.Finding{Kind: cluster.Leaked, Host: same[0].Host, Stack: same[0].Stack()}
		f.What = fmt.Sprintf("left %d goroutine(s) behind, which had not ended %v after their ctx was done", len(same), shutdownTimeout)
		if lock, stacks := goroutines.LockWait(same[0], e.runLabel, goroutines.All()); lock != "" {
			f.What += ": " + lock
			f.Stack = stacks
		}
		e.find(f)
	}
}

// outcome sums up a run that has ended, or was given up: then some goroutine may
// still be at work, and only what is guarded is read.
func (e *engine) outcome() *Record {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	r := &Record{History: &e.history, Phases: e.phases, Findings: e.findings, Refusals: maps.Clone(e.refusals), Stopped: e.stopped}
	r.Virtual, r.Script = r.History.End(), e.script.get()
	e.faults.mu.Lock()
	r.Skipped, r.Resolved = e.faults.skipped, e.faults.resolve(e.config.Plan)
	e.faults.mu.Unlock()
	if e.breakpoint.reached.Load() {
		r.Snapshot, r.Held = e.breakpoint.snapshot, !e.breakpoint.halted.Load()
	}
	w := e.cluster.Load()
	if w != nil {
		r.Log = w.Logs()
		r.Messages = w.Recorded()
	}
	if !e.ended {
		return r
	}
	r.Trace, r.Healed, r.Core, r.Stats, r.Effects = w.Trace(), e.healed, e.core, w.Stats(), w.Effects()
	r.Decisions = e.decisions
	r.Marks, r.Missed = w.Marks()
	r.Virtual = e.phases[len(e.phases)-1].At
	switch {
	case e.hung.Load():
		r.Virtual = e.hungAt
	case e.breakpoint.halted.Load():
		r.Virtual = e.config.StopAt
	}
	return r
}

// runName returns the label of a run. It has the seed in it: where the process dies,
// what the runtime prints may be all that there is.
func runName(seed uint64) string { return fmt.Sprintf("seed %d, run %d", seed, runs.Add(1)) }

// label labels the running goroutine as one of the run, and of a host unless that is
// empty.
func (e *engine) label(host string, more ...string) {
	pairs := []string{goroutines.RunLabel, e.runLabel}
	if host != "" {
		pairs = append(pairs, goroutines.HostLabel, host)
	}
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels(append(pairs, more...)...)))
}

// status returns how far the run is. It may be called from outside of the bubble.
func (e *engine) status() Status {
	s := Status{Expected: e.config.Duration + e.config.Settle}
	if w := e.cluster.Load(); w != nil {
		s.Virtual = w.Reached()
	}
	e.mu.Lock()
	if n := len(e.phases); n > 0 {
		s.Phase = e.phases[n-1].Name
	}
	s.Calls = e.calls
	e.mu.Unlock()
	e.faults.mu.Lock()
	s.Faults = len(e.faults.active)
	e.faults.mu.Unlock()
	return s
}
