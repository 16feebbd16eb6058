package systems

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/psi"
	"github.com/capsize-go/capsize/workloads"
)

func psiSystem() System {
	return System{
		Row:  Row{"psi", "sites that commit on their own what they are preferred for, and send it to the others in causal order (Walter); parallel snapshot isolation, which allows long forks"},
		Bugs: rows(psi.Bugs.Names()), Workload: "append",
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := psi.Bugs.Parse(bug)
			s := psi.Store{Bugs: b}
			return s, transactions(s.Open, txn.ParallelSnapshotIsolation), err
		},
	}
}
