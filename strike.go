package capsize

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

// strikes is what the nemesis is doing.
type strikes struct {
	mu     sync.Mutex
	active []*strike // in the order of their injection
	calm   bool      // no fault may strike any more
	busy   []*strike // that are being injected, in the order in which that began
	idle   int       // faults that met no occasion, or nobody that they may harm
}

// A strike is a fault that is active.
type strike struct {
	step   nemesis.Step
	giveUp func() // has it wait no longer for an occasion
	desc   string
	heal   func()
}

// nemesis carries out the plan until the time for faults is over.
func (e *engine) nemesis(w *cluster.Cluster) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for i, s := range e.config.Plan {
		// The even nanoseconds belong to the world, so that a fault never
		// strikes at the instant of a host, nor of another fault.
		at := e.began.Truncate(time.Microsecond) + s.At.Truncate(time.Microsecond) + time.Duration(2*(i%400))
		w.At(at, "", func() { go e.step(ctx, w, s) })
	}
	e.sleep(e.config.Duration)
	e.strikes.mu.Lock()
	waiting := slices.Clone(e.strikes.busy)
	e.strikes.mu.Unlock()
	// One after the other, with time for each: it goes into the history, and is busy no more
	// when the heal looks.
	for _, x := range waiting {
		x.giveUp()
		e.sleep(2 * time.Nanosecond)
	}
}

// step has the fault of a step strike, waits, and heals.
func (e *engine) step(ctx context.Context, w *cluster.Cluster, s nemesis.Step) {
	e.wear(fmt.Sprint("nemesis step ", s.ID))
	waits, giveUp := context.WithCancel(ctx)
	defer giveUp()
	x := &strike{step: s, giveUp: giveUp}
	if ctx.Err() != nil || !e.mayStrike(x) {
		return
	}
	err := e.inject(waits, w, x)
	e.strikes.mu.Lock()
	e.strikes.busy = slices.DeleteFunc(e.strikes.busy, func(b *strike) bool { return b == x })
	late := e.strikes.calm
	switch {
	case err == nil && !late:
		e.strikes.active = append(e.strikes.active, x)
	case errors.Is(err, nemesis.ErrNoOccasion), errors.Is(err, nemesis.ErrSpared), errors.Is(err, cluster.ErrFixed):
		e.strikes.idle++
	}
	e.strikes.mu.Unlock()
	switch {
	case err != nil:
		e.recordFault(s, history.Fail, err)
	case late: // the final heal did not wait for it
		e.undo(x)
	case w.Sleep(ctx, s.For) && e.retire(x):
		e.undo(x)
	}
}

func (e *engine) mayStrike(x *strike) bool {
	e.strikes.mu.Lock()
	defer e.strikes.mu.Unlock()
	if e.strikes.calm {
		return false
	}
	e.strikes.busy = append(e.strikes.busy, x)
	return true
}

// retire takes a strike from those that are active, and reports whether it was
// one of them.
func (e *engine) retire(x *strike) bool {
	e.strikes.mu.Lock()
	defer e.strikes.mu.Unlock()
	i := slices.Index(e.strikes.active, x)
	if i < 0 {
		return false
	}
	e.strikes.active = slices.Delete(e.strikes.active, i, i+1)
	return true
}

// inject has the fault strike. A fault that panics has failed.
func (e *engine) inject(ctx context.Context, w *cluster.Cluster, x *strike) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			e.find(cluster.Finding{Kind: cluster.Panicked, What: fmt.Sprintf("fault %v panicked: %v", x.step.Fault, p), Stack: string(debug.Stack())})
		}
	}()
	op := history.Op{Process: history.Nemesis, Type: history.Invoke, Key: stepKey(x.step), Input: x.step.Fault.String()}
	x.desc, x.heal, err = x.step.Inject(ctx, w, e.config.Seed)
	if x.desc != "" {
		op.Input = x.desc
	}
	e.record(op)
	return err
}

// undo heals a fault. A heal that panics leaves the rest to the final heal.
func (e *engine) undo(x *strike) {
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
	op := history.Op{Process: history.Nemesis, Type: t, Key: stepKey(s)}
	if err != nil {
		op.Err = err.Error()
	}
	e.record(op)
}

func stepKey(s nemesis.Step) string { return fmt.Sprint("step ", s.ID) }

// heal undoes every fault that is still active, oldest first, and then whatever
// is left of any: links that are cut, slow or lossy, and nodes that are down.
func (e *engine) heal(w *cluster.Cluster) {
	e.strikes.mu.Lock()
	e.strikes.calm = true
	active, busy := e.strikes.active, len(e.strikes.busy)
	e.strikes.active = nil
	e.strikes.mu.Unlock()
	if busy > 0 {
		e.sleep(grace)
		e.strikes.mu.Lock()
		busy = len(e.strikes.busy)
		e.strikes.mu.Unlock()
	}
	if busy > 0 {
		e.find(cluster.Finding{What: fmt.Sprintf("%d faults were still being injected %v after their time", busy, grace)})
	}
	for _, x := range active {
		e.undo(x)
	}
	w.Heal()
	e.sleep(time.Millisecond)
	// What a disk had begun is not undone: an fsync that hung has still to end. And it takes
	// the system a while to have all nodes as its members again.
	for end := w.Now() + e.config.Settle; (w.Held() || !w.Reconfigured()) && w.Now() < end && !e.interrupted(); {
		e.sleep(10 * time.Millisecond)
	}
}
