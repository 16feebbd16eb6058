package goroutines

import (
	"fmt"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// Stalled says which goroutines of a run keep virtual time from passing.
func Stalled(run string, still time.Duration) []cluster.Finding {
	var found []cluster.Finding
	var ours strings.Builder
	for _, same := range Alike(LeftBehind(run)) {
		g := same[0]
		if g.durable() {
			fmt.Fprintf(&ours, "%s, %d goroutine(s) [%s]:\n%s\n\n", g.Host, len(same), g.state, g.Stack())
			continue
		}
		found = append(found, cluster.Finding{
			Kind: cluster.Stalled, Host: g.Host, Stack: g.Stack(),
			What: fmt.Sprintf("hangs: it used up %v of wall time without letting virtual time pass; %s", still.Round(100*time.Millisecond), g.whyNot()),
		})
	}
	if len(found) == 0 {
		what := fmt.Sprintf("the run hangs: nothing happened for %v, and all goroutines of its hosts wait", still.Round(100*time.Millisecond))
		found = append(found, cluster.Finding{Kind: cluster.Stalled, What: what, Stack: strings.TrimSpace(ours.String())})
	}
	return found
}

// whyNot says what a goroutine does that keeps virtual time from passing.
func (g Goroutine) whyNot() string {
	switch g.state {
	case "running", "runnable", "preempted":
		return "it spins, or computes for that long"
	case "IO wait", "syscall":
		return "it waits for something outside of virtual time: a real socket, file or process"
	}
	for _, waits := range []map[string]string{lockWaits, outsideWaits} {
		if what, ok := waits[g.state]; ok {
			return "it waits for " + what + ", and perhaps for something outside of virtual time"
		}
	}
	return "it waits for something outside of virtual time (" + g.state + ")"
}
