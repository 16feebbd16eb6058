package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/chainkv"
	"github.com/capsize-go/capsize/systems/kv/crdtkv"
	"github.com/capsize-go/capsize/systems/kv/primarykv"
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/systems/kv/registerkv"
	"github.com/capsize-go/capsize/workloads"
)

// A row is one thing that a name on the command line stands for.
type row struct{ Name, Doc string }

func namesOf(rows []row) []string {
	var names []string
	for _, r := range rows {
		names = append(names, r.Name)
	}
	return names
}

// A system is one that ships with Capsize.
type system struct {
	row
	bugs     []row
	workload string // that it is to pass; register if empty

	// build returns the system with its bugs, and the workloads that can run on
	// it: each needs clients of another kind.
	build func(bug string) (cluster.System, map[string]workloads.Workload, error)
}

func systems() []system {
	return []system{{
		row:  row{"raftkv", "a replicated key-value store on etcd's raft; linearizable, and unavailable without a majority"},
		bugs: rows(raftkv.BugNames()),
		build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := raftkv.ParseBug(bug)
			s := raftkv.Store{Bugs: b}
			return s, keyValue(s.Open), err
		},
	}, {
		row:  row{"registerkv", "registers of Attiya, Bar-Noy and Dolev; linearizable without consensus or a leader, and unavailable without a majority"},
		bugs: rows(registerkv.BugNames()),
		build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := registerkv.ParseBug(bug)
			s := registerkv.Store{Bugs: b}
			return s, keyValue(s.Open), err
		},
	}, {
		row:  row{"primarykv", "a primary with backups that promote another by lease; linearizable while clocks drift by less than a quarter"},
		bugs: rows(primarykv.BugNames()),
		build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := primarykv.ParseBug(bug)
			s := primarykv.Store{Bugs: b}
			return s, keyValue(s.Open), err
		},
	}, {
		row:  row{"chainkv", "chain replication of which every node answers reads (CRAQ); linearizable, and unavailable while a link of the chain is cut"},
		bugs: rows(chainkv.BugNames()),
		build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := chainkv.ParseBug(bug)
			s := chainkv.Store{Bugs: b}
			return s, keyValue(s.Open), err
		},
	}, {
		row:  row{"quorumkv", "a store in the manner of Dynamo, with stand-ins and siblings; available on both sides of a cut, loses no acknowledged write, and is not linearizable"},
		bugs: rows(quorumkv.BugNames()), workload: "versions",
		build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := quorumkv.ParseBug(bug)
			s := quorumkv.Store{Bugs: b}
			known := keyValue(s.Open)
			known["versions"] = workloads.Versions(s.Open)
			return s, known, err
		},
	}, {
		row:  row{"crdtkv", "conflict-free sets, counters and registers that gossip deltas; every node answers whatever it can reach, all come to hold the same, and nothing is linearizable"},
		bugs: rows(crdtkv.BugNames()), workload: "add-wins",
		build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := crdtkv.ParseBug(bug)
			s := crdtkv.Store{Bugs: b}
			return s, map[string]workloads.Workload{"add-wins": workloads.AddWins(s.OpenSet), "tally": workloads.Tally(s.OpenCounter)}, err
		},
	}}
}

func rows(names, docs []string) []row {
	var all []row
	for i := range names {
		all = append(all, row{names[i], docs[i]})
	}
	return all
}

// keyValue returns the workloads for a key-value store.
func keyValue[C workloads.KV](open func(context.Context, *cluster.Host) (C, error)) map[string]workloads.Workload {
	return map[string]workloads.Workload{"register": workloads.Register(open)}
}

// workloadRows describes the workloads, whichever systems they run on.
func workloadRows() []row {
	return []row{
		{"register", "reads, writes and compare-and-swaps on 5 keys, each of which must be linearizable"},
		{"versions", "for quorumkv: reads of siblings, and writes and deletes in their place, none of which may be lost or come back"},
		{"add-wins", "for crdtkv: elements are added to sets and removed, and adds that no remove has seen must be there in the end"},
		{"tally", "for crdtkv: counters go up and down, and are the sum of that in the end"},
	}
}

