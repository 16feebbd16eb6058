package engine

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/systems/kv/registerkv"
)

// TestOneProcessor shows when a run has one processor, and that all are there again after it.
func TestOneProcessor(t *testing.T) {
	if detrt.Active() {
		t.Skip("the deterministic runtime runs one goroutine at a time anyway")
	}
	before := runtime.GOMAXPROCS(3)
	defer runtime.GOMAXPROCS(before)
	during := func(s cluster.System) int {
		restore := oneProcessor(s)
		n := runtime.GOMAXPROCS(0)
		restore()
		assert.Equal(t, 3, runtime.GOMAXPROCS(0))
		return n
	}
	t.Setenv("GOMAXPROCS", "")
	assert.Equal(t, 1, during(registerkv.Store{}))
	assert.Equal(t, 3, during(cluster.Func(nil)), "its goroutines may run side by side")
	t.Setenv("GOMAXPROCS", "3")
	assert.Equal(t, 3, during(registerkv.Store{}), "the environment says so")
}
