package systems

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/ssi"
	"github.com/capsize-go/capsize/workloads"
)

// ssiSystem is judged by snapshot isolation where replicas answer reads.
func ssiSystem() System {
	return System{
		Row:  Row{"ssi", "serializable snapshot isolation on a primary with replicas; strictly serializable, and unavailable without a majority"},
		Bugs: rows(ssi.Bugs.Names()), Workload: "append",
		Build: func(bug string) (cluster.System, map[string]workloads.Workload, error) {
			b, err := ssi.Bugs.Parse(bug)
			s := ssi.Store{Bugs: b}
			claim := txn.StrictSerializable
			if s.ReadsAtReplicas() {
				claim = txn.SnapshotIsolation
			}
			return s, withDoctors(transactions(s.Open, claim), s.Open, claim), err
		},
	}
}
