package engine

import (
	"os"
	"runtime"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/detrt"
)

// oneProcessor has Go use one processor until restore is called, for a system that is event-driven: of its run one goroutine is at work at a
// time, and with more processors each hand-over to another goroutine wakes an idle one, which costs more than most events do. It changes
// nothing if GOMAXPROCS is set in the environment.
func oneProcessor(s cluster.System) (restore func()) {
	before := runtime.GOMAXPROCS(0)
	if _, ok := s.(cluster.EventDriven); !ok || before == 1 || os.Getenv("GOMAXPROCS") != "" || detrt.Active() {
		return func() {}
	}
	runtime.GOMAXPROCS(1)
	return func() {
		runtime.SetDefaultGOMAXPROCS() // so that it follows what the machine gives, as it does unless it was set
		if runtime.GOMAXPROCS(0) != before {
			runtime.GOMAXPROCS(before)
		}
	}
}
