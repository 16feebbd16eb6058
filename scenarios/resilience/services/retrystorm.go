package services

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/service"
	"github.com/capsize-go/capsize/workloads"
)

// RetryStorm is the scenario of retries at several layers: how many attempts reach what is down already.
func RetryStorm() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "retry-storm",
		Question: "how many attempts does one request make at a service that is down, three calls deep, and when do the clients come back that wait for it?",
		Shows: "three tries at each of two layers are nine attempts a request, and three at one layer are three; a budget that counts retries against requests gives 1.21 at most, " +
			"and budgets that count something else give other numbers; without jitter all who wait come back in one wave",
		Seeds: 2,
		Columns: []scenarios.Column{
			{Title: "requests", Metric: "requests", Format: scenarios.Count}, {Title: "attempts", Metric: "backend_attempts", Format: scenarios.Count},
			{Title: "a request", Metric: "attempts_per_request", Format: hundredths}, {Title: "peak / mean", Metric: "peak_over_mean", Format: hundredths},
		},
		Meter:    func(v scenarios.Variant) scenarios.Meter { return &stormMeter{wave: v.Fault == waveFault} },
		Holds:    retryStormHolds,
		Picture:  drawRetryStorm,
		Variants: append(stormVariants(), waveVariants()...),
	}
}

func hundredths(x float64) string { return fmt.Sprintf("%.2f", x) }

// The storm: the deepest of three services is down, and 1000 requests arrive meanwhile.
const (
	stormFault    = "backend down"
	stormRequests = 1000
	stormRate     = 200.0
	stormDown     = 500 * time.Millisecond // when the service goes down
	stormBegin    = time.Second            // when requests arrive
	stormCalm     = 6100 * time.Millisecond
	stormUp       = 7 * time.Second // when it comes back; those who wait have had their last try
	stormRun      = 8 * time.Second
	stormMost     = 3 // attempts a request that the retry policy of one layer stands for
	stormDeadline = 4 * time.Second
	stormRoute    = "/deep"
)

func stormArrivals(at time.Duration) float64 {
	switch {
	case at < stormBegin || at >= stormCalm && at < stormUp:
		return 0
	case at >= stormUp:
		return 20
	}
	return stormRate
}

// stormNext asks for what A has itself once the 1000 have arrived, until the service is back: these have no part in any budget.
func stormNext(t workloads.Turn[model.RequestOp, model.Answer]) model.RequestOp {
	in := model.RequestOp{F: "request", Route: stormRoute}
	if t.Number() > stormRequests && t.Now < stormUp {
		in.Route = "/near"
	}
	return in
}

// threeTries is what each layer does by itself.
var threeTries = policy.Retry{Attempts: 3, Backoff: policy.Backoff{Base: 50 * time.Millisecond, Max: 400 * time.Millisecond}}

// counted is threeTries with a budget of a retry for ten requests.
var counted = policy.Retry{Attempts: 3, Backoff: threeTries.Backoff, Budget: policy.Budget{Ratio: 0.1}}

// stormBreaker opens at half of 20 requests in a second.
var stormBreaker = policy.Breaker{Share: 0.5, Least: 20, Within: time.Second, Open: time.Second}

func stormVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		name, doc string
		fixed     bool
		a, b      policy.Policy // of A, which the clients ask, and of B, which A asks
	}{
		{"naive", "A and B try three times each (failsafe-go)", false, policy.FailsafeRetry(threeTries), policy.FailsafeRetry(threeTries)},
		{"naive-backoff", "the same by cenkalti/backoff", false, policy.BackoffRetry(threeTries), policy.BackoffRetry(threeTries)},
		{"naive-retry-go", "the same by avast/retry-go", false, policy.AvastRetry(threeTries), policy.AvastRetry(threeTries)},
		{"naive-retryablehttp", "the same by hashicorp/go-retryablehttp", false, policy.RetryableHTTP(threeTries), policy.RetryableHTTP(threeTries)},
		{"one-layer", "A alone tries three times", true, policy.FailsafeRetry(threeTries), nil},
		{"failsafe-budget-10", "the budget of failsafe-go: a tenth of what is in flight at A and at B", false,
			policy.FailsafeBudget(threeTries, 0.1), policy.FailsafeBudget(threeTries, 0.1)},
		{"failsafe-budget-20", "the same with a fifth, its default", false, policy.FailsafeBudget(threeTries, 0.2), policy.FailsafeBudget(threeTries, 0.2)},
		{"retry-go-throttle", "the token bucket of avast/retry-go at A and at B, which successes fill", true, policy.AvastThrottle(threeTries), policy.AvastThrottle(threeTries)},
		{"count-budget", "A and B have a budget of one retry for ten requests", true, policy.FailsafeRetry(counted), policy.FailsafeRetry(counted)},
		{"count-budget-retry-go", "the same budget around avast/retry-go", true, policy.AvastRetry(counted), policy.AvastRetry(counted)},
		{"count-budget-retryablehttp", "the same budget around hashicorp/go-retryablehttp", true, policy.RetryableHTTP(counted), policy.RetryableHTTP(counted)},
		{"breaker-failsafe", "A and B try three times, B through the circuit breaker of failsafe-go", true, policy.FailsafeRetry(threeTries),
			policy.Chain(policy.FailsafeRetry(threeTries), policy.FailsafeBreaker(stormBreaker))},
		{"breaker-gobreaker", "the same through sony/gobreaker", true, policy.FailsafeRetry(threeTries),
			policy.Chain(policy.FailsafeRetry(threeTries), policy.GoBreaker(stormBreaker))},
	} {
		all = append(all, stormVariant(v.name, v.doc, v.fixed, v.a, v.b))
	}
	return all
}

