package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/goroutines"
	"github.com/capsize-go/capsize/schedule"
)

const (
	// lookEvery is how often a run is looked at from outside of virtual time, and
	// lookSeldom how often one that does no more than compute.
	lookEvery, lookSeldom = 100 * time.Millisecond, time.Second
	// stopWithin is how long a run that is to stop may stand still.
	stopWithin = 2 * time.Second
)

// runInBubble runs the engine in a bubble of virtual time, and watches it from
// outside. A run that can't go on is given up at once with a finding, see [deadlock].
// One in which nothing happens for [Config.Stall] of wall time is given up as well, and is
// unknown: some goroutine spins, or waits for something that is not of the bubble, or
// the machine is slow. What was recorded until then is kept.
func (e *engine) runInBubble(t *testing.T) error {
	readyResolver()
	// The first timer of a process reads a setting of GODEBUG: outside of the bubble, and before it begins.
	tick := time.NewTicker(min(e.config.Stall/4+1, lookEvery))
	defer tick.Stop()
	schedule.Start(e.config.Seed, e.config.Schedule)
	ended := make(chan error, 1)
	go func() {
		var err error
		defer func() {
			if p := recover(); p != nil {
				err = e.explainPanic(p)
			}
			ended <- err
		}()
		synctest.Test(t, func(*testing.T) { err = e.run() })
	}()
	var watch stillness
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
		}
		if e.breakpoint.waiting.Load() {
			e.breakpoint.wait(e.ctx, e.config.StopAt)
			watch = stillness{}
			continue
		}
		if e.config.Progress != nil {
			e.config.Progress(e.status())
		}
		if e.lookAt(&watch) {
			return nil
		}
	}
}

// lookAt looks at the run from outside, and reports whether it was given up.
func (e *engine) lookAt(watch *stillness) bool {
	var progress uint64
	if w := e.cluster.Load(); w != nil {
		progress = w.Progress()
	}
	if !watch.look(progress, time.Now()) {
		return false
	}
	if watch.isDue() {
		if found := goroutines.Deadlock(e.runLabel, goroutines.All()); len(found) > 0 {
			e.giveUp(errStuck, found)
			return true
		}
	}
	switch still := watch.still; {
	case still > e.config.Stall:
		e.giveUp(fmt.Errorf("nothing happened for %v", e.config.Stall), goroutines.Stalled(e.runLabel, still))
		return true
	case e.ctx.Err() != nil && still > stopWithin:
		e.interrupted() // says why
		e.giveUp(ErrInterrupted, goroutines.Stalled(e.runLabel, still))
		return true
	}
	return false
}

// lookAtLocks is how long a goroutine waits for a lock, by virtual time, before a look is taken at who holds it.
const lookAtLocks = time.Second

// watchLocks looks for locks that are never released, after the time that is given and then again. With a deterministic runtime a wait for a lock lets virtual
// time pass, so a run in which goroutines wait for each other goes on. It is cut short at once.
func (e *engine) watchLocks(w *cluster.Cluster, after time.Duration) {
	if !detrt.Active() {
		return
	}
	w.At(w.Now()+after, "", func() {
		waiting, since := detrt.LockWaits()
		waited := detrt.Since(since)
		if waiting == 0 || waited < lookAtLocks {
			e.watchLocks(w, lookAtLocks)
			return
		}
		found := goroutines.LockHangs(e.runLabel, goroutines.All())
		if len(found) == 0 || e.halted() {
			e.watchLocks(w, waited) // a look costs more the more goroutines there are
			return
		}
		e.mu.Lock()
		e.keep(append(w.Findings(), found...)...)
		e.mu.Unlock()
		e.stop(errHung)
		e.hungAt = w.Now()
		e.hung.Store(true)
	})
}

// A stillness is for how long a run has stood still, as seen from outside. Between two
// looks at most twice [lookEvery] count: a machine that sleeps, or a process that is
// stopped, does nothing, and its run can't go on.
type stillness struct {
	progress uint64 // of the run, at the last look
	last     time.Time
	still    time.Duration
	searched time.Duration // the value of still when deadlocks were last searched for
}

// look takes note of the progress of a run and reports whether it stands still.
func (s *stillness) look(progress uint64, now time.Time) bool {
	if s.last.IsZero() || progress != s.progress {
		*s = stillness{progress: progress, last: now}
		return false
	}
	s.still += min(now.Sub(s.last), 2*lookEvery)
	s.last = now
	return true
}

// isDue reports whether deadlocks are to be searched for now: at once, then less and less often.
func (s *stillness) isDue() bool {
	if s.still < s.searched+min(s.searched, lookSeldom) {
		return false
	}
	s.searched = s.still
	return true
}

// explainPanic makes a finding of what package synctest panics with when
// goroutines are left in the bubble that nothing can wake any more. Those that
// belong to a host have been reported with it by then.
func (e *engine) explainPanic(p any) error {
	text := fmt.Sprint(p)
	if !strings.Contains(text, "deadlock") {
		return fmt.Errorf("run: %v", p)
	}
	e.mu.Lock()
	known := slices.ContainsFunc(e.findings, func(f cluster.Finding) bool { return f.Kind != cluster.BrokenMark })
	e.mu.Unlock()
	if !known {
		e.find(cluster.Finding{Kind: cluster.Leaked, What: "goroutines were left behind that nothing can wake: " + text})
	}
	if !e.closed {
		e.stop(fmt.Errorf("the run came to a halt: %s", text))
	}
	return nil
}

// giveUp ends a run that stands still, and says why.
func (e *engine) giveUp(why error, found []cluster.Finding) {
	e.stop(why)
	if w := e.cluster.Load(); w != nil {
		defer w.Abandon()
	}
	for _, f := range found {
		e.find(f)
	}
}
