package balancing

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/consistency"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/balance"
	"github.com/capsize-go/capsize/workloads"
)

// LBAffinity is the scenario of a session that stays with a backend, until that fails.
func LBAffinity() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "lb-affinity",
		Question: "does a user who stays with one backend (a sticky session) always read what he wrote?",
		Shows: "until the backend fails: the next one lacks the last writes, for as long as replication takes, and for ever if the backend crashed; a user who " +
			"sends the version that he has seen (a ticket) waits or is refused, and reads nothing older, with and without a sticky session",
		Seeds: 4,
		Columns: []scenarios.Column{
			{Title: "own writes missed", Metric: "own_reads", Format: scenarios.Count}, {Title: "errors", Metric: "error_share", Format: scenarios.Fine},
			{Title: "variation of load", Metric: "load_variation", Format: twoDigits},
		},
		Meter:    func(v scenarios.Variant) scenarios.Meter { return &affinityMeter{} },
		Holds:    lbAffinityHolds,
		Variants: affinityVariants(),
	}
}

const (
	noFault        = "none"
	backendCrashes = "backend crashes"

	affinityUsers = 12
	affinityRate  = 40
	affinityLag   = 500 * time.Millisecond
	affinityDown  = 3 * time.Second
)

func affinityVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		name, doc      string
		sticky, ticket bool
	}{
		{"round-robin", "each request of a user goes to the next backend, and a write reaches the others half a second later", false, false},
		{"sticky", "a cookie says which backend the user got first, and he stays there while it is in the rotation", true, false},
		{"ticket", "round robin, and a user sends the version that he has seen: a backend that lacks it waits, and then refuses", false, true},
		{"sticky-ticket", "both", true, true},
	} {
		for _, fault := range []string{noFault, backendFails, backendCrashes} {
			if fault != noFault && !v.sticky && !v.ticket {
				break // it needs no fault
			}
			fixed := v.ticket || v.sticky && fault == noFault
			all = append(all, scenarios.Variant{Name: v.name, Doc: v.doc, Fault: fault, Fixed: fixed, Test: affinityTest(v.name, v.sticky, v.ticket, fault, fixed)})
		}
	}
	return all
}

func affinityTest(name string, sticky, ticket bool, fault string, fixed bool) capsize.Test {
	s := balance.Users{Tickets: ticket, Service: balance.Service{Sticky: sticky, Ejection: balance.Ejection{After: 3, For: 4 * time.Second}, Work: 20 * time.Millisecond, Lag: affinityLag}}
	test := capsize.Test{
		Name: "lb-affinity " + name, Nodes: s.Nodes(), Clients: affinityUsers, Rate: affinityRate, Duration: lbRun, Settle: lbSettle,
		Workload: ownRows(s.OpenUser), Checker: spansApart(consistency.ReadYourWrites(model.Register())), Expect: scenarios.Expected(fixed),
	}
	switch fault {
	case backendFails:
		for i, at := range affinityFaults {
			s.Trouble = append(s.Trouble, balance.Trouble{Node: balance.Backend(i), How: balance.FailsFast, From: at, To: at + affinityDown})
		}
	case backendCrashes:
		var crashes []nemesis.Part
		for i, at := range affinityFaults {
			crashes = append(crashes, nemesis.Part{Number: i + 1, Name: balance.Backend(i), Nemesis: nemesis.At(at, affinityDown, crashBackend)})
		}
		test.Nemesis = nemesis.Together(crashes...)
	}
	test.System = s
	return test
}

// affinityFaults is when the backends fail or crash, one after the other.
var affinityFaults = []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second}

// crashBackend crashes the backend whose turn it is, which loses what it had in memory.
var crashBackend = nemesis.New(backendCrashes, func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	node := ""
	for i, at := range affinityFaults {
		if c.Now() >= at {
			node = balance.Backend(i)
		}
	}
	c.Crash(node)
	return node + " crashes", func() { c.Restart(node) }, nil
})

// ownRows is a workload in which each client writes and reads a row of its own.
func ownRows(open func(ctx context.Context, h *cluster.Host) (*balance.User, error)) workloads.Workload {
	row := func(t workloads.Turn[model.RegisterOp, int]) string { return fmt.Sprint("c", t.Client) }
	return workloads.New(workloads.Spec[*balance.User, model.RegisterOp, int]{
		Name: "own rows", Open: open,
		Next: func(t workloads.Turn[model.RegisterOp, int]) model.RegisterOp {
			if t.Rand.IntN(3) == 0 {
				return model.RegisterOp{F: "write", Key: row(t), Value: t.Number()}
			}
			return model.RegisterOp{F: "read", Key: row(t)}
		},
		Invoke: func(ctx context.Context, u *balance.User, in model.RegisterOp) (int, error) {
			if in.F == "write" {
				return 0, u.Put(ctx, in.Key, in.Value)
			}
			return u.Get(ctx, in.Key)
		},
		Key: func(in model.RegisterOp) string { return in.Key },
	})
}

// An affinityMeter counts reads that missed a write of their own process, and calls that failed.
type affinityMeter struct {
	calls, failed, missed, seeds int
	varied                       float64
}

// Add counts one run.
func (m *affinityMeter) Add(_ context.Context, r *capsize.Result) error {
	wrote := map[int]int{} // by process: its last acknowledged value, which is the greatest
	by := map[int]int{}    // by value: the process that wrote it
	for c := range r.History.Calls() {
		in, ok := c.Invoke.Input.(model.RegisterOp)
		if !ok {
			continue
		}
		answered := c.Complete.Type == history.OK
		m.count(c, answered)
		switch {
		case answered && in.F == "write":
			wrote[c.Invoke.Process], by[in.Value] = in.Value, c.Invoke.Process
		case answered:
			got := c.Complete.Output.(int)
			if p, ok := by[got]; got < wrote[c.Invoke.Process] && (!ok && got == 0 || ok && p == c.Invoke.Process) {
				m.missed++
			}
		}
	}
	load, err := resilience.MeasureLoad(r.History, lbTrouble, r.Test.System.(balance.Users).Names()...)
	m.varied += load.Variation
	m.seeds++
	return err
}

// count counts a call that began while something was wrong.
func (m *affinityMeter) count(c history.Call, answered bool) {
	if !lbTrouble.Contains(c.Invoke.Time) {
		return
	}
	m.calls++
	if !answered {
		m.failed++
	}
}

// Fill writes what was counted.
func (m *affinityMeter) Fill(row *scenarios.Row) {
	row.Metrics["own_reads"] = float64(m.missed)
	row.Metrics["error_share"] = scenarios.Ratio(m.failed, m.calls)
	if m.seeds > 0 {
		row.Metrics["load_variation"] = m.varied / float64(m.seeds)
	}
}

func lbAffinityHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if r.Fixed && r.Invalid > 0 || !r.Fixed && r.Invalid == 0 {
			return fmt.Errorf("%s under %s: %d of %d seeds are invalid", r.Variant, r.Fault, r.Invalid, r.Seeds)
		}
	}
	return scenarios.OnlyWrong(rows, "own_reads")
}
