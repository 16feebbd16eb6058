package resilience_test

import (
	"slices"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
)

func TestEffectsAreAsDefined(t *testing.T) {
	for _, s := range []resilience.Interval{{}, window} {
		compare(t, func(h *history.History) (resilience.Effects, error) { return resilience.MeasureEffects(h, s) },
			func(h *history.History) (resilience.Effects, error) { return defineEffects(h, s) }, "effect", "request")
	}
}

func defineEffects(h *history.History, s resilience.Interval) (m resilience.Effects, err error) {
	effects, requests := naives(h, "effect"), naives(h, "request")
	begun := false
	for i, c := range requests {
		begun = begun || s.Contains(c.Invoke.Time)
		first := slices.IndexFunc(requests, func(o naive) bool { return o.in.ID == c.in.ID }) == i
		due := false
		for _, e := range effects {
			of, known := requestOf(requests, e.in.ID)
			due = due || e.in.Route == c.in.Route || known && of.in.Route == c.in.Route
		}
		if !first || !due || !s.Contains(c.Invoke.Time) {
			continue
		}
		certain, maybe := 0, 0
		for _, e := range effects {
			switch {
			case e.in.ID != c.in.ID:
			case e.ok():
				certain++
			case e.Complete.Type == history.Info:
				maybe++
			}
		}
		m.Requests++
		m.Effects += certain
		m.Most = max(m.Most, certain)
		if certain > 1 {
			m.Twice++
		}
		if certain+maybe == 0 && c.ok() {
			m.Lost++
		}
	}
	if len(effects) == 0 || !begun {
		return m, errNothing
	}
	return m, nil
}

func TestAccessIsAsDefined(t *testing.T) {
	compare(t, resilience.MeasureAccess, func(h *history.History) (m resilience.Access, err error) {
		revokes, accesses := naives(h, "revoke"), naives(h, "access")
		for _, c := range revokes {
			if c.ok() {
				m.Revokes++
			}
		}
		for _, c := range accesses {
			if c.ok() {
				m.Uses++
			}
			longest, judged := defineRevoked(h, c)
			if c.end == history.Forever || !judged {
				continue
			}
			m.Judged++
			if c.ok() {
				m.AfterRevoke++
				m.Longest = max(m.Longest, longest)
			}
		}
		if len(revokes) == 0 || len(accesses) == 0 {
			return m, errNothing
		}
		return m, nil
	}, "access", "access", "access", "access", "revoke", "revoke", "grant")
}

// defineRevoked returns for how long the right to an access had been revoked, and whether it had: a revoke was acknowledged
// before the access began, and each grant that began before the access ended had certainly ended before that revoke began.
func defineRevoked(h *history.History, c naive) (longest time.Duration, judged bool) {
	for _, r := range naives(h, "revoke") {
		if !r.ok() || r.in.By != c.in.By || r.in.Route != c.in.Route || r.Complete.Index > c.Invoke.Index {
			continue
		}
		excused := false
		for _, g := range naives(h, "grant") {
			if g.in.By != c.in.By || g.in.Route != c.in.Route || g.Complete.Type == history.Fail || g.Invoke.Index > c.Complete.Index {
				continue
			}
			excused = excused || !g.ok() || g.Complete.Index > r.Invoke.Index
		}
		if !excused {
			longest, judged = max(longest, c.Invoke.Time-r.Complete.Time), true
		}
	}
	return longest, judged
}