func systemRows() []row {
	var all []row
	for _, s := range systems() {
		all = append(all, s.row)
	}
	return all
}

func findSystem(name string) (system, error) {
	for _, s := range systems() {
		if s.Name == name {
			return s, nil
		}
	}
	return system{}, unknown("system", name, namesOf(systemRows()))
}

// checkBug returns a list of bugs in the one form that files and commands have.
func (s system) checkBug(list string) (string, error) {
	var kept []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "" || name == "none":
		case !slices.Contains(namesOf(s.bugs), name):
			return "", unknown("bug of "+s.Name, name, append([]string{"none"}, namesOf(s.bugs)...))
		case !slices.Contains(kept, name):
			kept = append(kept, name)
		}
	}
	return strings.Join(kept, ","), nil
}

// A fault source is a nemesis of the catalogue.
type faultSource struct {
	row
	make func() nemesis.Nemesis
}

// strikeEvery is how often faults strike. They stay for a quarter to half of it,
// which is longer than a raft needs to elect another leader.
const strikeEvery = 10 * time.Second

// nemeses lists those that the command offers: a few that strike at an even pace,
// and the presets of package nemesis. Where a fault can aim at the leader, every
// other one does: those are the faults that systems get wrong.
func nemeses() []faultSource {
	every := func(faults ...nemesis.Fault) func() nemesis.Nemesis {
		return func() nemesis.Nemesis { return nemesis.Every(strikeEvery, faults...) }
	}
	partition := []nemesis.Fault{nemesis.Partitions(), nemesis.Partitions(nemesis.Leader)}
	crash := []nemesis.Fault{nemesis.Crashes(), nemesis.Crashes(nemesis.TheLeader)}
	list := []faultSource{
		{row{"none", "nothing goes wrong"}, func() nemesis.Nemesis { return nemesis.None }},
		{row{"partition", "the network is cut in one of nine shapes; every other time around the leader"}, every(partition...)},
		{row{"leader", "the leader is cut off from all other nodes"}, every(nemesis.Partitions(nemesis.Leader))},
		{row{"crash", "nodes lose power and boot again: one, some or all; every other time the leader"}, every(crash...)},
		{row{"lossy", "every link loses a fifth of what is sent, in bursts"}, every(nemesis.Lossy(0))},
		{row{"slow", "the links of some nodes become slower by up to 200 ms"}, every(nemesis.Slow(0))},
	}
	for _, p := range nemesis.Presets() {
		list = append(list, faultSource{row{p.Name, p.Doc}, func() nemesis.Nemesis { return p.With(raftkv.ElectionTimeout) }})
	}
	return append(list, faultSource{row{"all", "the same as portfolio"}, func() nemesis.Nemesis { return nemesis.Portfolio(raftkv.ElectionTimeout) }})
}

func nemesisRows() []row {
	var list []row
	for _, n := range nemeses() {
		list = append(list, n.row)
	}
	return list
}

// findNemesis returns the nemesis that a comma-separated list of names stands
// for. Several work at once, each as if it were alone.
func findNemesis(names string) (nemesis.Nemesis, error) {
	var wanted []string
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(namesOf(nemesisRows()), name) {
			return nil, unknown("nemesis", name, namesOf(nemesisRows()))
		}
		wanted = append(wanted, name)
	}
	var parts []nemesis.Part
	for i, n := range nemeses() {
		if n.Name != "none" && slices.Contains(wanted, n.Name) {
			parts = append(parts, nemesis.Part{Number: i, Name: n.Name, Nemesis: n.make()})
		}
	}
	switch len(parts) {
	case 0:
		return nemesis.None, nil
	case 1:
		return parts[0].Nemesis, nil
	}
	return nemesis.Together(parts...), nil
}

// faultRows describes the faults that a plan in a file may hold.
func faultRows() []row {
	var all []row
	for _, f := range nemesis.Faults() {
		all = append(all, row(f))
	}
	return all
}
