package resilience_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/model"
)

var errNothing = errors.New("nothing to measure")

// compare compares a measurement with its definition over random histories of some functions. An error of the one must be one of the other. It fails
// if the histories rarely have something to measure.
func compare[M any](t *testing.T, measure, define func(h *history.History) (M, error), fs ...string) {
	t.Helper()
	measured := 0
	n := tier.Seeds(t, 40, 250)
	for seed := range n {
		h := randomHistory(rand.New(rand.NewPCG(uint64(seed), 1)), fs...)
		want, wantErr := define(h)
		got, err := measure(h)
		if wantErr != nil {
			require.Error(t, err, "seed %d\n%v", seed, h)
			continue
		}
		measured++
		require.NoError(t, err, "seed %d\n%v", seed, h)
		require.Equal(t, want, got, "seed %d\n%v", seed, h)
	}
	require.Greater(t, measured, n/2)
}

var window = resilience.Span{From: 10 * ms, To: 45 * ms}

func TestOutcomesAreAsDefined(t *testing.T) {
	for _, s := range []resilience.Span{{}, window} {
		compare(t, func(h *history.History) (resilience.Outcomes, error) { return resilience.MeasureOutcomes(h, s) },
			func(h *history.History) (resilience.Outcomes, error) { return defineOutcomes(h, s, "") }, "request", "request", "wait", "work", "hold")
	}
	compare(t, func(h *history.History) (map[string]resilience.Outcomes, error) {
		return resilience.MeasureRoutes(h, window)
	},
		func(h *history.History) (map[string]resilience.Outcomes, error) {
			all := map[string]resilience.Outcomes{}
			for _, route := range []string{"/a", "/b"} {
				if m, err := defineOutcomes(h, window, route); err == nil {
					all[route] = m
				}
			}
			if len(all) == 0 {
				return nil, errNothing
			}
			return all, nil
		}, "request", "request", "wait", "work")
}

func defineOutcomes(h *history.History, s resilience.Span, route string) (m resilience.Outcomes, err error) {
	err = errNothing
	spans := append(naives(h, "wait"), naives(h, "work")...)
	for _, c := range naives(h, "request") {
		if !s.Contains(c.Invoke.Time) || route != "" && c.in.Route != route {
			continue
		}
		err = nil
		frozen := c.end == history.Forever || c.Complete.Type == history.Info && c.end == h.End()
		for _, o := range spans {
			frozen = frozen || o.in.ID == c.in.ID && o.end == history.Forever
		}
		inTime := c.end != history.Forever && (c.in.Deadline == 0 || c.end <= c.in.Deadline)
		switch {
		case inTime && c.ok():
			m.OK++
		case inTime:
			m.Failed++
		case c.in.Deadline > 0 && c.in.Deadline >= h.End():
			continue
		default:
			m.WithoutOutcome++
			if frozen {
				m.Frozen++
			}
		}
		m.Requests++
		m.Slowest = max(m.Slowest, min(c.end, h.End())-c.Invoke.Time)
	}
	return m, err
}

func TestLeaksAreAsDefined(t *testing.T) {
	compare(t, resilience.MeasureLeaks, func(h *history.History) (resilience.Leaks, error) {
		m := resilience.Leaks{By: map[string]int{}}
		holds, waits := naives(h, "hold"), naives(h, "wait")
		for _, c := range waits {
			if c.end == history.Forever {
				m.Waits++
			}
		}
		for _, c := range holds {
			if c.Complete.Type != history.Fail {
				m.Holds++
			}
			if c.end == history.Forever {
				m.Leaked++
				m.By[c.in.At] += max(1, c.in.N)
			}
		}
		if len(holds)+len(waits) == 0 {
			return m, errNothing
		}
		return m, nil
	}, "hold", "wait", "request")
}

// A naiveEpisode is an episode of a node: a failing attempt before which the node failed none since its last good one.
func TestDetectionIsAsDefined(t *testing.T) {
	compare(t, resilience.MeasureDetection, defineDetection, "attempt", "attempt", "attempt", "probe", "request")
}