// stormVariant is three services in a row; the clients try once.
func stormVariant(name, doc string, fixed bool, a, b policy.Policy) scenarios.Variant {
	system := service.System{Services: service.Chain(
		service.Service{Time: time.Millisecond, Policy: a}, service.Service{Time: time.Millisecond, Policy: b},
		service.Service{Role: "backend", Time: time.Millisecond, Stores: true})}
	system.Services[0].Asks[0].Route = stormRoute
	return scenarios.Variant{Name: name, Doc: doc, Fault: stormFault, Fixed: fixed, Test: capsize.Test{
		Name: "retry-storm " + name, System: system, Nodes: system.Nodes(), Clients: 1, Duration: stormRun, Settle: 2 * time.Second, Timeout: 2 * stormDeadline,
		Nemesis: nemesis.At(stormDown, stormUp-stormDown, nemesis.DiskFull(nemesis.WithRole("backend"))),
		Workload: workloads.Requests(system.Open, workloads.RequestLoad{
			Arrivals: stormArrivals, Next: stormNext, Deadline: stormDeadline, Checker: resilience.Amplified(stormMost, resilience.Interval{To: stormUp})}),
		Expect: scenarios.Expected(fixed),
	}}
}

// The wave: clients all ask within 100 ms a service that is down, and try until it is up.
const (
	waveFault  = "clients wait"
	waveRate   = 2000.0
	waveLength = 100 * time.Millisecond
	waveUp     = 6 * time.Second
	waveAfter  = waveMost // in which all come back
	waveMost   = 4 * time.Second
	waveRun    = waveUp + waveAfter
	wavePeak   = 6 // times the mean, at most
	waveWindow = 100 * time.Millisecond

	// attemptsSeries is the series of the attempts in each window, of the first seed, from the first attempt on after the service is back.
	attemptsSeries = "attempts_after_heal"
)

func waveArrivals(at time.Duration) float64 {
	switch {
	case at >= stormBegin && at < stormBegin+waveLength:
		return waveRate
	case at >= waveRun:
		return 20
	}
	return 0
}

func waveVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		jitter policy.Jitter
		doc    string
		fixed  bool
	}{
		{policy.NoJitter, "the delay doubles from 100 ms to 4 s", false},
		{policy.EqualJitter, "the same, and the upper half of each delay is random", true},
		{policy.FullJitter, "the same, and the whole delay is random", true},
		{policy.Decorrelated, "the delay is random, up to three times the one before it", true},
	} {
		retry := policy.Retry{Attempts: 20, Backoff: policy.Backoff{Base: 100 * time.Millisecond, Max: waveMost, Jitter: v.jitter}}
		system := service.System{Services: []service.Service{{Role: "backend", Time: time.Millisecond, Stores: true}}, Client: policy.FailsafeRetry(retry)}
		all = append(all, scenarios.Variant{Name: "jitter-" + string(v.jitter), Doc: v.doc, Fault: waveFault, Fixed: v.fixed, Test: capsize.Test{
			Name: "retry-storm jitter-" + string(v.jitter), System: system, Nodes: 1, Clients: 1, Duration: waveRun, Settle: 2 * time.Second, Timeout: time.Minute,
			Nemesis:  nemesis.At(stormDown, waveUp-stormDown, nemesis.DiskFull(nemesis.WithRole("backend"))),
			Workload: workloads.Requests(system.Open, workloads.RequestLoad{Arrivals: waveArrivals, Deadline: 30 * time.Second, Checker: spread(wavePeak)}),
			Expect:   scenarios.Expected(v.fixed),
		}})
	}
	return all
}

// spread returns the checker of a wave: in the time after the service has come back in which all who waited try it, no 100 ms have more than most times
// the mean of attempts.
func spread(most float64) checker.Checker {
	return checker.Func(func(_ context.Context, h *history.History) checker.Result {
		res := checker.Result{Checker: "spread", Broken: "all clients came back at once"}
		peak, mean := returning(h)
		if mean == 0 {
			res.Verdict, res.Reason = checker.Unknown, "no client came back"
			return res
		}
		res.Reason = fmt.Sprintf("%d attempts in 100 ms, which is %.2f times the mean of the %v after the service was back", peak, float64(peak)/mean, waveAfter)
		if float64(peak) > most*mean {
			res.Verdict = checker.Invalid
		}
		return res
	})
}

