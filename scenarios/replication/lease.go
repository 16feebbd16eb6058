package replication

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/consistency"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
)

// LeaseReads is the scenario of reads by a lease that the leader measures by its own clock, while the
// others elect another one by theirs.
func LeaseReads() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "lease-reads",
		Question: "does a leader that is cut off answer reads when another one has taken writes?",
		Shows:    "no seed is stale by ReadIndex, many are by lease though no clock is wrong, and nearly all if the leader's clock is slow",
		Seeds:    100,
		Columns: []scenarios.Column{
			{Title: "stale seeds", Metric: "stale_seeds", Format: scenarios.Count}, {Title: "stale reads", Metric: "stale_reads", Format: scenarios.Count}, {Title: "oldest", Metric: "stale_worst_ns", Format: scenarios.Span},
		},
		Meter: func(scenarios.Variant) scenarios.Meter { return &staleness{} },
		Holds: leaseReadsHold,
		Variants: []scenarios.Variant{
			leaseVariant("index", "a leader asks a majority before it answers", raftkv.ByIndex, nil, checker.Valid),
			leaseVariant("lease", "a leader answers by its lease; all clocks are right", raftkv.ByLease, nil, checker.Invalid),
			leaseVariant("lease-half-speed", "the same, and the leader's clock runs at half the speed", raftkv.ByLease, halfSpeed, checker.Invalid),
			leaseVariant("lease-quarter-speed", "the same, and the leader's clock runs at a quarter of the speed", raftkv.ByLease, quarterSpeed, checker.Invalid),
		},
	}
}

func leaseVariant(name, doc string, by raftkv.Reads, clock nemesis.Fault, expect checker.Verdict) scenarios.Variant {
	store := raftkv.Store{Reads: by}
	parts := []nemesis.Part{{Number: 1, Name: "cut", Nemesis: nemesis.At(before, before, nemesis.Partitions(nemesis.Leader))}}
	if clock != nil {
		parts = append(parts, nemesis.Part{Number: 2, Name: "clock", Nemesis: nemesis.At(warmup, 2*before, clock)})
	}
	return scenarios.Variant{Name: name, Doc: doc, Fixed: expect == checker.Valid, Test: capsize.Test{
		Name: "lease-reads " + name, System: store, Workload: readsAndWrites(store.Open), Nemesis: nemesis.Together(parts...),
		Nodes: nodes, Clients: nodes * int(roles), Rate: 200, Duration: 3 * before, Timeout: 500 * time.Millisecond, Expect: expect,
	}}
}

var (
	halfSpeed    = slowClock("leader clock ½", 0.5)
	quarterSpeed = slowClock("leader clock ¼", 0.25)
)

// slowClock returns a fault that slows the clock of the node that leads when it is injected.
func slowClock(name string, speed float64) nemesis.Fault {
	return nemesis.New(name, func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
		leaders := c.Leaders()
		if len(leaders) == 0 {
			return "", nil, nemesis.ErrNotTriggered
		}
		return fmt.Sprintf("%s: %s", name, leaders[0]), c.ImpairClock(leaders[0], cluster.ClockError{Drift: 1e6 * (speed - 1)}), nil
	})
}

func leaseReadsHold(rows []scenarios.Row) error {
	last := -1.0
	for _, r := range rows {
		share := r.Metrics["stale_seeds"] / float64(r.Seeds)
		if r.Fixed && share > 0 || !r.Fixed && share < last {
			return fmt.Errorf("%s: %.0f %% of the seeds are stale, after %.0f %%", r.Variant, 100*share, 100*last)
		}
		last = share
	}
	return nil
}

// staleness is a [Meter] of stale reads alone.
type staleness struct{ seeds, reads, worst float64 }

func (m *staleness) Add(_ context.Context, r *capsize.Result) error {
	s, err := consistency.MeasureStaleness(model.Register(), onSharedKeys(r.History))
	if err != nil {
		return fmt.Errorf("staleness: %w", err)
	}
	if s.Stale > 0 {
		m.seeds++
	}
	m.reads, m.worst = m.reads+float64(s.Stale), max(m.worst, float64(s.Age))
	return nil
}

func (m *staleness) Fill(row *scenarios.Row) {
	row.Metrics["stale_seeds"], row.Metrics["stale_reads"], row.Metrics["stale_worst_ns"] = m.seeds, m.reads, m.worst
}
