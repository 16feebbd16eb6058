package systems

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/percolator"
	"github.com/capsize-go/capsize/workloads"
)

func percolatorSystem() System {
	return System{
		Row:  Row{"percolator", "transactions on shards, with an oracle for timestamps and a primary lock that decides; strong snapshot isolation, and unavailable without a majority"},
		Bugs: rows(percolator.Bugs.Names()), Workload: "append",
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := percolator.Bugs.Parse(bug)
			s := percolator.Store{Bugs: b}
			return s, transactions(s.Open, txn.StrongSnapshotIsolation), err
		},
	}
}
