package capsize

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// runInBubble runs the engine in a bubble of virtual time, and watches it from
// outside. A run in which nothing happens for [Test.Stall] of wall time is given
// up with a finding: some goroutine spins, or waits for something that is not of
// the bubble. What was recorded until then is kept.
func (e *engine) runInBubble(t *testing.T) error {
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
	before, since := uint64(0), time.Now()
	tick := time.NewTicker(min(e.test.Stall/4+1, 200*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
		}
		if w := e.world.Load(); w != nil && w.Progress() != before {
			before, since = w.Progress(), time.Now()
		}
		if time.Since(since) > e.test.Stall {
			e.giveUp()
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

// giveUp ends a run that stands still, and says who is at fault.
func (e *engine) giveUp() {
	e.stop(fmt.Errorf("nothing happened for %v", e.test.Stall))
	if w := e.world.Load(); w != nil {
		defer w.Abandon()
	}
	culprits := 0
	for _, g := range leftBehind(e.label) {
		if g.waits {
			continue
		}
		culprits++
		e.find(cluster.Finding{
			Kind: cluster.Hung, Host: g.host, Stack: g.stack,
			What: fmt.Sprintf("hangs: it used up %v without letting time pass; it spins, or waits for something outside of virtual time (a lock that is held, a real socket or file)", e.test.Stall),
		})
	}
	if culprits == 0 {
		e.find(cluster.Finding{Kind: cluster.Hung, What: fmt.Sprintf("the run hangs: nothing happened for %v, and no goroutine of a host is to blame", e.test.Stall), Stack: allStacks()})
	}
}
