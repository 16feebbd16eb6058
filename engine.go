package capsize

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/nemesis"
)

// grace is how much virtual time user code has to come back after its ctx is
// done, before it is reported and left behind.
const grace = 2 * time.Second

// errInterrupted is why a run was cut short whose ctx was done.
var errInterrupted = errors.New("interrupted")

// errStuck is why a run was cut short in which nothing can happen any more.
var errStuck = errors.New("virtual time can't pass any more")

// An engine runs one seed of a test: it starts the cluster, has the clients and
// the nemesis at work, and records what they do.
type engine struct {
	test  Test
	seed  uint64
	label string // of the goroutines of this run
	plan  nemesis.Plan
	ctx   context.Context // of the caller; outside of the bubble

	world   atomic.Pointer[cluster.Cluster]
	clients []*client
	strikes strikes
	began   time.Duration // when the faults began
	healed  time.Duration // when all faults were healed
	core    *core         // who is to make progress after that
	over    atomic.Bool   // the clients are to stop
	hold    hold          // where the run is to stop

	mu       sync.Mutex
	history  history.History
	calls    int // that were invoked
	findings []cluster.Finding
	refusals map[int]refusal // by client: what Open said last
	marks    []mark
	stopped  error
	closed   bool // nothing is recorded any more
	ended    bool // the run came to its end, and was not given up
}

// A mark is when a phase began.
type mark struct {
	phase string
	at    time.Duration
}

// runs counts the runs of this process, to tell their goroutines apart.
var runs atomic.Uint64

func newEngine(ctx context.Context, test Test) *engine {
	e := &engine{ctx: ctx, test: test, seed: test.Seed, label: runName(test.Seed), refusals: map[int]refusal{}}
	e.hold.goOn = make(chan struct{})
	e.plan = test.Nemesis.Plan(e.seed, test.Duration)
	if test.Rate != Unpaced {
		seconds := (test.Duration + test.Settle).Seconds()
		e.history.Grow(int(min(2.2*test.Rate*seconds, 1<<20)))
	}
	return e
}

// run is the whole run. It is called in a bubble.
func (e *engine) run() error {
	e.wear("")
	if err := e.plan.Validate(); err != nil {
		return err
	}
	w, err := cluster.New(cluster.Config{
		System: e.test.System, Nodes: e.test.Nodes, Clients: e.test.Clients + 1, Spared: 1,
		Seed: e.seed, Label: e.label, Wait: synctest.Wait,
	})
	if err != nil {
		return err
	}
	if err := w.Start(); err != nil {
		return err
	}
	e.world.Store(w)
	e.stopAt(w)
	w.Sleep(context.Background(), time.Millisecond) // by then every host is up
	e.setup(w)
	e.enter("faults")
	e.began = w.Now()
	e.startClients(w)
	e.nemesis(w)
	e.enter("heal")
	e.heal(w)
	e.freeze(w)
	e.healed = w.Now()
	e.enter("settle")
	e.settle(w)
	e.over.Store(true)
	e.awaitClients()
	e.converge(w)
	e.melt(w)
	e.enter("final")
	e.finalReads(w)
	e.enter("end")
	w.Stop(grace)
	e.close(w)
	return nil
}

