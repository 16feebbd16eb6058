package resilience

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/history"
)

// MeasureAdmissions returns the units that all limiters together admitted to all principals within a window, as it slides over the
// history: [i] is of the window that ends at i·every, which is not in it. Window and every must be above 0.
func MeasureAdmissions(h *history.History, window, every time.Duration) ([]int, error) {
	r, err := readAdmits(h, window, Interval{})
	if err == nil && every <= 0 {
		err = fmt.Errorf("a window each %v", every)
	}
	if err != nil {
		return nil, fmt.Errorf("admissions: %w", err)
	}
	changes := make([]int, r.end/every+2)
	at := func(t time.Duration) int { return min(int(t/every)+1, len(changes)-1) } // the first window that ends after t
	for c := range r.of("admit", Interval{}) {
		if !c.pending && c.ok() {
			changes[at(c.ended)] += c.in.Units()
			changes[at(c.ended+window)] -= c.in.Units()
		}
	}
	for i := 1; i < len(changes); i++ {
		changes[i] += changes[i-1]
	}
	return changes[:len(changes)-1], nil
}