// returning returns the most attempts in any 100 ms of the time in which all who waited come back, and the mean.
func returning(h *history.History) (peak int, mean float64) {
	at := attemptsAfter(h, waveAfter)
	from := 0
	for to := range at {
		for at[to]-at[from] >= waveWindow {
			from++
		}
		peak = max(peak, to-from+1)
	}
	return peak, float64(len(at)) * float64(waveWindow) / float64(waveAfter)
}

// attemptsByWindow returns how many attempts began in each window of that time.
func attemptsByWindow(h *history.History) []int {
	counts := make([]int, waveAfter/waveWindow)
	at := attemptsAfter(h, waveAfter)
	for _, t := range at {
		counts[(t-at[0])/waveWindow]++
	}
	return counts
}

// attemptsAfter returns when attempts began, in order, in the time after the first fault was healed.
func attemptsAfter(h *history.History, within time.Duration) (at []time.Duration) {
	var up time.Duration
	for f := range h.Faults() {
		up = f.Complete.Time
		break
	}
	for c := range h.Calls() {
		in, ok := c.Invoke.Input.(model.RequestOp)
		if t := c.Invoke.Time; ok && in.F == "attempt" && t >= up && t < up+within {
			at = append(at, t)
		}
	}
	return at
}

// A stormMeter counts attempts for the requests while the service is down.
type stormMeter struct {
	wave     bool
	seeds    int
	requests int
	attempts []int // by depth
	peaks    float64
	first    []int // of the first run of a wave: attempts in each 100 ms from when the service is back
}

// Add counts one run.
func (m *stormMeter) Add(_ context.Context, r *capsize.Result) error {
	m.seeds++
	if m.wave {
		peak, mean := returning(r.History)
		m.peaks += float64(peak) / mean
		if m.first == nil {
			m.first = attemptsByWindow(r.History)
		}
		return nil
	}
	a, err := resilience.MeasureAttempts(r.History, resilience.Interval{To: endOfRequest(r.History, stormRequests)})
	m.requests += a.Requests
	for i, n := range a.ByDepth {
		if i >= len(m.attempts) {
			m.attempts = append(m.attempts, 0)
		}
		m.attempts[i] += n
	}
	return err
}

// endOfRequest returns when the request after the first n began.
func endOfRequest(h *history.History, n int) time.Duration {
	for c := range h.Calls() {
		if in, ok := c.Invoke.Input.(model.RequestOp); ok && in.F == "request" {
			if n--; n < 0 {
				return c.Invoke.Time
			}
		}
	}
	return 0
}

// Fill writes what was counted; counts are of one run in the mean.
func (m *stormMeter) Fill(row *scenarios.Row) {
	if m.wave {
		row.Metrics["peak_over_mean"] = m.peaks / float64(m.seeds)
		row.SetSeries(attemptsSeries, m.first)
		return
	}
	row.Metrics["requests"] = scenarios.Ratio(m.requests, m.seeds)
	for i, n := range m.attempts {
		row.Metrics[fmt.Sprintf("attempts_depth_%d", i+1)] = scenarios.Ratio(n, m.seeds)
	}
	deepest := m.attempts[len(m.attempts)-1]
	row.Metrics["backend_attempts"] = scenarios.Ratio(deepest, m.seeds)
	row.Metrics["attempts_per_request"] = scenarios.Ratio(deepest, m.requests)
}

// stormWant is what the claims are: attempts a request, at least and at most.
var stormWant = map[string][2]float64{
	"naive": {9, 9}, "naive-backoff": {9, 9}, "naive-retry-go": {9, 9}, "naive-retryablehttp": {9, 9}, "one-layer": {3, 3},
	"failsafe-budget-10": {3.01, 4.5}, "failsafe-budget-20": {4, 6}, "retry-go-throttle": {1, 1.21},
	"count-budget": {1.19, 1.21}, "count-budget-retry-go": {1.19, 1.21}, "count-budget-retryablehttp": {1.19, 1.21},
	"breaker-failsafe": {0.001, 0.1}, "breaker-gobreaker": {0.001, 0.1},
}

func retryStormHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if r.Fixed != (r.Invalid == 0) || r.Unknown > 0 {
			return fmt.Errorf("%s: %d of %d seeds are invalid", r.Variant, r.Invalid, r.Seeds)
		}
		if r.Fault == waveFault {
			if peak := r.Metrics["peak_over_mean"]; !r.Fixed && peak < 15 || r.Fixed && peak > wavePeak {
				return fmt.Errorf("%s: the peak is %.2f times the mean", r.Variant, peak)
			}
			continue
		}
		want, n := stormWant[r.Variant], r.Metrics["attempts_per_request"]
		if n < want[0] || n > want[1] || r.Metrics["requests"] != stormRequests {
			return fmt.Errorf("%s: %.2f attempts a request of %.0f, and there must be %.2f to %.2f", r.Variant, n, r.Metrics["requests"], want[0], want[1])
		}
	}
	return nil
}