// naiveHealth is what is known of a node at an instant.
type naiveHealth struct {
	at       time.Duration
	inv      int
	probe    bool
	good     bool
	attempts int
}

func defineDetection(h *history.History) (m resilience.Detection, err error) {
	attempts, probes, requests := naives(h, "attempt"), naives(h, "probe"), naives(h, "request")
	if len(attempts) == 0 || len(probes) == 0 {
		return m, errNothing
	}
	for _, node := range []string{"n1", "n2", "n3"} {
		var known []naiveHealth
		for _, c := range attempts {
			k := naiveHealth{at: c.end, inv: c.Invoke.Index, good: c.ok()}
			if q, ok := requestOf(requests, c.in.ID); ok && q.in.Deadline > 0 && c.end > q.in.Deadline {
				k.at, k.good = q.in.Deadline, false
			}
			if c.in.At == node && k.at <= h.End() {
				known = append(known, k)
			}
		}
		for _, c := range probes {
			if c.in.At == node && c.ok() {
				known = append(known, naiveHealth{at: c.end, inv: c.Invoke.Index, probe: true, good: c.Complete.Output.(model.Answer).Up})
			}
		}
		before := func(a, b naiveHealth) bool { return a.at < b.at || a.at == b.at && a.inv < b.inv }
		last := func(k naiveHealth, probe bool) (found naiveHealth) {
			found = naiveHealth{at: -1, inv: -1, good: true}
			for _, o := range known {
				if o.probe == probe && before(o, k) && !before(o, found) {
					found = o
				}
			}
			return found
		}
		next := func(k naiveHealth, probe, good bool) (found naiveHealth) {
			found = naiveHealth{at: h.End(), inv: math.MaxInt}
			for _, o := range known {
				if o.probe == probe && o.good == good && before(k, o) && before(o, found) {
					found = o
				}
			}
			return found
		}
		episodes, seen := 0, 0
		for _, k := range known {
			if k.probe || k.good || !last(k, false).good {
				continue
			}
			episodes++
			end, down := next(k, false, true), next(k, true, false)
			gap := min(end.at, down.at) - k.at
			switch {
			case !last(k, true).good:
				gap = 0
				seen++
			case before(down, end):
				seen++
			}
			if gap > m.Gap || m.Node == "" {
				m.Gap, m.Node = gap, node
			}
		}
		m.Episodes += episodes
		if episodes > 0 && seen == 0 {
			m.Missed++
		}
	}
	return m, nil
}

func TestAttemptsAreAsDefined(t *testing.T) {
	for _, s := range []resilience.Span{{}, window} {
		compare(t, func(h *history.History) (resilience.Attempts, error) { return resilience.MeasureAttempts(h, s) },
			func(h *history.History) (m resilience.Attempts, err error) {
				requests, attempts := naives(h, "request"), naives(h, "attempt")
				var at []time.Duration
				for _, c := range requests {
					if s.Contains(c.Invoke.Time) {
						m.Requests++
					}
				}
				if m.Requests == 0 || len(attempts) == 0 {
					return m, errNothing
				}
				for _, c := range attempts {
					m.ByDepth = slices.Concat(m.ByDepth, make([]int, max(0, c.in.Depth-len(m.ByDepth), 1-len(m.ByDepth))))
				}
				for _, c := range attempts {
					if q, ok := requestOf(requests, c.in.ID); ok && s.Contains(q.Invoke.Time) {
						m.ByDepth[max(0, c.in.Depth-1)]++
					}
					if max(1, c.in.Depth) == len(m.ByDepth) && s.Contains(c.Invoke.Time) {
						at = append(at, c.Invoke.Time)
					}
				}
				from, to := s.From, s.To
				if to == 0 {
					to = h.End()
				}
				if len(at) > 0 { // all are within 100 ms
					m.Peak = resilience.Window{Span: resilience.Span{From: at[0], To: at[0] + 100*ms}, Count: len(at)}
					m.PeakOverMean = float64(len(at)) / (float64(len(at)) * float64(100*ms) / float64(to-from))
				} else {
					m.Peak.To = 100 * ms
				}
				return m, nil
			}, "request", "attempt", "attempt")
	}
}

