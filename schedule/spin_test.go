package schedule_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/schedule"
)

// TestSpin has a goroutine wait in a loop that passes no point. The one that it waits for has its turn all the same, and a second run is like the
// first.
func TestSpin(t *testing.T) {
	if !schedule.Active() {
		t.Skip("needs the deterministic runtime: run it with capsize test")
	}
	if !tier.Sweeping() {
		t.Skip("it spins for half a minute: set CAPSIZE_SEEDS")
	}
	var first *schedule.Trace
	for range 2 {
		schedule.Start(1, schedule.FirstCome())
		synctest.Test(t, func(*testing.T) {
			var written int32
			var wg sync.WaitGroup
			wg.Go(func() {
				for atomic.LoadInt32(&written) == 0 {
				}
			})
			wg.Go(func() { atomic.StoreInt32(&written, 1) })
			wg.Wait()
		})
		trace := schedule.Recorded()
		if first != nil {
			assert.Empty(t, first.Diff(trace))
		}
		first = trace
	}
}
