package hraft_test

import (
	"context"
	"fmt"
	"io"

	"github.com/hashicorp/raft"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/adapters/hraft"
)

// A test of the store, with a mistake.
func Example() {
	s := hraft.Store{Bugs: hraft.NoBarrier | hraft.AckEarly}
	_ = capsize.Test{System: s, Workload: s.Workload(5), Nodes: 3}
	fmt.Println(s.Bugs)
	// Output: no-barrier,ack-early
}

// A system of your own on raft.
func ExampleOpenDisk() {
	var fsm raft.FSM // yours
	run := func(ctx context.Context, h *cluster.Host) error {
		disk, err := hraft.OpenDisk(h)
		if err != nil {
			return err
		}
		layer, err := hraft.Listen(h)
		if err != nil {
			return err
		}
		c := raft.DefaultConfig()
		c.LocalID, c.Logger = raft.ServerID(h.Name()), hraft.Logger(h)
		transport := raft.NewNetworkTransport(layer, 3, 0, io.Discard)
		r, err := raft.NewRaft(c, fsm, disk, disk, disk.Snapshots(), transport)
		if err != nil {
			return err
		}
		if err := r.BootstrapCluster(hraft.Everyone(h)).Error(); err != nil && err != raft.ErrCantBootstrap {
			return err
		}
		<-ctx.Done()
		return r.Shutdown().Error()
	}
	_ = cluster.Config{System: cluster.Func(run), Nodes: 3}
	fmt.Println("raft listens on port", hraft.Port)
	// Output: raft listens on port :9000
}
