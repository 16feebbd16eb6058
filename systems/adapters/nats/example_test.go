package nats_test

import (
	"fmt"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/adapters/nats"
)

// A test of three servers whose power fails at once, with the default of sync_interval.
func Example() {
	s := nats.JetStream{Bugs: nats.LazySync}
	_ = capsize.Test{
		System: s.System(), Workload: s.Workload(2), Nodes: 3,
		Nemesis: nemesis.Every(10e9, nemesis.PowerCuts(cluster.Nothing, nemesis.Everyone)),
	}
	fmt.Println(s.Bugs)
	// Output: lazy-sync
}
