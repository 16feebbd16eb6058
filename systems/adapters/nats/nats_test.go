package nats_test

import (
	"os"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/systems/adapters/nats"
)

func test(bugs nats.Bug, faults nemesis.Nemesis) capsize.Test {
	s := nats.JetStream{Bugs: bugs}
	return capsize.Test{
		System: s.System(), Workload: s.Workload(1), Nodes: 3, Clients: 3, Rate: 30,
		Duration: 30 * time.Second, Settle: 15 * time.Second, Timeout: 2 * time.Second, Nemesis: faults,
	}
}

func TestTry(t *testing.T) {
	if !schedule.Active() {
		t.Skip("needs runtime")
	}
	var f nemesis.Nemesis = nemesis.None
	switch os.Getenv("F") {
	case "cut":
		f = nemesis.Sequence(6*time.Second, nemesis.Partitions(), nemesis.Partitions(nemesis.Leader))
	case "pause":
		f = nemesis.Sequence(6*time.Second, nemesis.Pauses(), nemesis.Pauses(nemesis.TheLeader))
	case "kill":
		f = nemesis.Sequence(6*time.Second, nemesis.PowerCuts(cluster.Everything, nemesis.Everyone))
	case "power":
		f = nemesis.Sequence(6*time.Second, nemesis.PowerCuts(cluster.Nothing, nemesis.Everyone))
	}
	var b nats.Bug
	if s := os.Getenv("B"); s != "" {
		var err error
		if b, err = nats.Bugs.Parse(s); err != nil {
			t.Fatal(err)
		}
	}
	repeats.Cost(t, test(b, f))
	_ = f
	capsize.Run(t, test(b, f))
}
