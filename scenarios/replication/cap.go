package replication

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/kv/chainkv"
	"github.com/capsize-go/capsize/systems/kv/crdtkv"
	"github.com/capsize-go/capsize/systems/kv/primarykv"
	primarygossip "github.com/capsize-go/capsize/systems/kv/primarykv/gossiped"
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
	quorumgossip "github.com/capsize-go/capsize/systems/kv/quorumkv/gossiped"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/systems/kv/registerkv"
	"github.com/capsize-go/capsize/workloads"
)

// CAP is the scenario that makes a [Card] of every way to replicate data under every way to cut
// a network.
func CAP() scenarios.Scenario {
	s := scenarios.Scenario{
		Name:     "cap",
		Question: "while the network is cut, who is answered, and are the answers right?",
		Shows:    "no card has every request answered on all sides and every history linearizable",
		Seeds:    5,
		Meter:    func(v scenarios.Variant) scenarios.Meter { return &Card{judge: choiceNamed(v.Name).judge} },
		Holds:    capHolds,
		Labels:   "C: always linearizable; A: each request was answered, on each side; neither: all else",
		Columns: []scenarios.Column{
			{Title: "maj R", Metric: "majority_read", Format: scenarios.Percent}, {Title: "maj W", Metric: "majority_write", Format: scenarios.Percent},
			{Title: "min R", Metric: "minority_read", Format: scenarios.Percent}, {Title: "min W", Metric: "minority_write", Format: scenarios.Percent},
			{Title: "stale", Metric: "stale_reads", Format: scenarios.Count}, {Title: "oldest", Metric: "stale_worst_ns", Format: scenarios.Span},
			{Title: "lost", Metric: "lost_acked", Format: scenarios.Count}, {Title: "failover", Metric: "majority_write_first_ns", Format: scenarios.Span}, {Title: "recover", Metric: "recover_ns", Format: scenarios.Span},
			{Title: "p50", Metric: "p50_ns", Format: scenarios.Span}, {Title: "p99", Metric: "p99_ns", Format: scenarios.Span},
		},
	}
	for _, c := range choices {
		for _, f := range capCuts {
			s.Variants = append(s.Variants, scenarios.Variant{
				Name: c.name, Doc: c.doc, Fault: f.name, Fixed: c.label == Consistent, Test: c.test(f),
			})
		}
	}
	return s
}

const (
	nodes = 5

	// The network is whole for five seconds, then cut for ten, then whole again.
	before   = 5 * time.Second
	during   = 10 * time.Second
	duration = 20 * time.Second
)

// tail is there all the time: links as they are, whose latency has a long tail.
var tail = nemesis.Latency(3*time.Millisecond, cluster.LongTail)

// A choice is a way to replicate data, as people choose it.
type choice struct {
	name, doc string
	label     string // that it deserves, over all faults
	system    cluster.System
	workload  workloads.Workload
	judge     judge
	also      nemesis.Fault // active all the time, beside the cut; none if nil
	settle    time.Duration // how long it may take until all is well after the cut; default that of [capsize.Test]
}

func (c choice) test(f cut) capsize.Test {
	parts := []nemesis.Part{
		{Number: 1, Name: "cut", Nemesis: nemesis.At(before, during, f.fault)},
		{Number: 2, Name: "tail", Nemesis: nemesis.At(0, duration, tail)},
	}
	if c.also != nil {
		parts = append(parts, nemesis.Part{Number: 3, Name: "also", Nemesis: nemesis.At(warmup, duration-warmup, c.also)})
	}
	return capsize.Test{
		Name: "cap " + c.name, System: c.system, Workload: c.workload, Nemesis: nemesis.Together(parts...),
		Nodes: nodes, Clients: nodes * int(roles), Rate: 150, Duration: duration, Timeout: 500 * time.Millisecond, Settle: c.settle,
	}
}

func choiceNamed(name string) choice {
	for _, c := range choices {
		if c.name == name {
			return c
		}
	}
	panic(fmt.Sprintf("scenarios: cap has no variant %q", name)) // a mistake in this file
}

