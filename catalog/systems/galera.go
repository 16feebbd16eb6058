package systems

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/galera"
	"github.com/capsize-go/capsize/workloads"
)

func galeraSystem() System {
	return System{
		Row:  Row{"galera", "transactions at every node, whose writes are certified in one total order; strong session snapshot isolation, and unavailable without a majority"},
		Bugs: rows(galera.Bugs.Names()), Workload: "append",
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := galera.Bugs.Parse(bug)
			s := galera.Store{Bugs: b}
			return s, transactions(s.Open, txn.StrongSessionSnapshotIsolation), err
		},
	}
}
