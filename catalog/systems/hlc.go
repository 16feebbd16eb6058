package systems

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/hlc"
	"github.com/capsize-go/capsize/workloads"
)

func hlcSystem() System {
	return System{
		Row:  Row{"hlc", "transactions by hybrid logical clocks on ranges of raft, with uncertainty windows (CockroachDB); serializable and each key linearizable while clocks are within a bound, and not strictly serializable"},
		Bugs: rows(hlc.Bugs.Names()), Workload: "append",
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := hlc.Bugs.Parse(bug)
			s := hlc.Store{Bugs: b}
			return s, transactions(s.Open, txn.PerKeyStrictSerializable), err
		},
	}
}
