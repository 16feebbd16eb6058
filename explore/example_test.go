package explore_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/capsize-go/capsize/explore"
)

// Two goroutines count, and the sum must be right whatever the schedule.
func ExampleRun() {
	test := func(t *testing.T) {
		explore.Run(t, func(t *testing.T) {
			var n atomic.Int64
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() { n.Add(1) })
			}
			wg.Wait()
			if n.Load() != 2 {
				t.Errorf("counted %d", n.Load())
			}
		})
	}
	_ = test // go test calls it
}
