package engine

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
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
	}{
		{"nothing says", "", 0, 100, collectPercent},
		{"nothing says, a long run", "", 2 * shortRun, 100, collectPercent / 2},
		{"nothing says, a very long run", "", 100 * shortRun, 100, leastPercent},
		{"the program says", "", 0, 800, 800},
		{"the program says never", "", 0, -1, -1},
		{"the environment says", "100", 0, 100, 100},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("GOGC", test.gogc)
			debug.SetGCPercent(test.before)
			restore := collectSeldom(test.ops)
			assert.Equal(t, test.later, percent())
			restore()
			assert.Equal(t, test.before, percent())
		})
	}
}
