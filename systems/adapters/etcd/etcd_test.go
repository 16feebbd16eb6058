package etcd_test

import (
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/systems/adapters/etcd"
)

// faults are a cut and a pause of the leader, its crash in the middle of a sync, and a power cut of all members.
func faults() nemesis.Nemesis {
	return nemesis.Plan{
		{ID: 1, At: 2 * time.Second, For: 5 * time.Second, Fault: nemesis.Partitions(nemesis.Leader)},
		{ID: 2, At: 9 * time.Second, For: 4 * time.Second, Fault: nemesis.Pauses(nemesis.TheLeader)},
		{ID: 3, At: 15 * time.Second, For: 2 * time.Second, Fault: nemesis.On(cluster.SyncBegins, nemesis.Crashes(nemesis.TheLeader))},
		{ID: 4, At: 20 * time.Second, For: time.Second, Fault: nemesis.PowerCuts(cluster.Nothing, nemesis.Everyone)},
	}
}

// test is a test of 24 s with all faults.
func test(s etcd.Store) capsize.Test {
	return capsize.Test{
		System: s, Workload: s.Workload(5), Nemesis: faults(),
		Nodes: 3, Clients: 3, Rate: 60, Duration: 24 * time.Second, Timeout: 2 * time.Second, Settle: 10 * time.Second,
	}
}

// needRuntime skips in a stock build.
func needRuntime(t *testing.T) {
	t.Helper()
	if !schedule.Active() {
		t.Skip("program on hosts: this needs the deterministic runtime; run it with capsize test")
	}
}

// TestStoreIsLinearizable runs etcd as it is, in one process.
func TestStoreIsLinearizable(t *testing.T) {
	needRuntime(t)
	repeats.Clean(t, test(etcd.Store{}), tier.Seeds(t, 1, 1))
}
