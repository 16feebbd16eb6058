package engine_test

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/engine"
)

// percent returns the setting of the garbage collector.
func percent() int {
	now := debug.SetGCPercent(100)
	debug.SetGCPercent(now)
	return now
}

func TestCollectLess(t *testing.T) {
	t.Setenv("GOGC", "")
	for _, x := range []struct{ before, during int }{{100, 800}, {50, 800}, {1000, 1000}, {-1, -1}} {
		old := debug.SetGCPercent(x.before)
		restore := engine.CollectLess()
		assert.Equal(t, x.during, percent())
		restore()
		assert.Equal(t, x.before, percent())
		debug.SetGCPercent(old)
	}
	t.Setenv("GOGC", "100")
	old := debug.SetGCPercent(100)
	defer debug.SetGCPercent(old)
	restore := engine.CollectLess()
	assert.Equal(t, 100, percent(), "the environment says so")
	restore()
}
