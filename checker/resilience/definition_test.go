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

var window = resilience.Interval{From: 10 * ms, To: 45 * ms}

func TestOutcomesAreAsDefined(t *testing.T) {
	for _, s := range []resilience.Interval{{}, window} {
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

func defineOutcomes(h *history.History, s resilience.Interval, route string) (m resilience.Outcomes, err error) {
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

func TestAttemptsAreAsDefined(t *testing.T) {
	for _, s := range []resilience.Interval{{}, window} {
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
					m.Peak = resilience.Window{Interval: resilience.Interval{From: at[0], To: at[0] + 100*ms}, Count: len(at)}
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
	for _, s := range []resilience.Interval{{}, window} {
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

func TestAdmissionsAreAsDefined(t *testing.T) {
	const window, every = 10 * ms, 4 * ms
	compare(t, func(h *history.History) ([]int, error) { return resilience.MeasureAdmissions(h, window, every) }, func(h *history.History) (all []int, err error) {
		admits := naives(h, "admit")
		if len(admits) == 0 {
			return nil, errNothing
		}
		for end := time.Duration(0); end <= h.End(); end += every {
			units := 0
			for _, c := range admits {
				if c.ok() && end-window <= c.end && c.end < end {
					units += max(1, c.in.N)
				}
			}
			all = append(all, units)
		}
		return all, nil
	}, "admit")
}

func TestLoadIsAsDefined(t *testing.T) {
	nodes := []string{"n1", "n2", "n4"}
	round := func(x float64) float64 { return math.Round(1e9*x) / 1e9 }
	compare(t, func(h *history.History) (resilience.Load, error) {
		m, err := resilience.MeasureLoad(h, resilience.Interval{}, nodes...)
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
	for _, s := range []resilience.Interval{{}, window} {
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