// choices are the variants of cap.
var choices = []choice{
	on(raftkv.Store{Reads: raftkv.ByIndex}, "raft-index", Consistent, "raft; a leader asks a majority before it answers a read"),
	on(raftkv.Store{Reads: raftkv.ByLease}, "raft-lease", Neither, "raft; a leader answers reads by a lease, which may outlive its leadership"),
	on(raftkv.Store{Reads: raftkv.ByLease}, "raft-lease-slow-clock", Neither, "the same, and the leader's clock runs at a quarter of the speed").beside(quarterSpeed),
	on(raftkv.Store{Reads: raftkv.AtLeader}, "raft-leader", Neither, "raft; a node that believes it is the leader answers reads"),
	on(raftkv.Store{Reads: raftkv.Anywhere}, "raft-any", Neither, "raft; every node answers reads from its own state"),

	on(primarykv.Store{}, "primary-sync", Consistent, "a primary with a lease; writes wait for a majority"),
	on(primarykv.Store{Replication: primarykv.SemiSync}, "primary-semisync", Neither, "writes wait for one backup"),
	on(primarykv.Store{Replication: primarykv.SemiSync, Degrade: 200 * time.Millisecond}, "primary-semisync-degrade", Neither, "writes wait for one backup, but no longer than 200 ms"),
	on(primarykv.Store{Replication: primarykv.Async}, "primary-async", Neither, "writes are answered by the primary alone; a backup replaces it when its lease has run out"),
	on(primarykv.Store{Replication: primarykv.Async, Failover: primarykv.Fixed}, "primary-fixed", Consistent, "writes are answered by the primary alone, and no backup replaces it"),
	on(primarykv.Store{Replication: primarykv.Async, Bugs: primarykv.NoFencing}, "primary-no-fencing", Neither, "the same as primary-async, and a deposed primary continues to serve"),
	on(primarygossip.Store{}, "primary-gossip", Neither, "writes wait for a majority; a backup replaces the primary when memberlist has declared it dead"),
	on(primarygossip.Store{Replication: primarykv.Async}, "primary-gossip-async", Neither, "the same, and writes are answered by the primary alone"),
	on(primarykv.Store{Reads: primarykv.Anywhere}, "primary-read-anywhere", Neither, "writes wait for a majority; every node answers reads"),

	on(registerkv.Store{}, "abd", Consistent, "quorums, and reads write back what they return: no leader, no consensus"),
	on(registerkv.Store{Bugs: registerkv.NoWriteBack}, "quorum-no-write-back", Neither, "quorums with R + W > N alone, reads of three and writes of three of five"),
	on(quorumkv.Store{N: 5, R: 3, W: 3, Conflict: quorumkv.HLC, Strict: true, WriteBack: true}, "dynamo-write-back", Consistent, "R + W > N in a Dynamo-style store, and reads write back what they return"),
	on(quorumkv.Store{Conflict: quorumkv.HLC}, "dynamo-sloppy", Neither, "three replicas, two answers; other nodes stand in for those that are cut off, and hand over later"),
	on(quorumgossip.Store{Conflict: quorumkv.HLC}, "dynamo-gossip", Neither, "the same, and memberlist decides who is cut off").settlesIn(35 * time.Second),
	on(quorumkv.Store{Conflict: quorumkv.HLC, R: 1, W: 1}, "dynamo-one", Available, "one answer is enough"),
	on(quorumkv.Store{Conflict: quorumkv.LWW, R: 1, W: 1}, "dynamo-lww", Available, "one answer is enough, and the later time of day wins"),
	on(quorumkv.Store{Conflict: quorumkv.LWW, R: 1, W: 1}, "dynamo-lww-skew", Available, "the same, and clocks are up to four seconds apart").beside(clocksApart),
	merges(oneAnswer, workloads.Versions(oneAnswer.Open), siblings, "dynamo-siblings", "one answer is enough, and writes that did not see each other are kept side by side"),
	merges(oneAnswer, workloads.Versions(oneAnswer.Open), siblings, "dynamo-siblings-skew", "the same, and clocks are up to four seconds apart").beside(clocksApart),

	merges(crdtkv.Store{}, workloads.AddWins(crdtkv.Store{}.OpenSet), sets, "crdt-set", "every node answers alone and gossips; sets in which an add wins over a remove that has not seen it"),
	merges(crdtkv.Store{}, workloads.Tally(crdtkv.Store{}.OpenCounter), sums, "crdt-counter", "the same, and counters that go up and down"),

	on(chainkv.Store{Reads: chainkv.AtTail}, "chain-tail", Consistent, "a chain of replicas; writes enter at the head, reads are answered by the tail"),
	on(chainkv.Store{}, "chain-craq", Consistent, "the same, and any node answers reads; it asks the tail if a write is under way"),

	on(registerkv.Store{Reads: 1, Writes: 5, Bugs: registerkv.NoWriteBack}, "read-one-write-all", Neither, "reads ask one replica, writes all"),
	on(registerkv.Store{Replicas: 1}, "single-node", Consistent, "all data is on one node, and all others ask it: a CA system, as people say"),
}

