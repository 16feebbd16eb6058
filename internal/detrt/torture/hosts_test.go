package torture_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/schedule"
)

// TestHosts pauses a host, gives it a clock of its own and ends it: its goroutine ticks by its clock while it is up, is late
// after a pause, and does nothing once it is dead.
func TestHosts(t *testing.T) {
	needsRuntime(t)
	schedule.Start(1, schedule.Random(4))
	synctest.Test(t, func(t *testing.T) {
		h := detrt.NewHost("n1")
		h.SetClock(time.Hour, 0)
		var ticks, ahead atomic.Int64
		var deferred atomic.Bool
		go func() {
			h.Enter()
			defer deferred.Store(true)
			for {
				time.Sleep(time.Second)
				ticks.Add(1)
				ahead.Store(time.Now().UnixNano() - detrt.Now().UnixNano())
			}
		}()
		after := func(d time.Duration, want int64, what string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if n := ticks.Load(); n != want {
				t.Errorf("%s: %d ticks, and not %d", what, n, want)
			}
		}
		after(3500*time.Millisecond, 3, "while it is up")
		if by := time.Duration(ahead.Load()); by != time.Hour {
			t.Errorf("its clock is %v ahead", by)
		}
		h.Set(detrt.Paused)
		after(10*time.Second, 3, "while it is paused")
		h.Set(detrt.Up)
		after(time.Millisecond, 4, "after the pause")
		h.SetClock(time.Hour, 1_000_000_000) // twice as fast from the next sleep on
		after(10*time.Second, 4+19, "with a fast clock")
		h.Set(detrt.Dead)
		after(time.Minute, 4+19, "when it is dead")
		if deferred.Load() {
			t.Error("a deferred call was made for a host that is dead")
		}
	})
}
