package systems

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/calvin"
	"github.com/capsize-go/capsize/workloads"
)

func calvinSystem() System {
	return System{
		Row:  Row{"calvin", "transactions in the order of one log, which every replica carries out with locks in that order (Calvin); strictly serializable, and unavailable without a majority"},
		Bugs: rows(calvin.Bugs.Names()), Workload: "append",
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := calvin.Bugs.Parse(bug)
			s := calvin.Store{Bugs: b}
			return s, transactions(s.Open, txn.StrictSerializable), err
		},
	}
}
