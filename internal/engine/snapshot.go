package engine

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/goroutines"
)

const (
	snapshotOps   = 15
	snapshotLines = 15
)

// snapshot describes what a run is doing at this instant: hosts, faults, the last ops
// and log lines, and the goroutines by host. It is called as an event, so nothing moves.
func (e *engine) snapshot(w *cluster.Cluster) string {
	var b strings.Builder
	e.mu.Lock()
	phase := "start"
	if n := len(e.phases); n > 0 {
		phase = e.phases[n-1].Name
	}
	e.mu.Unlock()
	fmt.Fprintf(&b, "seed %d at %.6fs of virtual time, phase %s\n", e.config.Seed, w.Now().Seconds(), phase)
	writeHosts(&b, w)
	b.WriteString("\nactive faults\n")
	e.faults.mu.Lock()
	for _, x := range e.faults.active {
		fmt.Fprintf(&b, "  step %d: %s\n", x.step.ID, cmp.Or(x.desc, x.step.Fault.String()))
	}
	if len(e.faults.active) == 0 {
		b.WriteString("  none\n")
	}
	e.faults.mu.Unlock()
	b.WriteString("\nlast ops\n")
	e.mu.Lock()
	for i := max(0, e.history.Len()-snapshotOps); i < e.history.Len(); i++ {
		fmt.Fprintf(&b, "%v\n", e.history.At(i))
	}
	e.mu.Unlock()
	if lines := w.Logs().Tail(w.Now(), snapshotLines); len(lines) > 0 {
		b.WriteString("\nlast log lines\n")
		for _, l := range lines {
			fmt.Fprintf(&b, "  %v\n", l)
		}
	}
	b.WriteString("\ngoroutines\n")
	goroutines.Write(&b, goroutines.LeftBehind(e.runLabel), w.Hosts())
	return b.String()
}

// writeHosts says how the hosts are that are not simply up.
func writeHosts(b *strings.Builder, w *cluster.Cluster) {
	b.WriteString("\nhosts\n")
	for _, name := range w.Hosts() {
		var how []string
		if role := w.Role(name); role != "" {
			how = append(how, role)
		}
		if !w.Up(name) {
			how = append(how, "down")
		}
		if w.IsPaused(name) {
			how = append(how, "paused")
		}
		if len(how) > 0 || strings.HasPrefix(name, "n") {
			fmt.Fprintf(b, "  %-4s %s\n", name, cmp.Or(strings.Join(how, ", "), "up"))
		}
	}
}
