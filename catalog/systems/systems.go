// Package systems is the catalog of what capsize run can run, for Go: systems with their bugs, workloads, and nemeses
// by their names. Package models is the catalog of what recorded histories can be judged by.
package systems

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/names"
	"github.com/capsize-go/capsize/systems/kv/chainkv"
	"github.com/capsize-go/capsize/systems/kv/crdtkv"
	"github.com/capsize-go/capsize/systems/kv/primarykv"
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/systems/kv/registerkv"
	"github.com/capsize-go/capsize/systems/txn/retryclient"
	"github.com/capsize-go/capsize/systems/txn/twopc"
	"github.com/capsize-go/capsize/workloads"
)

// A Row is one thing that a name on the command line stands for.
type Row struct{ Name, Doc string }

// Names returns the names of rows.
func Names(rows []Row) []string {
	var names []string
	for _, r := range rows {
		names = append(names, r.Name)
	}
	return names
}

// A System is one that ships with Capsize.
type System struct {
	Row
	Bugs     []Row
	Workload string // that it is to pass; register if empty

	// Build returns the system with its bugs, and the workloads that can run on
	// it: each needs clients of another kind.
	Build func(bug string) (cluster.System, map[string]workloads.Workload, error)
}

// All lists the systems.
func All() []System {
	return []System{{
		Row:  Row{"raftkv", "a replicated key-value store on etcd's raft; linearizable, and unavailable without a majority"},
		Bugs: rows(raftkv.Bugs.Names()),
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := raftkv.Bugs.Parse(bug)
			s := raftkv.Store{Bugs: b}
			return s, keyValue(s.Open), err
		},
	}, {
		Row:  Row{"registerkv", "registers of Attiya, Bar-Noy and Dolev; linearizable without consensus or a leader, and unavailable without a majority"},
		Bugs: rows(registerkv.Bugs.Names()),
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := registerkv.Bugs.Parse(bug)
			s := registerkv.Store{Bugs: b}
			return s, keyValue(s.Open), err
		},
	}, {
		Row:  Row{"primarykv", "a primary with backups that promote another by lease; linearizable while clocks drift by less than a quarter"},
		Bugs: rows(primarykv.Bugs.Names()),
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := primarykv.Bugs.Parse(bug)
			s := primarykv.Store{Bugs: b}
			return s, keyValue(s.Open), err
		},
	}, {
		Row:  Row{"chainkv", "chain replication of which every node answers reads (CRAQ); linearizable, and unavailable while a link of the chain is cut"},
		Bugs: rows(chainkv.Bugs.Names()),
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := chainkv.Bugs.Parse(bug)
			s := chainkv.Store{Bugs: b}
			return s, keyValue(s.Open), err
		},
	}, percolatorSystem(), galeraSystem(), ssiSystem(), calvinSystem(), psiSystem(), hlcSystem(), {
		Row:  Row{"quorumkv", "a Dynamo-style store with sloppy quorums, hinted handoff and siblings; available on both sides of a cut, loses no acknowledged write, and is not linearizable"},
		Bugs: rows(quorumkv.Bugs.Names()), Workload: "versions",
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := quorumkv.Bugs.Parse(bug)
			s := quorumkv.Store{Bugs: b}
			known := keyValue(s.Open)
			known["versions"] = workloads.Versions(s.Open)
			return s, known, err
		},
	}, {
		Row:  Row{"crdtkv", "conflict-free sets, counters and registers that gossip deltas; every node answers even when it is cut off, the replicas converge, and nothing is linearizable"},
		Bugs: rows(crdtkv.Bugs.Names()), Workload: "add-wins",
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := crdtkv.Bugs.Parse(bug)
			s := crdtkv.Store{Bugs: b}
			return s, map[string]workloads.Workload{"add-wins": workloads.AddWins(s.OpenSet), "tally": workloads.Tally(s.OpenCounter)}, err
		},
	}, {
		Row:  Row{"twopc", "transactions on partitions, with locks and two-phase commit; strictly serializable, and keys in doubt are unavailable while their coordinator is down"},
		Bugs: rows(twopc.Bugs.Names()), Workload: "append",
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := twopc.Bugs.Parse(bug)
			s := twopc.Store{Bugs: b}
			return s, withDoctors(transactions(s.Open, txn.StrictSerializable), s.Open, txn.StrictSerializable), err
		},
	}, {
		Row:  Row{"retryclient", "twopc with clients that try transactions again which were aborted; strictly serializable"},
		Bugs: rows(retryclient.Bugs.Names()), Workload: "append",
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := retryclient.Bugs.Parse(bug)
			s := retryclient.Store{Retries: b}
			return s, withDoctors(transactions(s.Open, txn.StrictSerializable), s.Open, txn.StrictSerializable), err
		},
	}}
}