func TestGoodputIsAsDefined(t *testing.T) {
	const bucket = 7 * ms
	compare(t, func(h *history.History) ([3][]int, error) {
		m, err := resilience.MeasureGoodput(h, bucket)
		return [3][]int{m.OK, m.Failed, m.Attempts}, err
	}, func(h *history.History) (m [3][]int, err error) {
		n := int(h.End()/bucket) + 1
		m = [3][]int{make([]int, n), make([]int, n), make([]int, n)}
		err = errNothing
		for _, c := range naives(h, "request") {
			err = nil
			inTime := c.in.Deadline == 0 || c.end <= c.in.Deadline
			switch {
			case c.end != history.Forever && inTime && c.ok():
				m[0][c.end/bucket]++
			case c.end != history.Forever && inTime:
				m[1][c.end/bucket]++
			case c.in.Deadline > 0 && c.in.Deadline < h.End():
				m[1][c.in.Deadline/bucket]++
			case c.in.Deadline == 0:
				m[1][h.End()/bucket]++
			}
		}
		deepest := 1
		for _, c := range naives(h, "attempt") {
			deepest = max(deepest, c.in.Depth)
		}
		for _, c := range naives(h, "attempt") {
			if max(1, c.in.Depth) == deepest {
				m[2][c.Invoke.Time/bucket]++
			}
		}
		return m, err
	}, "request", "attempt")
}

func TestGoodputRates(t *testing.T) {
	compare(t, func(h *history.History) ([2]float64, error) {
		m, err := resilience.MeasureGoodput(h, ms)
		return [2]float64{m.Rate(window), m.AttemptRate(window)}, err
	}, func(h *history.History) (r [2]float64, err error) {
		m, err := resilience.MeasureGoodput(h, ms) // whose buckets are as defined
		if err != nil {
			return r, err
		}
		for i := 10; i < 45; i++ {
			r[0] += float64(m.OK[i])
			r[1] += float64(m.Attempts[i])
		}
		return [2]float64{r[0] / 0.035, r[1] / 0.035}, nil
	}, "request", "attempt")
}

func TestAdmittedIsAsDefined(t *testing.T) {
	for _, s := range []resilience.Span{{}, window} {
		compare(t, func(h *history.History) (resilience.Admitted, error) { return resilience.MeasureAdmitted(h, 10*ms, s) },
			func(h *history.History) (m resilience.Admitted, err error) {
				err = errNothing
				admits := naives(h, "admit")
				for _, c := range admits {
					if !s.Contains(c.Invoke.Time) {
						continue
					}
					err = nil
					if c.end == history.Forever {
						continue
					}
					m.Asked++
					if c.Complete.Type == history.Fail {
						m.Refused++
					}
					if c.ok() {
						m.Admitted++
					}
				}
				for _, by := range []string{"ann", "bob"} {
					for at := time.Duration(0); at <= h.End(); at += ms {
						units, first := 0, history.Forever
						for _, c := range admits {
							if s.Contains(c.Invoke.Time) && c.ok() && c.in.By == by && at <= c.end && c.end < at+10*ms {
								units += max(1, c.in.N)
								first = min(first, c.end)
							}
						}
						if units > m.Most {
							m.Most, m.By, m.At = units, by, first
						}
					}
				}
				return m, err
			}, "admit")
	}
}

