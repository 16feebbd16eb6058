package isolation

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/levels"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/workloads"
)

// All lists the scenarios of this package.
func All() []scenarios.Scenario { return []scenarios.Scenario{Isolation()} }

const (
	nodes   = 5
	clients = 15

	// All is well for five seconds, then the fault is active for ten, then all is well again.
	before   = 5 * time.Second
	during   = 10 * time.Second
	duration = 20 * time.Second
)

// Isolation is the scenario that makes a [Card] of every database under every fault.
func Isolation() scenarios.Scenario {
	s := scenarios.Scenario{
		Name:     "isolation",
		Question: "which isolation level does each database claim, and which does it keep under faults?",
		Shows:    "every database without a mistake keeps its level under every fault, and every one with a mistake breaks it under some fault",
		Seeds:    5,
		Labels:   Kept + ": every run kept the level that is claimed; " + Broken + ": some run did not; " + Open + ": some run could not be judged, and none broke it",
		Meter:    func(v scenarios.Variant) scenarios.Meter { return databaseNamed(v.Name).card() },
		Holds:    holds,
		Columns: []scenarios.Column{
			{Title: "commit", Metric: "committed", Format: scenarios.Percent}, {Title: "abort", Metric: "aborted", Format: scenarios.Percent},
			{Title: "p50", Metric: "p50_ns", Format: scenarios.Span}, {Title: "p99", Metric: "p99_ns", Format: scenarios.Span},
			{Title: "commit in fault", Metric: "committed_during", Format: scenarios.Percent},
		},
	}
	for _, d := range databases {
		for _, f := range faults {
			s.Variants = append(s.Variants, scenarios.Variant{Name: d.name, Doc: d.doc, Fault: f.name, Fixed: !d.mistaken, Test: d.test(f)})
		}
	}
	return s
}

// A database is a row of the page.
type database struct {
	name, doc string
	claims    txn.Model
	mistaken  bool // it makes a mistake, and does not keep what it claims
	system    cluster.System
	workload  workloads.Workload
	keeper    *levels.Keeper // the checker of the workload
}

func (d database) card() *Card { return &Card{Claimed: d.claims, keeper: d.keeper} }

// A store is a system that clients call with transactions.
type store[C workloads.Transactor] interface {
	cluster.System
	Open(ctx context.Context, h *cluster.Host) (C, error)
}

// on returns a database that keeps what it claims.
func on[C workloads.Transactor](s store[C], name string, claims txn.Model, doc string) database {
	d := database{name: name, doc: doc, claims: claims, system: s, workload: workloads.Append(s.Open, claims, workloads.TxnMix{}), keeper: levels.NewKeeper(txn.Lists, claims)}
	d.workload.Checker = d.keeper
	return d
}

// mistake returns one that makes a mistake.
func mistake[C workloads.Transactor](s store[C], name string, claims txn.Model, doc string) database {
	d := on(s, name, claims, doc)
	d.mistaken = true
	return d
}

func (d database) test(f fault) capsize.Test {
	parts := []nemesis.Part{{Number: 2, Name: "tail", Nemesis: nemesis.At(0, duration, nemesis.Latency(3*time.Millisecond, cluster.LongTail))}}
	if f.fault != nil {
		parts = append(parts, nemesis.Part{Number: 1, Name: "fault", Nemesis: nemesis.At(before, during, f.fault)})
	}
	return capsize.Test{
		Name: "isolation " + d.name, System: d.system, Workload: d.workload, Nemesis: nemesis.Together(parts...),
		Nodes: nodes, Clients: clients, Rate: 150, Duration: duration, Timeout: time.Second,
	}
}

func databaseNamed(name string) database {
	for _, d := range databases {
		if d.name == name {
			return d
		}
	}
	panic(fmt.Sprintf("scenarios: isolation has no variant %q", name)) // a mistake in this file
}

// A fault is a column of the page.
type fault struct {
	name, doc string
	fault     nemesis.Fault // nil for none
}

var faults = []fault{
	{"healthy", "nothing goes wrong but for the long tail of the latency", nil},
	{"cut", "the network is cut, where that hurts most", nemesis.Partitions()},
	{"crash", "a node crashes, and restarts", nemesis.Crashes()},
	{"pause", "a node is paused, as by a long garbage collection", nemesis.Pauses()},
	{"clocks", "clocks flicker between the right time and a wrong one", nemesis.ClockStrobe(0)},
}

// holds says whether rows are as the table of databases has them.
func holds(rows []scenarios.Row) error {
	broken := map[string]string{}
	for _, r := range rows {
		broken[r.Variant] = worse(broken[r.Variant], r.Label)
	}
	for _, d := range databases {
		want := Kept
		if d.mistaken {
			want = Broken
		}
		if got, ok := broken[d.name]; ok && got != want {
			return fmt.Errorf("%s: expected the claim of %s to be %s, and it is %s", d.name, d.claims, want, cmp.Or(got, Open))
		}
	}
	return nil
}
