package service_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/service"
	"github.com/capsize-go/capsize/workloads"
)

// run runs a system under a load of 40 requests a second for two seconds, and of 5 a second before and after.
func run(t *testing.T, s service.System, deadline time.Duration, n nemesis.Nemesis, judge checker.Checker) *capsize.Result {
	t.Helper()
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 1, Duration: 4 * time.Second, Settle: 3 * time.Second, Timeout: 10 * time.Second, Seed: 1, Nemesis: n,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Deadline: deadline, Checker: judge, Arrivals: func(at time.Duration) float64 {
			if at >= time.Second && at < 3*time.Second {
				return 40
			}
			return 5
		}}),
	})
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	return r
}

// single is a service with two workers that answer 20 requests a second.
func single(q service.Queue) service.System {
	return service.System{Propagate: true, Services: []service.Service{{Role: "backend", Workers: 2, Time: 100 * time.Millisecond, Queue: q}}}
}

// spans returns the calls of a kind, in the order of their beginning.
func spans(r *capsize.Result, f string) (all []history.Call) {
	for c := range r.History.Calls() {
		if in := c.Invoke.Input.(model.RequestOp); in.F == f {
			all = append(all, c)
		}
	}
	return all
}

func idOf(c history.Call) int { return c.Invoke.Input.(model.RequestOp).ID }

// TestQueueServesInOrder has the queue serve the first that came first, or the last that did, and all of them in the end.
func TestQueueServesInOrder(t *testing.T) {
	for _, last := range []bool{false, true} {
		r := run(t, single(service.Queue{Last: last}), 8*time.Second, nil, resilience.Capped(2, "n1/workers"))
		require.Equal(t, checker.Valid, r.Verdict, r.Reason)
		var served []int
		for _, c := range spans(r, "hold") {
			served = append(served, idOf(c))
		}
		assert.Equal(t, !last, slices.IsSorted(served))
		assert.Len(t, served, len(spans(r, "request")))
	}
}

// TestQueueRefuses has the queue refuse what is beyond its bound.
func TestQueueRefuses(t *testing.T) {
	const bound = 5
	r := run(t, single(service.Queue{Bound: bound}), 8*time.Second, nil, resilience.Capped(2, "n1/workers"))
	require.Equal(t, checker.Valid, r.Verdict, r.Reason)
	refused := 0
	for _, c := range spans(r, "work") {
		if c.Complete.Type == history.Fail {
			refused++
			assert.Equal(t, "503 Service Unavailable", c.Complete.Err)
		}
	}
	assert.Greater(t, refused, 10)
	waiting, most := 0, 0
	for op := range r.History.Ops() {
		if in, ok := op.Input.(model.RequestOp); ok && in.F == "wait" {
			waiting++
		}
		most = max(most, waiting-ended(r, "wait", op.Time))
	}
	assert.Equal(t, bound, most)
}

// ended counts the spans of a kind that ended before an instant.
func ended(r *capsize.Result, f string, at time.Duration) (n int) {
	for _, c := range spans(r, f) {
		if c.Complete.Time < at {
			n++
		}
	}
	return n
}

// TestQueueDrops has the service not begin with requests whose deadline has passed, or passes before they can be done.
func TestQueueDrops(t *testing.T) {
	const deadline = 500 * time.Millisecond
	for drop, least := range map[service.Drop]time.Duration{service.DropExpired: 0, service.DropLate: 100 * time.Millisecond} {
		r := run(t, single(service.Queue{Drop: drop}), deadline, nil, resilience.Capped(2, "n1/workers"))
		require.Equal(t, checker.Valid, r.Verdict, "%s: %s", drop, r.Reason)
		deadlines, late := map[int]time.Duration{}, 0
		for _, c := range spans(r, "request") {
			deadlines[idOf(c)] = c.Invoke.Input.(model.RequestOp).Deadline
		}
		for _, c := range spans(r, "hold") {
			left := deadlines[idOf(c)] - c.Invoke.Time
			assert.Greater(t, left, least-time.Millisecond, drop)
			if left < 100*time.Millisecond-time.Millisecond {
				late++
			}
		}
		assert.Equal(t, drop == service.DropExpired, late > 0, "%s: %d requests were begun too late", drop, late)
	}
}

// TestServiceFails has a service fail as faults say: one that stores when its disk is full, and any one when it hangs or is slow.
func TestServiceFails(t *testing.T) {
	s := service.System{Services: service.Chain(
		service.Service{Policy: policy.Timeout(100 * time.Millisecond)},
		service.Service{Role: "backend", Time: 20 * time.Millisecond, Stores: true})}
	during := resilience.Interval{From: 1500 * time.Millisecond, To: 2500 * time.Millisecond}
	for _, f := range []nemesis.Fault{
		nemesis.DiskFull(nemesis.WithRole("backend")),
		nemesis.Degrades(cluster.AcceptAndHang, nemesis.WithRole("backend")),
		nemesis.Degrades(cluster.SlowByTen, nemesis.WithRole("backend")),
	} {
		r := run(t, s, time.Second, nemesis.At(during.From, during.To-during.From, f), nil)
		in, err := resilience.MeasureOutcomes(r.History, resilience.Interval{From: during.From + 10*time.Millisecond, To: during.To - 200*time.Millisecond})
		require.NoError(t, err)
		after, err := resilience.MeasureOutcomes(r.History, resilience.Interval{From: during.To + 10*time.Millisecond})
		require.NoError(t, err)
		assert.Zero(t, in.OK, f)
		assert.Equal(t, after.Requests, after.OK, f)
	}
}

// TestParts has an answer without an optional part say so, unless it keeps quiet.
func TestParts(t *testing.T) {
	for _, ask := range []service.Ask{{Node: "n2", Optional: true}, {Node: "n2", Silent: true}} {
		s := service.System{Services: []service.Service{{Asks: []service.Ask{ask}}, {Role: "backend", Stores: true}}}
		r := run(t, s, time.Second, nemesis.At(time.Second, time.Second, nemesis.DiskFull(nemesis.WithRole("backend"))), resilience.Whole())
		m, err := resilience.MeasureParts(r.History, resilience.Interval{})
		require.NoError(t, err)
		assert.Equal(t, ask.Optional, r.Verdict == checker.Valid, r.Reason)
		assert.Equal(t, []bool{ask.Optional, ask.Silent}, []bool{m.Partial > 20, m.Silent > 20})
	}
}
