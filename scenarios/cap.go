package scenarios

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/chainkv"
	"github.com/capsize-go/capsize/cluster/crdtkv"
	"github.com/capsize-go/capsize/cluster/primarykv"
	"github.com/capsize-go/capsize/cluster/quorumkv"
	"github.com/capsize-go/capsize/cluster/raftkv"
	"github.com/capsize-go/capsize/cluster/registerkv"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// CAP is the scenario that makes a [Card] of every way to replicate data under every way to cut
// a network.
func CAP() Scenario {
	s := Scenario{
		Name:     "cap",
		Question: "while the network is cut, who is answered, and are the answers right?",
		Shows:    "no card has every request answered on all sides and every history linearizable",
		Seeds:    5,
		Meter:    func(v Variant) Meter { return &Card{judge: choiceNamed(v.Name).judge} },
		Holds:    capHolds,
		Columns: []Column{
			{"maj R", "majority_read", percent}, {"maj W", "majority_write", percent},
			{"min R", "minority_read", percent}, {"min W", "minority_write", percent},
			{"stale", "stale_reads", count}, {"oldest", "stale_worst_ns", span},
			{"lost", "lost_acked", count}, {"failover", "majority_write_first_ns", span}, {"recover", "recover_ns", span},
			{"p50", "p50_ns", span}, {"p99", "p99_ns", span},
		},
	}
	for _, c := range choices {
		for _, f := range capCuts {
			s.Variants = append(s.Variants, Variant{
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
	also      nemesis.Fault // strikes all the time, beside the cut; none if nil
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
	raft("raft-index", Consistent, raftkv.ByIndex, nil, "raft; a leader asks a majority before it answers a read"),
	raft("raft-lease", Neither, raftkv.ByLease, nil, "raft; a leader answers reads by a lease, which may outlive its leadership"),
	raft("raft-lease-slow-clock", Neither, raftkv.ByLease, quarterSpeed, "the same, and the leader's clock runs at a quarter of the speed"),
	raft("raft-leader", Neither, raftkv.AtLeader, nil, "raft; whoever believes to lead answers reads"),
	raft("raft-any", Neither, raftkv.Anywhere, nil, "raft; every node answers reads from its own state"),

	primary("primary-sync", Consistent, primarykv.Store{}, "a primary with a lease; writes wait for a majority"),
	primary("primary-semisync", Neither, primarykv.Store{Replication: primarykv.SemiSync}, "writes wait for one backup"),
	primary("primary-semisync-degrade", Neither, primarykv.Store{Replication: primarykv.SemiSync, Degrade: 200 * time.Millisecond}, "writes wait for one backup, but no longer than 200 ms"),
	primary("primary-async", Neither, primarykv.Store{Replication: primarykv.Async}, "writes are answered by the primary alone; a backup replaces it when its lease has run out"),
	primary("primary-fixed", Consistent, primarykv.Store{Replication: primarykv.Async, Failover: primarykv.Fixed}, "writes are answered by the primary alone, and nobody replaces it"),
	primary("primary-no-fencing", Neither, primarykv.Store{Replication: primarykv.Async, Bugs: primarykv.NoFencing}, "the same as primary-async, and a deposed primary serves on"),
	gossiped("primary-gossip", primarykv.Gossiped{}, "writes wait for a majority; a backup replaces the primary when memberlist has buried it"),
	gossiped("primary-gossip-async", primarykv.Gossiped{Replication: primarykv.Async}, "the same, and writes are answered by the primary alone"),
	primary("primary-read-anywhere", Neither, primarykv.Store{Reads: primarykv.Anywhere}, "writes wait for a majority; every node answers reads"),

	register("abd", Consistent, registerkv.Store{}, "quorums, and reads write back what they return: no leader, no consensus"),
	register("quorum-no-write-back", Neither, registerkv.Store{Bugs: registerkv.NoWriteBack}, "quorums with R + W > N alone, reads of three and writes of three of five"),
	dynamo("dynamo-write-back", Consistent, quorumkv.Store{N: 5, R: 3, W: 3, Conflict: quorumkv.HLC, Strict: true, WriteBack: true}, "R + W > N in the manner of Dynamo, and reads write back what they return"),
	dynamo("dynamo-sloppy", Neither, quorumkv.Store{Conflict: quorumkv.HLC}, "three replicas, two answers; other nodes stand in for those that are cut off, and hand over later"),
	dynamoGossip("dynamo-gossip", quorumkv.Gossiped{Conflict: quorumkv.HLC}, "the same, and memberlist decides who is cut off"),
	dynamo("dynamo-one", Available, quorumkv.Store{Conflict: quorumkv.HLC, R: 1, W: 1}, "one answer is enough"),
	dynamo("dynamo-lww", Available, quorumkv.Store{Conflict: quorumkv.LWW, R: 1, W: 1}, "one answer is enough, and the later time of day wins"),
	skewed(dynamo("dynamo-lww-skew", Available, quorumkv.Store{Conflict: quorumkv.LWW, R: 1, W: 1}, "the same, and clocks are up to four seconds apart")),
	vectors("dynamo-siblings", quorumkv.Store{R: 1, W: 1}, "one answer is enough, and writes that did not see each other are kept side by side"),
	skewed(vectors("dynamo-siblings-skew", quorumkv.Store{R: 1, W: 1}, "the same, and clocks are up to four seconds apart")),

	crdtSet("crdt-set", "every node answers alone and gossips; sets in which an add wins over a remove that has not seen it"),
	crdtCounter("crdt-counter", "the same, and counters that go up and down"),

	chain("chain-tail", chainkv.Store{Reads: chainkv.AtTail}, "a chain of replicas; writes enter at the head, reads are answered by the tail"),
	chain("chain-craq", chainkv.Store{}, "the same, and any node answers reads; it asks the tail if a write is under way"),

	register("read-one-write-all", Neither, registerkv.Store{Reads: 1, Writes: 5, Bugs: registerkv.NoWriteBack}, "reads ask one replica, writes all"),
	register("single-node", Consistent, registerkv.Store{Replicas: 1}, "all data is on one node, and all others ask it: a CA system, as people say"),
}

func raft(name, label string, reads raftkv.Reads, also nemesis.Fault, doc string) choice {
	s := raftkv.Store{Reads: reads}
	return choice{name: name, doc: doc, label: label, system: s, workload: readsAndWrites(s.Open), judge: registers{}, also: also}
}

func primary(name, label string, s primarykv.Store, doc string) choice {
	return choice{name: name, doc: doc, label: label, system: s, workload: readsAndWrites(s.Open), judge: registers{}}
}

func dynamo(name, label string, s quorumkv.Store, doc string) choice {
	return choice{name: name, doc: doc, label: label, system: s, workload: readsAndWrites(s.Open), judge: registers{}}
}

func dynamoGossip(name string, s quorumkv.Gossiped, doc string) choice {
	return choice{name: name, doc: doc, label: Neither, system: s, workload: readsAndWrites(s.Open), judge: registers{}, settle: 35 * time.Second}
}

func vectors(name string, s quorumkv.Store, doc string) choice {
	w := workloads.Versions(s.Open)
	return choice{name: name, doc: doc, label: Available, system: s, workload: w, judge: siblings(w)}
}

func crdtSet(name, doc string) choice {
	s := crdtkv.Store{}
	w := workloads.AddWins(s.OpenSet)
	return choice{name: name, doc: doc, label: Available, system: s, workload: w, judge: sets(w)}
}

func crdtCounter(name, doc string) choice {
	s := crdtkv.Store{}
	w := workloads.Tally(s.OpenCounter)
	return choice{name: name, doc: doc, label: Available, system: s, workload: w, judge: sums(w)}
}

func skewed(c choice) choice {
	c.also = clocksApart
	return c
}

// clocksApart sets each clock a second ahead of the one before.
var clocksApart = nemesis.New("clocks apart", func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	heal := func() {}
	for i, node := range c.Nodes() {
		heal = both(heal, c.Misset(node, cluster.ClockError{Skew: time.Duration(i) * time.Second}))
	}
	return "clocks are a second apart, each from the next", heal, nil
})

func chain(name string, s chainkv.Store, doc string) choice {
	return choice{name: name, doc: doc, label: Consistent, system: s, workload: readsAndWrites(s.Open), judge: registers{}}
}

func gossiped(name string, s primarykv.Gossiped, doc string) choice {
	return choice{name: name, doc: doc, label: Neither, system: s, workload: readsAndWrites(s.Open), judge: registers{}}
}

func register(name, label string, s registerkv.Store, doc string) choice {
	return choice{name: name, doc: doc, label: label, system: s, workload: readsAndWrites(s.Open), judge: registers{}}
}

// capHolds says which rows have another label than their variant deserves. A variant that
// is said to be consistent must be so under every fault, and one that is not under one at least.
func capHolds(rows []Row) error {
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
// if it is available under all cuts between nodes. Nobody can answer a client that reaches no node, or whose node stands still.
func Labels(rows []Row) []Row {
	var all []Row
	for _, name := range variantsOf(rows) {
		sum := Row{Variant: name, Label: Consistent}
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
func Claims() []Row {
	var all []Row
	for _, c := range choices {
		all = append(all, Row{Variant: c.name, Label: c.label})
	}
	return all
}

func variantsOf(rows []Row) []string {
	var names []string
	for _, r := range rows {
		names = append(names, r.Variant)
	}
	return distinct(names)
}