func rows(names, docs []string) []Row {
	var all []Row
	for i := range names {
		all = append(all, Row{names[i], docs[i]})
	}
	return all
}

// keyValue returns the workloads for a key-value store.
func keyValue[C workloads.KV](open func(context.Context, *cluster.Host) (C, error)) map[string]workloads.Workload {
	return map[string]workloads.Workload{"register": workloads.Register(open)}
}

// transactions returns the workloads for a database, which judge it by the isolation level that it claims. A workload that looks for
// something which that level allows is left out.
func transactions[C workloads.Transactor](open func(context.Context, *cluster.Host) (C, error), claim txn.Model) map[string]workloads.Workload {
	all := map[string]workloads.Workload{
		"append":       workloads.Append(open, claim, workloads.TxnMix{}),
		"registers":    workloads.Registers(open, claim, workloads.TxnMix{}),
		"blind-writes": workloads.Registers(open, claim, workloads.TxnMix{BlindShare: 1}),
		"bank":         workloads.Bank(open),
		"long-fork":    workloads.LongFork(open),
	}
	if claim == txn.ParallelSnapshotIsolation {
		delete(all, "long-fork")
	}
	return all
}

// withDoctors adds the workload for databases that read rows by predicate.
func withDoctors[C workloads.Transactor](known map[string]workloads.Workload, open func(context.Context, *cluster.Host) (C, error), claim txn.Model) map[string]workloads.Workload {
	known["doctors"] = workloads.Doctors(open, claim)
	return known
}

// Workloads describes the workloads, whichever systems they run on.
func Workloads() []Row {
	return []Row{
		{"register", "reads, writes and compare-and-swaps on 5 keys, each of which must be linearizable"},
		{"versions", "for quorumkv: reads of siblings, and writes and deletes in their place, none of which may be lost or come back"},
		{"add-wins", "for crdtkv: elements are added to sets and removed, and adds that no remove has seen must be there in the end"},
		{"tally", "for crdtkv: counters go up and down, and are the sum of that in the end"},
		{"append", "transactions that append to lists and read them, judged by the isolation level that the system claims"},
		{"registers", "transactions that read and write registers, judged in the same way"},
		{"blind-writes", "the same with writes that follow no read of their key"},
		{"bank", "transfers between accounts, whose total must be the same in each read"},
		{"doctors", "doctors who go on call and off call, each after a look at who is: rows that are read by predicate, judged in the same way"},
		{"long-fork", "reads that see two writes, which all must have seen in one order"},
	}
}

// Rows describes the systems.
func Rows() []Row {
	var all []Row
	for _, s := range All() {
		all = append(all, s.Row)
	}
	return all
}

// Find returns the system of that name.
func Find(name string) (System, error) {
	for _, s := range All() {
		if s.Name == name {
			return s, nil
		}
	}
	return System{}, names.Unknown("system", name, Names(Rows()))
}

// ParseBugs returns a list of bugs in the one form that files and commands have.
func (s System) ParseBugs(list string) (string, error) {
	var kept []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "" || name == "none":
		case !slices.Contains(Names(s.Bugs), name):
			return "", unknownBug(s, name)
		case !slices.Contains(kept, name):
			kept = append(kept, name)
		}
	}
	return strings.Join(kept, ","), nil
}

// unknownBug is the error for a bug that a system does not have. It never suggests "none", which is not what is meant by any other word.
func unknownBug(s System, name string) error {
	bugs := Names(s.Bugs)
	guess := ""
	if n := names.Nearest(name, bugs); n != "" {
		guess = fmt.Sprintf(", did you mean %q?", n)
	}
	return fmt.Errorf("there is no bug %q of %s%s\n  valid: none, %s", name, s.Name, guess, strings.Join(bugs, ", "))
}
