package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/nemesis"
)

// faults is what the nemesis is doing.
type faults struct {
	mu        sync.Mutex
	active    []*activeFault // in the order of their injection
	closed    bool           // no fault may be injected any more
	injecting []*activeFault // that are being injected, in the order in which that began
	skipped   int            // faults that met no trigger, or no node that they may harm
	chosen    nemesis.Plan   // the steps whose faults began, with what they chose
}

// An activeFault is a fault that is active.
type activeFault struct {
	step   nemesis.Step
	cancel func()       // has it wait no longer for an trigger
	chosen nemesis.Step // with what its fault chose
	desc   string
	heal   func()
}

// resolve returns the plan with what the faults that began chose.
func (f *faults) resolve(p nemesis.Plan) nemesis.Plan {
	p = slices.Clone(p)
	for i, s := range p {
		if j := slices.IndexFunc(f.chosen, func(x nemesis.Step) bool { return x.ID == s.ID }); j >= 0 {
			p[i].Fault = f.chosen[j].Fault
		}
	}
	return p
}

// runPlan carries out the plan until the time for faults is over.
func (e *engine) runPlan(w *cluster.Cluster) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for i, s := range e.config.Plan {
		// The even nanoseconds belong to the harness, so that no fault is
		// injected at the instant of a host, nor of another fault.
		at := e.began.Truncate(time.Microsecond) + s.At.Truncate(time.Microsecond) + time.Duration(2*(i%400))
		w.At(at, "", func() { go e.runStep(ctx, w, s) })
	}
	e.sleep(e.config.Duration)
	e.faults.mu.Lock()
	waiting := slices.Clone(e.faults.injecting)
	e.faults.mu.Unlock()
	// One after the other, with time for each: it goes into the history, and is busy no more
	// when the heal looks.
	for _, x := range waiting {
		x.cancel()
		e.sleep(2 * time.Nanosecond)
	}
}

// runStep injects the fault of a step, waits, and heals it.
func (e *engine) runStep(ctx context.Context, w *cluster.Cluster, s nemesis.Step) {
	e.label(fmt.Sprint("nemesis step ", s.ID))
	trigger, cancel := context.WithCancel(ctx)
	defer cancel()
	x := &activeFault{step: s, cancel: cancel}
	if ctx.Err() != nil || !e.admit(x) {
		return
	}
	err := e.inject(trigger, w, x)
	e.faults.mu.Lock()
	e.faults.injecting = slices.DeleteFunc(e.faults.injecting, func(b *activeFault) bool { return b == x })
	late := e.faults.closed
	switch {
	case err == nil:
		e.faults.chosen = append(e.faults.chosen, x.chosen)
		if !late {
			e.faults.active = append(e.faults.active, x)
		}
	case errors.Is(err, nemesis.ErrNotTriggered), errors.Is(err, nemesis.ErrSpared), errors.Is(err, nemesis.ErrAbsent), errors.Is(err, cluster.ErrFixed):
		e.faults.skipped++
	}
	e.faults.mu.Unlock()
	switch {
	case err != nil:
		e.recordFault(s, history.Fail, err)
	case late: // the final heal did not wait for it
		e.healFault(x)
	case w.Sleep(ctx, s.For) && e.release(x):
		e.healFault(x)
	}
}

func (e *engine) admit(x *activeFault) bool {
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	if e.faults.closed {
		return false
	}
	e.faults.injecting = append(e.faults.injecting, x)
	return true
}

// release takes a fault from those that are active, and reports whether it was
// one of them.
func (e *engine) release(x *activeFault) bool {
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	i := slices.Index(e.faults.active, x)
	if i < 0 {
		return false
	}
	e.faults.active = slices.Delete(e.faults.active, i, i+1)
	return true
}

// inject injects the fault. A fault that panics has failed.
func (e *engine) inject(ctx context.Context, w *cluster.Cluster, x *activeFault) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			e.find(cluster.Finding{Kind: cluster.Panicked, What: fmt.Sprintf("fault %v panicked: %v", x.step.Fault, p), Stack: string(debug.Stack())})
		}
	}()
	op := history.Op{Process: history.Nemesis, Type: history.Invoke, Key: StepKey(x.step), Input: x.step.Fault.String()}
	begun, err := x.step.Begin(ctx, w, e.config.Seed)
	x.desc, x.heal, x.chosen = begun.Desc, begun.Heal, begun.Step
	if x.desc != "" {
		op.Input = x.desc
	}
	e.record(op)
	return err
}

// healFault heals a fault. A heal that panics leaves the rest to the final heal.
func (e *engine) healFault(x *activeFault) {
	defer func() {
		if p := recover(); p != nil {
			e.find(cluster.Finding{Kind: cluster.Panicked, What: fmt.Sprintf("healing fault %v panicked: %v", x.step.Fault, p), Stack: string(debug.Stack())})
		}
	}()
	if x.heal != nil {
		x.heal()
	}
	e.recordFault(x.step, history.OK, nil)
}

func (e *engine) recordFault(s nemesis.Step, t history.Type, err error) {
	op := history.Op{Process: history.Nemesis, Type: t, Key: StepKey(s)}
	if err != nil {
		op.Err = err.Error()
	}
	e.record(op)
}

// StepKey returns the key of the ops of a step of the plan in the history.
func StepKey(s nemesis.Step) string { return fmt.Sprint("step ", s.ID) }

// healAll undoes every fault that is still active, oldest first, and then whatever
// is left of any: links that are cut, slow or lossy, and nodes that are down.
func (e *engine) healAll(w *cluster.Cluster) {
	e.faults.mu.Lock()
	e.faults.closed = true
	active, busy := e.faults.active, len(e.faults.injecting)
	e.faults.active = nil
	e.faults.mu.Unlock()
	if busy > 0 {
		e.sleep(shutdownTimeout)
		e.faults.mu.Lock()
		busy = len(e.faults.injecting)
		e.faults.mu.Unlock()
	}
	if busy > 0 {
		e.find(cluster.Finding{What: fmt.Sprintf("%d faults were still being injected %v after their time", busy, shutdownTimeout)})
	}
	for _, x := range active {
		e.healFault(x)
	}
	w.Heal()
	e.sleep(time.Millisecond)
	// What a disk had begun is not undone: an fsync that hung has still to end. And it takes
	// the system a while to have all nodes as its members again.
	for end := w.Now() + e.config.Settle; (w.AnyNodeBusy() || !w.Reconfigured()) && w.Now() < end && !e.interrupted(); {
		e.sleep(10 * time.Millisecond)
	}
}
