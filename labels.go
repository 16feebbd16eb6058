package capsize

import (
	"context"
	"fmt"
	"runtime/pprof"
)

// Every goroutine that runs code of a host bears these profiler labels, and so do all
// that it starts, since goroutines inherit them. Findings name the host by them, CPU
// profiles show it, and the runtime prints them when the process dies of a panic.
const (
	runLabel   = "capsize" // which run of the process, with its seed
	hostLabel  = "host"    // the name of the host
	shiftLabel = "shift"   // of clients; see client
)

// runName returns the label of a run. It has the seed in it: where the process dies,
// what the runtime prints may be all that there is.
func runName(seed uint64) string { return fmt.Sprintf("seed %d, run %d", seed, runs.Add(1)) }

// wear labels the running goroutine as one of the run, and of a host unless that is
// empty.
func (e *engine) wear(host string, more ...string) {
	pairs := []string{runLabel, e.label}
	if host != "" {
		pairs = append(pairs, hostLabel, host)
	}
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels(append(pairs, more...)...)))
}
