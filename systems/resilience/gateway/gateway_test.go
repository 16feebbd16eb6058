package gateway_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/gateway"
	"github.com/capsize-go/capsize/workloads"
)

// run runs one seed of a system, twice out of -short: both histories are the same.
func run(t *testing.T, s cluster.System, nodes int, w workloads.Workload, seed uint64) *capsize.Result {
	t.Helper()
	test := capsize.Test{
		System: s, Workload: w, Nodes: nodes, Clients: 2 * nodes, Duration: 8 * time.Second, Settle: 2 * time.Second, Timeout: 3 * time.Second, Seed: seed,
	}
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	if !testing.Short() && !tier.Race {
		again, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		require.Empty(t, r.Diff(again))
	}
	return r
}

// TestBulkheads has a slow route starve another one if both have the same workers, and not if each has its own.
func TestBulkheads(t *testing.T) {
	for _, perRoute := range []bool{false, true} {
		s := gateway.Bulkheads{PerRoute: perRoute}
		load := workloads.RequestLoad{Arrivals: workloads.Constant(20), Routes: []string{"/reports", "/orders"}, Deadline: time.Second}
		for seed := range uint64(tier.Seeds(t, 1, 1)) {
			r := run(t, s, s.Nodes(), workloads.Requests(s.Open, load), seed+1)
			orders := resilience.Unrelated(0.99, resilience.Interval{}, "/orders").Check(t.Context(), r.History)
			assert.Equal(t, perRoute, orders.Verdict == checker.Valid, "per route %t: %s", perRoute, orders.Reason)
			workers := resilience.Capped(8, "").Check(t.Context(), r.History)
			assert.Equal(t, checker.Valid, workers.Verdict, workers.Reason)
		}
	}
}

// TestRoutes has requests fail that go to a backend which was retired before each gateway had the new table, and a client see
// an older table after a newer one unless it stays with one gateway.
func TestRoutes(t *testing.T) {
	for _, x := range []struct {
		s            gateway.Routes
		failed, back bool
	}{
		{gateway.Routes{}, true, false}, // the older table does not answer any more
		{gateway.Routes{Await: true}, false, true},
		{gateway.Routes{Await: true, Sticky: true}, false, false},
	} {
		load := workloads.RequestLoad{Arrivals: workloads.Constant(60), Deadline: time.Second}
		for seed := range uint64(tier.Seeds(t, 1, 1)) {
			r := run(t, x.s, x.s.Nodes(), workloads.Requests(x.s.Open, load), seed+1)
			failed, back := rollOut(r.History, r.Test.Clients)
			assert.Equal(t, x.failed, failed > 0, "%+v: %d requests failed", x.s, failed)
			assert.Equal(t, x.back, back > 0, "%+v: %d answers by an older table", x.s, back)
		}
	}
}

// rollOut counts the requests that failed, and those that a client made after the answer to another one had come, and that were routed by
// an older table.
func rollOut(h *history.History, clients int) (failed, back int) {
	type answer struct {
		at      time.Duration
		version int
	}
	newest := map[int]answer{} // by client: the first answer with the newest table
	for c := range h.Calls() {
		in := c.Invoke.Input.(model.RequestOp)
		if in.F != "request" {
			continue
		}
		if c.Complete.Type != history.OK {
			failed++
			continue
		}
		got := answer{c.Complete.Time, c.Complete.Output.(model.Answer).Version}
		client := (in.ID - 1) % clients // see workloads.Turn.Number
		switch seen := newest[client]; {
		case got.version > seen.version:
			newest[client] = got
		case got.version < seen.version && c.Invoke.Time > seen.at:
			back++
		}
	}
	return failed, back
}