// A store is a system whose clients read and write.
type store[C workloads.KV] interface {
	cluster.System
	Open(ctx context.Context, h *cluster.Host) (C, error)
}

func on[C workloads.KV](s store[C], name, label, doc string) choice {
	return choice{name: name, doc: doc, label: label, system: s, workload: readsAndWrites(s.Open), judge: registers{}}
}

// merges is a choice that is available, and whose clients ask something else than a register.
func merges(s cluster.System, w workloads.Workload, j merged, name, doc string) choice {
	return choice{name: name, doc: doc, label: Available, system: s, workload: w, judge: j}
}

// oneAnswer keeps writes that did not see each other side by side.
var oneAnswer = quorumkv.Store{R: 1, W: 1}

// settlesIn gives a choice that time until all must work again.
func (c choice) settlesIn(d time.Duration) choice {
	c.settle = d
	return c
}

// beside has a fault active all the time.
func (c choice) beside(f nemesis.Fault) choice {
	c.also = f
	return c
}

// clocksApart sets each clock a second ahead of the one before.
var clocksApart = nemesis.New("clocks apart", func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	heal := func() {}
	for i, node := range c.Nodes() {
		heal = both(heal, c.ImpairClock(node, cluster.ClockError{Skew: time.Duration(i) * time.Second}))
	}
	return "clocks are a second apart, each from the next", heal, nil
})

// capHolds says which rows have another label than their variant deserves. A variant that
// is said to be consistent must be so under every fault, and one that is not under one at least.
func capHolds(rows []scenarios.Row) error {
	var problems []error
	for _, r := range rows {
		if c, ok := r.Meter.(*Card); ok && c.Refutes() {
			problems = append(problems, fmt.Errorf("%s under %s is consistent and available, which can't be", r.Variant, r.Fault))
		}
	}
	for _, v := range Labels(rows) {
		if want := choiceNamed(v.Variant).label; v.Label != want {
			problems = append(problems, fmt.Errorf("%s is labelled %s, and deserves %s", v.Variant, v.Label, want))
		}
	}
	return errors.Join(problems...)
}

// Labels returns a row for each variant, with the label that it deserves: C if it is consistent under all faults, A
// if it is available under all cuts between nodes. No system can answer a client that reaches no node, or whose node is paused.
func Labels(rows []scenarios.Row) []scenarios.Row {
	var all []scenarios.Row
	for _, name := range variantsOf(rows) {
		sum := scenarios.Row{Variant: name, Label: Consistent}
		available := true
		for _, r := range rows {
			if c, ok := r.Meter.(*Card); ok && r.Variant == name {
				available = available && (c.available() || slices.Contains([]string{"client-side", "pause"}, r.Fault))
				if !c.consistent() {
					sum.Label = Neither
				}
			}
		}
		if sum.Label == Neither && available {
			sum.Label = Available
		}
		all = append(all, sum)
	}
	return all
}

// Claims returns a row for each variant of cap, with the label that it deserves: what [Labels] must find.
func Claims() []scenarios.Row {
	var all []scenarios.Row
	for _, c := range choices {
		all = append(all, scenarios.Row{Variant: c.name, Label: c.label})
	}
	return all
}

func variantsOf(rows []scenarios.Row) []string {
	var names []string
	for _, r := range rows {
		if !slices.Contains(names, r.Variant) {
			names = append(names, r.Variant)
		}
	}
	return names
}
