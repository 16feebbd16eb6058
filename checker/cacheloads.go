package checker

import (
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/history"
)

// Loads says how often a database was read for what caches were to have.
type Loads struct {
	Loads int // of all keys
	Most  int // of one key within the window
	Key   string
	At    time.Duration // when that window began
}

// MeasureLoads counts the loads in a history of [CacheOp], from the answers to its ops loads; the last one of each key
// counts. Most is the largest number of one key in any window of that length, wherever it begins. If the window is
// somewhat shorter than the time that copies live, that is the loads for one expiry: one if loads are
// coalesced, as many as there are readers if nobody holds them back. It takes O(n log n).
func MeasureLoads(h *history.History, window time.Duration) (Loads, error) {
	calls, err := copyCalls(h)
	if err != nil {
		return Loads{}, fmt.Errorf("loads: %w", err)
	}
	var m Loads
	last := map[string]int{}
	for i, c := range calls {
		if c.in.F == "loads" && c.answered() {
			last[c.in.Key] = i
		}
	}
	for i, c := range calls { // in the order of the history
		if at, ok := last[c.in.Key]; ok && at == i {
			m.add(c.in.Key, c.out.LoadedAt, window)
		}
	}
	return m, nil
}

func (m *Loads) add(key string, at []time.Duration, window time.Duration) {
	at = slices.Sorted(slices.Values(at))
	m.Loads += len(at)
	from := 0
	for to := range at {
		for at[to]-at[from] >= window {
			from++
		}
		if n := to - from + 1; n > m.Most {
			m.Most, m.Key, m.At = n, key, at[from]
		}
	}
}
