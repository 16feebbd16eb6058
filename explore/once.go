package explore

import (
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/internal/goroutines"
	"github.com/capsize-go/capsize/schedule"
)

// An outcome is what one seed came to.
type outcome struct {
	seed     uint64
	schedule schedule.Schedule
	failed   bool
	skipped  bool
	stuck    string // what its goroutines wait for, if it has stopped for good
	trace    *schedule.Trace
}

// lookEvery is how often a bubble that takes long is looked at from outside. It decides no verdict.
var lookEvery = 200 * time.Millisecond

// runs counts the bubbles of the process.
var runs atomic.Uint64

// once runs f in a bubble with a seed. What f reports goes to t.
func once(t *testing.T, seed uint64, s schedule.Schedule, f func(*testing.T)) (o outcome) {
	o.seed, o.schedule = seed, s.For(seed)
	label := fmt.Sprintf("seed %d, schedule %v, run %d", seed, o.schedule, runs.Add(1))
	if !schedule.Active() {
		label = fmt.Sprintf("run %d", runs.Load())
	}
	schedule.Start(seed, s)
	ended := make(chan any, 1)
	go func() {
		pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels(goroutines.RunLabel, label)))
		o.failed = true // if this goroutine is ended by t.FailNow, or panics
		defer func() { ended <- recover() }()
		synctest.Test(t, func(t *testing.T) {
			defer func() { o.skipped = t.Skipped() }()
			f(t)
		})
		o.failed = false
	}()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case p := <-ended:
			o.explain(p, label)
			if o.failed {
				o.trace = schedule.Recorded()
			}
			return o
		case <-tick.C:
			if all := goroutines.All(); len(goroutines.Deadlock(label, all)) > 0 {
				// Stock Go does not end a bubble whose goroutines wait for mutexes.
				return outcome{seed: seed, schedule: s.For(seed), failed: true, trace: schedule.Recorded(),
					stuck: "all goroutines are blocked\n" + goroutines.Blocked(label, all)}
			}
		}
	}
}

// explain takes what package synctest panics with when goroutines are left that nothing can wake.
func (o *outcome) explain(p any, label string) {
	if p == nil {
		return
	}
	text := fmt.Sprint(p)
	if !strings.Contains(text, "deadlock") {
		panic(p)
	}
	o.stuck = strings.TrimPrefix(text, "deadlock: ") + "\n" + goroutines.Blocked(label, goroutines.All())
}
