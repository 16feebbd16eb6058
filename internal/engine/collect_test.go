package engine

import (
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/detrt"
)

// TestCollectSeldom changes how often garbage is collected only where nothing says how often.
func TestCollectSeldom(t *testing.T) {
	percent := func() int {
		now := debug.SetGCPercent(100)
		debug.SetGCPercent(now)
		return now
	}
	defer debug.SetGCPercent(percent())
	for _, test := range []struct {
		name          string
		gogc          string
		ops           int
		before, later int
		atRest        bool
	}{
		{"nothing says", "", 0, 100, collectPercent, true},
		{"nothing says, a long run", "", 2 * shortRun, 100, collectPercent / 2, true},
		{"nothing says, a very long run", "", 100 * shortRun, 100, leastPercent, true},
		{"the program says", "", 0, 800, 800, false},
		{"the program says never", "", 0, -1, -1, false},
		{"the environment says", "100", 0, 100, 100, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("GOGC", test.gogc)
			debug.SetGCPercent(test.before)
			c, restore := collectSeldom(test.ops)
			c.onlyAtRest(false)
			assert.Equal(t, test.later, percent())
			assert.Zero(t, c.percent)
			restore()

			c, restore = collectSeldom(test.ops)
			c.onlyAtRest(true)
			if test.atRest {
				assert.Equal(t, test.later, c.percent)
				assert.Greater(t, percent(), test.later, "for what allocates much without a rest")
			} else {
				assert.Equal(t, test.later, percent())
			}
			restore()
			assert.Equal(t, test.before, percent())
		})
	}
}

// TestCollectsAtRest has a bubble make garbage, and collects it at the rests of the bubble, not at each.
func TestCollectsAtRest(t *testing.T) {
	if detrt.Active() {
		t.Skip("with the deterministic runtime, Go's collector alone works")
	}
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	c, restore := collectSeldom(0)
	defer restore()
	c.onlyAtRest(true)
	collected := func() uint32 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.NumForcedGC
	}
	runtime.GC()
	// Tests before this one may have left more in use than the smallest heap, as package schedule has for its decisions: the growth that is
	// allowed is that of the smallest all the same.
	c.due()
	c.percent = c.percent * smallHeap / max(smallHeap, int(c.found[1].Value.Uint64()))
	was, kept := collected(), [][]byte{}
	synctest.Test(t, func(*testing.T) {
		for range 4 * restsBetween {
			kept = append(kept, make([]byte, 1<<14))
			c.wait()
		}
		assert.Equal(t, was, collected(), "16 MiB are less than the percentage of the smallest heap")
		for range 4 * restsBetween {
			kept = append(kept, make([]byte, 1<<16))
			c.wait()
		}
	})
	assert.Greater(t, collected(), was)
	assert.Less(t, collected(), was+5)
	runtime.KeepAlive(kept)
}