func TestLoadIsAsDefined(t *testing.T) {
	nodes := []string{"n1", "n2", "n4"}
	round := func(x float64) float64 { return math.Round(1e9*x) / 1e9 }
	compare(t, func(h *history.History) (resilience.Load, error) {
		m, err := resilience.MeasureLoad(h, resilience.Span{}, nodes...)
		m.Variation = round(m.Variation)
		return m, err
	}, func(h *history.History) (resilience.Load, error) {
		m := resilience.Load{ByNode: map[string]int{}}
		total, squares := 0, 0
		for _, node := range nodes {
			n := 0
			for _, c := range naives(h, "attempt") {
				if c.in.Depth <= 1 && c.in.At == node {
					n++
				}
			}
			m.ByNode[node] = n
			total, squares = total+n, squares+n*n
			if m.Most == "" || n > m.ByNode[m.Most] {
				m.Most = node
			}
		}
		if total == 0 {
			return m, errNothing
		}
		mean := float64(total) / 3
		m.Share = float64(m.ByNode[m.Most]) / float64(total)
		m.Variation = round(math.Sqrt(float64(squares)/3-mean*mean) / mean)
		return m, nil
	}, "attempt", "request")
}

func TestOrphansAreAsDefined(t *testing.T) {
	for _, s := range []resilience.Span{{}, window} {
		compare(t, func(h *history.History) (resilience.Orphans, error) { return resilience.MeasureOrphans(h, s) },
			func(h *history.History) (m resilience.Orphans, err error) {
				err = errNothing
				requests := naives(h, "request")
				for _, c := range naives(h, "work") {
					request, known := requestOf(requests, c.in.ID)
					if !known || !s.Contains(c.Invoke.Time) {
						continue
					}
					err = nil
					orphaned := time.Duration(0)
					for at := c.Invoke.Time; at < min(c.end, h.End()); at += ms {
						m.Work += ms
						if at >= request.end || request.in.Deadline > 0 && at >= request.in.Deadline {
							orphaned += ms
						}
					}
					m.Orphaned += orphaned
					if orphaned > 0 {
						m.Spans++
					}
				}
				return m, err
			}, "work", "request", "request")
	}
}

func TestEffectsAreAsDefined(t *testing.T) {
	for _, s := range []resilience.Span{{}, window} {
		compare(t, func(h *history.History) (resilience.Effects, error) { return resilience.MeasureEffects(h, s) },
			func(h *history.History) (resilience.Effects, error) { return defineEffects(h, s) }, "effect", "request")
	}
}

func defineEffects(h *history.History, s resilience.Span) (m resilience.Effects, err error) {
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

func TestInFlightIsAsDefined(t *testing.T) {
	for _, resource := range []string{"", "n2"} {
		compare(t, func(h *history.History) (resilience.InFlight, error) { return resilience.MeasureInFlight(h, resource) },
			func(h *history.History) (m resilience.InFlight, err error) {
				err = errNothing
				holds := naives(h, "hold")
				for _, node := range []string{"n1", "n2", "n3"} {
					for at := time.Duration(0); at <= h.End(); at += ms {
						units := 0
						for _, c := range holds {
							if c.in.At != node || resource != "" && node != resource {
								continue
							}
							err = nil
							if c.Complete.Type != history.Fail && c.Invoke.Time <= at && at < c.end {
								units += max(1, c.in.N)
							}
						}
						if units > m.Most {
							m = resilience.InFlight{Most: units, At: at, Resource: node}
						}
					}
				}
				return m, err
			}, "hold")
	}
}

func TestPartsAreAsDefined(t *testing.T) {
	compare(t, func(h *history.History) (resilience.Parts, error) { return resilience.MeasureParts(h, window) },
		func(h *history.History) (m resilience.Parts, err error) {
			err = errNothing
			for _, c := range naives(h, "request") {
				if !window.Contains(c.Invoke.Time) {
					continue
				}
				if err = nil; !c.ok() {
					continue
				}
				m.OK++
				if out := c.Complete.Output.(model.Answer); out.Partial {
					m.Partial++
				} else if out.Missing > 0 {
					m.Silent++
				}
			}
			return m, err
		}, "request")
}
