package goroutines

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/internal/locks"
)

// Blocked says what the goroutines of a run wait for that has stopped for good: who waits for which lock and who
// holds it, and then all of them with their stacks.
func Blocked(run string, all []Goroutine) string {
	ours := slices.DeleteFunc(of(run, all), Goroutine.ofHarness)
	var stuck []Goroutine
	for i := range ours {
		ours[i].state = strings.TrimSuffix(ours[i].state, " (durable)")
		if lockWaits[ours[i].state] != "" {
			stuck = append(stuck, ours[i])
		}
	}
	var b strings.Builder
	var sources locks.Sources
	for _, group := range sameLock(stuck, &sources) {
		w := waiter{group[0], len(group) - 1, ours, &sources}
		f, _ := w.finding()
		fmt.Fprintf(&b, "%s\n", strings.TrimPrefix(strings.TrimSuffix(f.What, holdsUpTime), "hangs: "))
	}
	for _, same := range Alike(ours) {
		fmt.Fprintf(&b, "\n%d goroutine(s) [%s]:\n%s\n", len(same), same[0].state, same[0].Stack())
	}
	return strings.TrimSpace(b.String())
}
