package capsize

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/sorting"
)

const (
	snapshotOps    = 15
	snapshotLines  = 15
	snapshotFrames = 12
)

// lookAround describes what a run is doing at this instant: hosts, faults, the last ops
// and log lines, and the goroutines by host. It is called as an event, so nothing moves.
func (e *engine) lookAround(w *cluster.Cluster) string {
	var b strings.Builder
	e.mu.Lock()
	phase := "start"
	if n := len(e.marks); n > 0 {
		phase = e.marks[n-1].phase
	}
	e.mu.Unlock()
	fmt.Fprintf(&b, "seed %d at %.6fs of virtual time, phase %s\n", e.seed, w.Now().Seconds(), phase)
	writeHosts(&b, w)
	b.WriteString("\nactive faults\n")
	e.strikes.mu.Lock()
	for _, x := range e.strikes.active {
		fmt.Fprintf(&b, "  step %d: %s\n", x.step.ID, cmp.Or(x.desc, x.step.Fault.String()))
	}
	if len(e.strikes.active) == 0 {
		b.WriteString("  none\n")
	}
	e.strikes.mu.Unlock()
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
	writeGoroutines(&b, leftBehind(e.label), w.Hosts())
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

// A herd is goroutines that are alike, on one host or several.
type herd struct {
	hosts []string
	count int
	goroutine
}

// herds joins goroutines that wait in the same way at the same place, in the order of
// their hosts.
func herds(all []goroutine, hosts []string) (joined []*herd) {
	place := func(g goroutine) int {
		if i := slices.Index(hosts, g.host); i >= 0 {
			return i
		}
		return len(hosts)
	}
	sorting.Stable(all, func(x, y goroutine) int {
		return cmp.Or(cmp.Compare(place(x), place(y)), cmp.Compare(x.host, y.host), cmp.Compare(x.path(), y.path()))
	})
	seen := map[string]*herd{}
	for _, g := range all {
		key := g.wait() + "\n" + g.path()
		h := seen[key]
		if h == nil {
			h = &herd{goroutine: g}
			seen[key] = h
			joined = append(joined, h)
		}
		h.count++
		if name := cmp.Or(g.host, "no host"); !slices.Contains(h.hosts, name) {
			h.hosts = append(h.hosts, name)
		}
	}
	return joined
}

// writeGoroutines lists goroutines by host, those that are alike once.
func writeGoroutines(b *strings.Builder, all []goroutine, hosts []string) {
	for _, h := range herds(all, hosts) {
		wait := h.wait()
		plural := "s"
		if h.count == 1 {
			plural = ""
		}
		fmt.Fprintf(b, "  %s: %d goroutine%s, %s\n", strings.Join(h.hosts, " "), h.count, plural, wait)
		lines := strings.Split(h.path(), "\n")
		for i, line := range lines {
			if i == 2*snapshotFrames {
				fmt.Fprintf(b, "    … and %d more frames\n", (len(lines)-i+1)/2)
				break
			}
			fmt.Fprintf(b, "    %s\n", line)
		}
	}
	if len(all) == 0 {
		b.WriteString("  none\n")
	}
}

// wait says what a goroutine waits for.
func (g goroutine) wait() string {
	if name, ok := strings.CutSuffix(g.state, " (durable)"); ok {
		return name
	}
	return g.state + " (virtual time waits for it)"
}

// path is the stack of a goroutine without the number of the one that created it.
func (g goroutine) path() string { return creatorLine.ReplaceAllString(g.stack(), "") }

var creatorLine = regexp.MustCompile(` in goroutine \d+`)
