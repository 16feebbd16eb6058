package grpcbalance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/systems/resilience/grpcbalance"
	"github.com/capsize-go/capsize/workloads"
)

const (
	bad  = "n2"
	from = 2 * time.Second
	rate = 100 // requests a second
)

var all = []string{"n1", "n2", "n3", "n4"}

// exec runs a service, with some backends bad for a while.
func exec(t *testing.T, s grpcbalance.Service, rate float64, rule checker.Checker, expect checker.Verdict) *capsize.Result {
	t.Helper()
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: s, Nodes: len(all), Clients: 1, Duration: s.Bad.To + time.Second, Settle: 2 * time.Second, Timeout: 3 * time.Second, Seed: 1, Checker: rule, Expect: expect,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(rate), Deadline: 2 * time.Second}),
	})
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	return r
}

// A row is what one of four bad backends does to the users of a policy.
type row struct {
	name   string
	config grpcbalance.Config
	ejects bool
	fails  [2]float64 // bounds of the share of errors if it fails fast
	hangs  [2]float64 // and if it hangs
}

// Least requests hide a backend that hangs from outlier detection: it gets fewer than the ten requests in an interval below which gRPC does not judge it.
var rows = []row{
	{"round_robin", grpcbalance.RoundRobin, false, [2]float64{0.22, 0.28}, [2]float64{0.22, 0.28}},
	{"least_request, 2 choices", grpcbalance.LeastRequest(2), false, [2]float64{0.33, 0.52}, [2]float64{0.04, 0.14}},
	{"least_request, 4 choices", grpcbalance.LeastRequest(4), false, [2]float64{0.52, 0.75}, [2]float64{0.031, 0.10}},
	{"round_robin and outlier detection", grpcbalance.RoundRobinEjecting(), true, [2]float64{0.001, 0.03}, [2]float64{0.001, 0.03}},
	{"least_request, 4 choices, and outlier detection", grpcbalance.LeastRequestEjecting(4), true, [2]float64{0.001, 0.03}, [2]float64{0.031, 0.10}},
}

// tolerated is the share of errors up to which a run is valid.
const tolerated = 0.03

// long is how long a backend is bad: for a minute where outlier detection is to be judged, as the table has it.
func long() time.Duration {
	if tier.Sweeping() || grpcbalance.HasOutlierDetection() {
		return time.Minute
	}
	return 10 * time.Second
}

// TestSinkhole measures what share of the requests fails, and what share the bad backend gets, by policy.
func TestSinkhole(t *testing.T) {
	if testing.Short() {
		t.Skip("TestThrottling has a run")
	}
	for _, r := range rows {
		if r.ejects && !grpcbalance.HasOutlierDetection() {
			t.Logf("%s: not run without -tags xds", r.name)
			continue
		}
		r.measure(t, false, r.fails)
		r.measure(t, true, r.hangs)
	}
}

// measure runs a row, and holds the share of errors to bounds.
func (r row) measure(t *testing.T, hang bool, bounds [2]float64) {
	span := resilience.Interval{From: from, To: from + long()}
	s := grpcbalance.Service{Config: r.config, Bad: grpcbalance.Bad{Nodes: []string{bad}, Hang: hang, From: span.From, To: span.To}}
	want := checker.Invalid
	if bounds[1] <= tolerated {
		want = checker.Valid
	}
	result := exec(t, s, rate, resilience.Unrelated(1-tolerated, span, "/"), want)
	o, err := resilience.MeasureOutcomes(result.History, span)
	require.NoError(t, err)
	load, err := resilience.MeasureLoad(result.History, span, all...)
	require.NoError(t, err)
	share := float64(load.ByNode[bad]) / float64(load.ByNode["n1"]+load.ByNode["n2"]+load.ByNode["n3"]+load.ByNode["n4"])
	errors := 1 - o.Availability()
	t.Logf("| %s | hangs=%v | %.1f %% | %.1f %% | %.2f |", r.name, hang, 100*errors, 100*share, load.Variation)
	assert.True(t, bounds[0] <= errors && errors <= bounds[1], "%s, hangs=%v: %.3f of errors, and %v is expected", r.name, hang, errors, bounds)
	assert.Equal(t, want, result.Verdict, "%s, hangs=%v: %s", r.name, hang, result.Reason)
}

// TestThrottling has all backends answer UNAVAILABLE: three attempts a call are 3000 of 1000, and gRPC's throttling makes 1003 of them. If calls
// overlap there are a few more: those that are in flight when the backends become bad still pay into the budget.
func TestThrottling(t *testing.T) {
	const calls = 1000
	for _, c := range []struct {
		name   string
		config grpcbalance.Config
		rate   float64
		least  int
		most   int
		expect checker.Verdict
	}{
		{"three attempts", grpcbalance.Retrying(0, 0), rate, 3 * calls, 3 * calls, checker.Invalid},
		{"three attempts, maxTokens 10, tokenRatio 0.1, one call at a time", grpcbalance.Retrying(10, 0.1), 20, calls + 3, calls + 3, checker.Valid},
		{"three attempts, maxTokens 10, tokenRatio 0.1, ten calls at a time", grpcbalance.Retrying(10, 0.1), rate, calls + 3, calls + 8, checker.Valid},
	} {
		if testing.Short() && c.rate == rate {
			continue
		}
		span := resilience.Interval{From: from, To: from + time.Duration(1.1*calls/c.rate*float64(time.Second))}
		s := grpcbalance.Service{Config: c.config, Bad: grpcbalance.Bad{Nodes: all, From: span.From, To: span.To}}
		if c.rate < rate {
			s.Work = time.Millisecond
		}
		n := attemptsOfFirst(exec(t, s, c.rate, resilience.Amplified(1.21, span), c.expect), span.From, calls)
		t.Logf("| %s | %d attempts of %d calls |", c.name, n, calls)
		assert.True(t, c.least <= n && n <= c.most, "%s: %d attempts", c.name, n)
	}
}
