package balance_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/resilience/balance"
	"github.com/capsize-go/capsize/workloads"
)

// Something is wrong from the second second to the fifth.
const (
	from = 2 * time.Second
	to   = 5 * time.Second
	run  = 7 * time.Second
)

// A degradation is a fault of a test: a backend that fails.
type degradation struct {
	node string
	how  cluster.Degradation
}

// failing has backends fail meanwhile.
var failing = map[degradation]nemesis.Fault{}

func init() {
	for _, d := range []degradation{{"n2", balance.Hangs}, {"n3", balance.Slow}, {"n2", balance.FailsFast}} {
		failing[d] = nemesis.New(fmt.Sprint(d), func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
			return d.node, c.Degrade(d.node, d.how), nil
		})
	}
}

// during injects faults while something is to be wrong.
func during(list ...degradation) (plan nemesis.Plan) {
	for i, d := range list {
		plan = append(plan, nemesis.Step{ID: i + 1, At: from + time.Duration(i)*time.Millisecond, For: to - from, Fault: failing[d]})
	}
	return plan
}

func testOf(s balance.Service, faults ...degradation) capsize.Test {
	return capsize.Test{
		Nemesis: during(faults...),
		System:  s, Nodes: s.Nodes(), Clients: 2, Duration: run, Settle: time.Second, Seed: 1, Timeout: 5 * time.Second,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(40), Routes: []string{"/a", "/b"}, Deadline: 2 * time.Second}),
	}
}

// A tally is what came of the requests of a run in a span of it.
type tally struct {
	ok, failed int
	load       map[string]int // attempts by backend
	sick       int            // probes that said so
}

func tallied(t *testing.T, s balance.Service, from, to time.Duration, faults ...degradation) tally {
	t.Helper()
	r, err := capsize.Exec(t.Context(), t, testOf(s, faults...))
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	n := tally{load: map[string]int{}}
	for c := range r.History.Calls() {
		if c.Invoke.Time < from || c.Invoke.Time >= to {
			continue
		}
		n.count(c)
	}
	return n
}

func (n *tally) count(c history.Call) {
	switch in := c.Invoke.Input.(model.RequestOp); {
	case in.F == "attempt" && in.Depth == 1:
		n.load[in.At]++
	case in.F == "probe" && c.Complete.Type == history.OK && !c.Complete.Output.(model.Answer).Up:
		n.sick++
	case in.F == "request" && c.Complete.Type == history.OK:
		n.ok++
	case in.F == "request":
		n.failed++
	}
}

// TestReplays runs a balancer with all that it can do twice: the histories are the same byte for byte.
func TestReplays(t *testing.T) {
	s := balance.Service{
		Policy: balance.LeastConnections, Timeout: time.Second, Probes: balance.Probes{Every: time.Second, Path: balance.Deep}, Ejection: balance.Ejection{After: 3, For: time.Second},
		Panic: 0.5, SlowStart: time.Second, Needs: []string{"/a"}, Caches: true,
	}
	capsize.CheckDeterminism(t, testOf(s, degradation{"n2", balance.Hangs}, degradation{"n3", balance.Slow}))
}

// TestProbes takes a backend that hangs out of the rotation, and back into it.
func TestProbes(t *testing.T) {
	if testing.Short() {
		t.Skip("TestReplays has them")
	}
	s := balance.Service{Probes: balance.Probes{Every: 200 * time.Millisecond, Timeout: 100 * time.Millisecond, Path: balance.Deep}}
	hangs := degradation{"n2", balance.Hangs}
	during := tallied(t, s, from+700*time.Millisecond, to, hangs)
	assert.Zero(t, during.load["n2"])
	assert.Positive(t, during.sick)
	assert.Zero(t, during.failed)
	after := tallied(t, s, to+time.Second, run, hangs)
	assert.Positive(t, after.load["n2"])
	assert.Zero(t, after.sick)
}

// TestSlowStart gives a backend that joins little at first, and then its share.
func TestSlowStart(t *testing.T) {
	if testing.Short() {
		t.Skip("TestReplays has it")
	}
	s := balance.Service{Sizes: []balance.Size{{From: 0, Backends: 3}, {From: from, Backends: 4}}}
	share := func(s balance.Service, from, to time.Duration) float64 {
		n := tallied(t, s, from, to)
		return float64(n.load["n5"]) / float64(n.ok)
	}
	assert.InDelta(t, 0.25, share(s, from, from+time.Second), 0.04)
	s.SlowStart = 3 * time.Second
	assert.Less(t, share(s, from, from+time.Second), 0.12)
	assert.InDelta(t, 0.25, share(s, from+s.SlowStart, run), 0.04)
	assert.Zero(t, share(s, 0, from))
}

// TestUsersReplay runs users with sticky sessions and tickets twice, while a backend fails: the histories are the same byte for byte.
func TestUsersReplay(t *testing.T) {
	s := balance.Users{Tickets: true, Service: balance.Service{Sticky: true, Ejection: balance.Ejection{After: 3}}}
	capsize.CheckDeterminism(t, capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 6, Rate: 60, Duration: 3 * time.Second, Settle: time.Second, Seed: 1,
		Nemesis: during(degradation{"n2", balance.FailsFast}), Workload: workloads.Register(s.OpenUser),
		Checker: checker.Func(func(context.Context, *history.History) checker.Result { return checker.Result{Checker: "none"} }),
	})
}
