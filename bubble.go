package capsize

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

const (
	// lookEvery is how often a run is looked at from outside of virtual time, and
	// lookSeldom how often one that does no more than compute.
	lookEvery, lookSeldom = 100 * time.Millisecond, time.Second
	// stopWithin is how long a run may stand still that was told to stop.
	stopWithin = 2 * time.Second
)

// runInBubble runs the engine in a bubble of virtual time, and watches it from
// outside. A run that can't go on is given up at once with a finding, see [deadlock],
// and one in which nothing happens for [Test.Stall] of wall time as well: some goroutine
// spins, or waits for something that is not of the bubble. What was recorded until then
// is kept.
func (e *engine) runInBubble(t *testing.T) error {
	readyResolver()
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
	before, since, looked := uint64(0), time.Now(), time.Duration(0)
	tick := time.NewTicker(min(e.test.Stall/4+1, lookEvery))
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
		}
		if e.hold.waiting.Load() {
			e.hold.wait(e.ctx, e.test.StopAt.At)
			since, looked = time.Now(), 0
			continue
		}
		e.test.report(e.status())
		w := e.world.Load()
		if w != nil && w.Progress() != before {
			before, since, looked = w.Progress(), time.Now(), 0
			continue
		}
		still := time.Since(since)
		if still >= looked+min(looked, lookSeldom) {
			looked = still
			if found := deadlock(e.label, goroutines()); len(found) > 0 {
				e.giveUp(errStuck, found)
				return nil
			}
		}
		switch {
		case still > e.test.Stall:
			e.giveUp(fmt.Errorf("nothing happened for %v", e.test.Stall), e.stalled(still))
			return nil
		case e.ctx.Err() != nil && still > stopWithin:
			e.interrupted() // says why
			e.giveUp(errInterrupted, e.stalled(still))
			return nil
		}
	}
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
	known := len(findingsOf(e.findings, false)) > 0
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
	if w := e.world.Load(); w != nil {
		defer w.Abandon()
	}
	for _, f := range found {
		e.find(f)
	}
}

// stalled says which goroutines keep virtual time from passing.
func (e *engine) stalled(still time.Duration) []cluster.Finding {
	var found []cluster.Finding
	var ours strings.Builder
	for _, same := range alike(leftBehind(e.label)) {
		g := same[0]
		if g.durable() {
			fmt.Fprintf(&ours, "%s, %d goroutine(s) [%s]:\n%s\n\n", g.host, len(same), g.state, g.stack())
			continue
		}
		found = append(found, cluster.Finding{
			Kind: cluster.Hung, Host: g.host, Stack: g.stack(),
			What: fmt.Sprintf("hangs: it used up %v without letting time pass; %s", still.Round(100*time.Millisecond), g.whyNot()),
		})
	}
	if len(found) == 0 {
		what := fmt.Sprintf("the run hangs: nothing happened for %v, and all goroutines of its hosts wait", still.Round(100*time.Millisecond))
		found = append(found, cluster.Finding{Kind: cluster.Hung, What: what, Stack: strings.TrimSpace(ours.String())})
	}
	return found
}

// whyNot says what a goroutine does that keeps virtual time from passing.
func (g goroutine) whyNot() string {
	switch g.state {
	case "running", "runnable", "preempted":
		return "it spins, or computes for that long"
	case "IO wait", "syscall":
		return "it waits for something outside of virtual time: a real socket, file or process"
	}
	for _, waits := range []map[string]string{lockWaits, outsideWaits} {
		if what, ok := waits[g.state]; ok {
			return "it waits for " + what + ", and perhaps for something outside of virtual time"
		}
	}
	return "it waits for something outside of virtual time (" + g.state + ")"
}
