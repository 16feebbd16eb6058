package balancing

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/balance"
	"github.com/capsize-go/capsize/workloads"
)

// LBResize is the scenario of one backend more, or one less, where each has a cache.
func LBResize() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "lb-resize",
		Question: "what does one backend more or less cost, if each has a cache?",
		Shows: "a hash modulo the number of backends moves most keys, and two requests of five miss the cache for two seconds; consistent hashing moves about one key of five, with and without " +
			"a bound of the load; a backend that joins with cold caches fails its users at its full share, and does not with slow start",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "moved keys", Metric: "moved_share", Format: scenarios.Fine}, {Title: "misses before", Metric: "miss_share_before", Format: scenarios.Fine},
			{Title: "misses after", Metric: "miss_share", Format: scenarios.Fine}, {Title: "most in a second", Metric: "peak_misses", Format: scenarios.Count},
			{Title: "errors", Metric: "error_share", Format: scenarios.Fine}, {Title: "variation of load", Metric: "load_variation", Format: twoDigits},
		},
		Meter:    func(v scenarios.Variant) scenarios.Meter { return newResizeMeter(v) },
		Holds:    lbResizeHolds,
		Variants: append(hashVariants(), coldVariants()...),
	}
}

// What changes.
const (
	oneJoins     = "one joins"
	oneLeaves    = "one leaves"
	oneJoinsCold = "one joins cold"
)

const (
	resizeAt     = 10 * time.Second
	resizeStorm  = 2 * time.Second // after it, in which misses are counted
	resizeRate   = 80
	resizeKeys   = 120
	resizeMisses = 0.25 // of the requests in that time, at most

	coldRequests = 30
	coldDeadline = 500 * time.Millisecond
	coldAnswered = 0.98
)

// resizeSizes are the sizes of the set by what changes.
var resizeSizes = map[string][]balance.Size{
	oneJoins: {{From: 0, Backends: 4}, {From: resizeAt, Backends: 5}}, oneLeaves: {{From: 0, Backends: 5}, {From: resizeAt, Backends: 4}},
	oneJoinsCold: {{From: 0, Backends: 4}, {From: resizeAt, Backends: 5}},
}

func hashVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		name, doc string
		policy    func() balance.Policy
		fixed     bool
	}{
		{"modulo", "the hash of the key modulo the number of backends", balance.Modulo, false},
		{"consistent", "a ring with 160 points a backend", func() balance.Policy { return balance.Consistent(0) }, true},
		{"bounded", "the same, and no backend has more than twice the mean in flight", func() balance.Policy { return balance.Consistent(2) }, true},
	} {
		for _, fault := range []string{oneJoins, oneLeaves} {
			s := balance.Service{Backends: 5, Policy: v.policy, Sizes: resizeSizes[fault], Needs: []string{balance.AllRoutes}, Caches: true}
			rule := headed("too many requests missed the caches", resilience.Amplified(resizeMisses, resilience.Interval{From: resizeAt, To: resizeAt + resizeStorm}))
			test := lbTest("lb-resize "+v.name, s, resizeRate, rule, v.fixed)
			test.Duration = resizeAt + 2*resizeStorm
			test.Workload = workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(resizeRate), Deadline: lbDeadline, Next: someKey})
			all = append(all, scenarios.Variant{Name: v.name, Doc: v.doc, Fault: fault, Fixed: v.fixed, Test: test})
		}
	}
	return all
}

// someKey asks for any key. One request in ten is for the same.
func someKey(t workloads.Turn[model.RequestOp, model.Answer]) model.RequestOp {
	key := 0
	if t.Rand.IntN(10) > 0 {
		key = t.Rand.IntN(resizeKeys)
	}
	return model.RequestOp{F: "request", Route: resizeRoute(key)}
}

func resizeRoute(key int) string { return fmt.Sprint("/item/", key) }

func coldVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		name, doc string
		start     time.Duration
	}{
		{"full-share", "round robin, and a backend that joins gets its share at once", 0},
		{"slow-start", "round robin, and its share grows for ten seconds", 10 * time.Second},
	} {
		s := balance.Service{Backends: 5, Sizes: resizeSizes[oneJoinsCold], SlowStart: v.start, Workers: 2, Cold: coldRequests}
		rule := headed("a backend that joined failed its users", resilience.Unrelated(coldAnswered, resilience.Interval{From: resizeAt, To: lbTo}, "/"))
		test := lbTest("lb-resize "+v.name, s, resizeRate, rule, v.start > 0)
		test.Workload = workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(resizeRate), Deadline: coldDeadline})
		all = append(all, scenarios.Variant{Name: v.name, Doc: v.doc, Fault: oneJoinsCold, Fixed: v.start > 0, Test: test})
	}
	return all
}

// A resizeMeter also counts misses before and after the change, and the keys that it moves.
type resizeMeter struct {
	*balancing
	service       balance.Service
	before, after misses
	peak          int
}

func newResizeMeter(v scenarios.Variant) *resizeMeter {
	m := &resizeMeter{balancing: balancingOf(v), service: v.Test.System.(balance.Service)}
	m.backends = m.backends[:m.service.Sizes[1].Backends]
	m.during = resilience.Interval{From: resizeAt, To: lbTo}
	return m
}

// misses are what caches did not have.
type misses struct{ requests, misses int }

func (m *misses) add(h *history.History, s resilience.Interval) error {
	a, err := resilience.MeasureAttempts(h, s)
	m.requests += a.Requests
	if len(a.ByDepth) > 1 {
		m.misses += a.ByDepth[1]
	}
	return err
}

func (m misses) share() float64 { return scenarios.Ratio(m.misses, m.requests) }

// Add counts one run.
func (m *resizeMeter) Add(ctx context.Context, r *capsize.Result) error {
	if err := m.balancing.Add(ctx, r); err != nil || !m.service.Caches {
		return err
	}
	if err := m.before.add(r.History, resilience.Interval{From: resizeAt - resizeStorm, To: resizeAt}); err != nil {
		return err
	}
	for at := resizeAt; at < resizeAt+resizeStorm; at += time.Second {
		var second misses
		if err := second.add(r.History, resilience.Interval{From: at, To: at + time.Second}); err != nil {
			return err
		}
		m.peak = max(m.peak, second.misses)
	}
	return m.after.add(r.History, resilience.Interval{From: resizeAt, To: resizeAt + resizeStorm})
}

// Fill writes what was counted.
func (m *resizeMeter) Fill(row *scenarios.Row) {
	m.balancing.Fill(row)
	delete(row.Metrics, "bad_node_share")
	if !m.service.Caches {
		return
	}
	row.Metrics["miss_share_before"], row.Metrics["miss_share"], row.Metrics["peak_misses"] = m.before.share(), m.after.share(), float64(m.peak)
	row.Metrics["moved_share"] = movedKeys(m.service)
}

// movedKeys returns the share of the keys that have another backend after the change, while nothing is in flight.
func movedKeys(s balance.Service) float64 {
	moved := 0
	before, after := s.Policy(), s.Policy()
	for key := range resizeKeys {
		p := balance.Pick{Key: resizeRoute(key)}
		if before.Pick(p, idle(s, 0)) != after.Pick(p, idle(s, 1)) {
			moved++
		}
	}
	return scenarios.Ratio(moved, resizeKeys)
}

// idle returns the backends of a size as candidates.
func idle(s balance.Service, size int) (all []balance.Candidate) {
	for _, node := range s.Names()[:s.Sizes[size].Backends] {
		all = append(all, balance.Candidate{Node: node, Weight: 1})
	}
	return all
}

func lbResizeHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if r.Fixed && r.Invalid > 0 || !r.Fixed && r.Invalid < r.Seeds {
			return fmt.Errorf("%s, %s: %d of %d seeds are invalid", r.Variant, r.Fault, r.Invalid, r.Seeds)
		}
		moved, hashed := r.Metrics["moved_share"]
		if hashed && r.Fixed == (moved > 0.35) {
			return fmt.Errorf("%s, %s: %s of the keys moved", r.Variant, r.Fault, scenarios.Fine(moved))
		}
	}
	return nil
}
