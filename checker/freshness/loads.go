package freshness

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/windows"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// Loads says how often caches read a database.
type Loads struct {
	Loads      int // of all keys
	MaxOfOne   int // of one key within the window
	Key        string
	At         time.Duration // when that window began
	MaxExpired int           // of all keys within the window, without the first of each, which fills an empty cache
}

// MeasureLoads counts the loads in a history of [model.CacheOp], from the last answer to loads of each key.
// MaxOfOne is the largest number of loads of one key in any window of that length, wherever it begins. If the window is
// somewhat shorter than the lifetime of copies, that is the number of loads at one expiry: one if loads are
// coalesced, one for each reader if they are not (a stampede). It takes O(n log n).
func MeasureLoads(h *history.History, window time.Duration) (Loads, error) {
	last := map[string][]time.Duration{}
	var keys []string // in the order of the history
	err := eachCopy(h, func(c *copyCall) {
		if c.in.F != "loads" || !c.answered() {
			return
		}
		if _, seen := last[c.in.Key]; !seen {
			keys = append(keys, c.in.Key)
		}
		last[c.in.Key] = c.out.LoadedAt
	})
	if err != nil {
		return Loads{}, fmt.Errorf("loads: %w", err)
	}
	var m Loads
	var expired []time.Duration
	for _, key := range keys {
		at := slices.Sorted(slices.Values(last[key]))
		m.Loads += len(at)
		expired = append(expired, at[min(1, len(at)):]...)
		if most, from := windows.Busiest(at, window); most > m.MaxOfOne {
			m.MaxOfOne, m.Key, m.At = most, key, from
		}
	}
	slices.Sort(expired)
	m.MaxExpired, _ = windows.Busiest(expired, window)
	return m, nil
}

// A LoadLimit bounds the loads from a database within any window of a length.
type LoadLimit struct {
	Window  time.Duration
	OfOne   int // loads of one key; 0 for any number
	Expired int // loads of all keys, the first of each left out, since nothing had expired yet; 0 for any number
}

// Coalesced returns the checker of a bound on loads; see [MeasureLoads]. It takes
// histories of [model.CacheOp], and O(n log n).
func Coalesced(l LoadLimit) checker.Checker {
	return wording.Named("coalesced", checker.Func(func(_ context.Context, h *history.History) checker.Result {
		const name = "coalesced"
		m, err := MeasureLoads(h, l.Window)
		if err != nil {
			return checker.Result{Checker: name, Verdict: checker.Unknown, Reason: err.Error()}
		}
		res := checker.Result{Checker: name, Reason: fmt.Sprintf("%s, at most %d of one key within %s, and %d of all that had expired",
			words.Plural(m.Loads, "load"), m.MaxOfOne, words.Duration(l.Window), m.MaxExpired)}
		switch {
		case l.OfOne > 0 && m.MaxOfOne > l.OfOne:
			res.Verdict = checker.Invalid
			res.Counterexample = loadsWhy(h, m.Key, fmt.Sprintf("%s was loaded %d times within %s from %s on, and %s allowed", m.Key, m.MaxOfOne,
				words.Duration(l.Window), words.Duration(m.At), were(l.OfOne)))
		case l.Expired > 0 && m.MaxExpired > l.Expired:
			res.Verdict = checker.Invalid
			res.Counterexample = loadsWhy(h, "", fmt.Sprintf("%d copies that had expired were loaded within %s, and %s allowed", m.MaxExpired, words.Duration(l.Window), were(l.Expired)))
		}
		return res
	}))
}

// loadsWhy returns the counterexample for too many loads: the calls of loads for a key, or for all keys.
func loadsWhy(h *history.History, key, reason string) *checker.Counterexample {
	w := &checker.Counterexample{Key: key, Reason: reason, Blamed: -1, Judged: h.Len() / 2}
	for c := range h.Calls() {
		if in, ok := c.Invoke.Input.(model.CacheOp); ok && in.F == "loads" && (in.Key == key || key == "") && len(w.Calls) < 10 {
			w.Calls = append(w.Calls, c)
		}
	}
	return w
}

func were(n int) string {
	if n == 1 {
		return "1 was"
	}
	return fmt.Sprintf("%d were", n)
}
