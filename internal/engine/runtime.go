package engine

import (
	"testing"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/detrt"
)

// NeedRuntime skips a test of a system that this program can't run, since it was built without the deterministic runtime.
func NeedRuntime(t testing.TB, s cluster.System) {
	t.Helper()
	if _, ok := s.(cluster.Unmodified); ok && !detrt.Active() {
		t.Skip("capsize: ", cluster.ErrNeedsRuntime)
	}
}
