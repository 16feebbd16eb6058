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
		before, later int
	}{
		{"nothing says", "", 100, collectPercent},
		{"the program says", "", 800, 800},
		{"the program says never", "", -1, -1},
		{"the environment says", "100", 100, 100},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("GOGC", test.gogc)
			debug.SetGCPercent(test.before)
			restore := collectSeldom()
			assert.Equal(t, test.later, percent())
			restore()
			assert.Equal(t, test.before, percent())
		})
	}
}
