package schedule_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/schedule"
)

// TestStalls has time pass between two statements that do not wait, under stalls, the same for each run of a seed, and under no other schedule.
func TestStalls(t *testing.T) {
	if !schedule.Active() {
		t.Skip("needs the deterministic runtime: run it with capsize test")
	}
	between := func(seed uint64, s schedule.Schedule) (passed time.Duration) {
		schedule.Start(seed, s)
		synctest.Test(t, func(*testing.T) {
			var n atomic.Int64
			start := time.Now()
			n.Add(1)
			passed = time.Since(start)
		})
		return passed
	}
	stalled := 0
	for seed := range uint64(100) {
		d := between(seed, schedule.Stalls(4))
		assert.Equal(t, d, between(seed, schedule.Stalls(4)))
		assert.Less(t, d, 10*time.Second)
		assert.Zero(t, between(seed, schedule.Schedule{}))
		if d > 0 {
			stalled++
		}
	}
	assert.InDelta(t, 25, stalled, 15)
}
