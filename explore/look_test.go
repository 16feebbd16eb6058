package explore

import (
	"sync"
	"testing"
	"time"

	"github.com/capsize-go/capsize/schedule"
)

// TestLooksDecideNothing looks at bubbles at any time from outside: none is taken for one that has stopped for good, though at
// some of the looks all goroutines but one wait, and that one was just handed a lock.
func TestLooksDecideNothing(t *testing.T) {
	if !schedule.Active() {
		t.Skip("needs the deterministic runtime, in which time passes while goroutines wait for locks: run it with capsize test")
	}
	before := lookEvery
	lookEvery = 20 * time.Microsecond
	t.Cleanup(func() { lookEvery = before })
	for seed := range uint64(60) {
		o := once(t, seed, schedule.Schedule{}, func(*testing.T) {
			var mu sync.Mutex
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 200 {
						mu.Lock()
						time.Sleep(time.Millisecond)
						mu.Unlock()
					}
				})
			}
			wg.Wait()
		})
		if o.failed {
			t.Fatalf("seed %d: %s", seed, o.stuck)
		}
	}
}