// setup has the workload prepare the system, and tries again until it has or
// half a minute is over.
func (e *engine) setup(w *cluster.Cluster) {
	e.enter("setup")
	if e.test.Workload.Setup == nil {
		return
	}
	h := w.Client(e.test.Clients)
	end := w.Now() + 30*time.Second
	for {
		err := e.trySetup(h)
		if err == nil {
			return
		}
		if w.Now() >= end || e.interrupted() {
			e.find(cluster.Finding{What: fmt.Sprintf("setup of workload %s failed: %v", e.test.Workload.Name, err)})
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
	e.wear(h.Name())
	defer e.wear("")
	ctx, cancel := h.WithTimeout(context.Background(), e.test.Timeout)
	defer cancel()
	c, err := e.test.Workload.Open(ctx, h)
	if err != nil {
		return err
	}
	defer c.Close()
	return e.test.Workload.Setup(ctx, c)
}

// sleep lets virtual time pass, in slices short enough for an interrupt to be
// noticed.
func (e *engine) sleep(d time.Duration) {
	const slice = 100 * time.Millisecond
	for ; d > 0 && !e.interrupted(); d -= slice {
		e.world.Load().Sleep(context.Background(), min(d, slice))
	}
}

// interrupted reports whether the caller has lost interest. The channel of its
// ctx belongs to the world outside, so it is asked and never waited for.
func (e *engine) interrupted() bool {
	if e.hold.halted.Load() {
		return true
	}
	if e.ctx.Err() == nil {
		return false
	}
	why := errInterrupted
	if errors.Is(context.Cause(e.ctx), errLate) {
		why = errLate
	}
	e.stop(why)
	return true
}

func (e *engine) stop(why error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped == nil {
		e.stopped = why
	}
}

func (e *engine) enter(phase string) {
	at := time.Duration(0)
	if w := e.world.Load(); w != nil {
		at = w.Now()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hold.halted.Load() {
		return
	}
	e.marks = append(e.marks, mark{phase, at})
}

// record adds an op to the history, at the present instant.
func (e *engine) record(op history.Op) history.Op {
	op.Time = e.world.Load().Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.hold.halted.Load() {
		return op
	}
	if op.Type == history.Invoke && op.Process != history.Nemesis {
		e.calls++
	}
	op = e.history.Add(op)
	e.test.Recorder.add(op)
	return op
}

func (e *engine) find(f cluster.Finding) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keep(f)
}

// keep keeps findings, with stacks that are the same on any machine. The caller holds e.mu.
func (e *engine) keep(found ...cluster.Finding) {
	if e.hold.halted.Load() {
		return // the run is being cut short
	}
	for _, f := range found {
		f.Stack = portableStack(f.Stack)
		e.findings = append(e.findings, f)
	}
}

// close ends the recording and looks for what was left behind.
func (e *engine) close(w *cluster.Cluster) {
	e.mu.Lock()
	e.closed, e.ended = true, true
	e.keep(w.Findings()...)
	e.mu.Unlock()
	for _, same := range alike(leftBehind(e.label)) {
		what := fmt.Sprintf("left %d goroutine(s) behind, which had not ended %v after their ctx was done", len(same), grace)
		e.find(cluster.Finding{Kind: cluster.Leaked, Host: same[0].host, What: what, Stack: same[0].stack()})
	}
}

// result sums up a run that has ended, or was given up: then some goroutine may
// still be at work, and only what is guarded is read.
func (e *engine) result() *Result {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	r := &Result{Test: e.test, Seed: e.seed, Plan: e.plan, History: &e.history, Findings: e.findings, phases: e.marks, Stopped: e.stopped}
	r.Virtual = r.History.End()
	r.refusals = maps.Clone(e.refusals)
	if e.hold.reached.Load() {
		r.Snapshot, r.held = e.hold.snapshot, !e.hold.halted.Load()
	}
	if w := e.world.Load(); w != nil {
		r.Log = w.Logs()
	}
	if e.ended {
		w := e.world.Load()
		r.Trace, r.healed, r.core = w.Trace(), e.healed, e.core
		r.Virtual = e.marks[len(e.marks)-1].at
		if e.hold.halted.Load() {
			r.Virtual = e.test.StopAt.At
		}
		r.Exercised = e.exercised(w.Stats(), r.History)
		r.Exercised.Effects = w.Effects()
		r.Exercised.Marks, r.Exercised.Missed = w.Marks()
	} else {
		r.Exercised = e.exercised(cluster.Stats{}, r.History)
	}
	return r
}

// draw returns the key of a client's turn.
func (e *engine) draw(what string, client, index int) keyed.Key {
	return keyed.New(e.seed, what).Int(int64(client), int64(index))
}
