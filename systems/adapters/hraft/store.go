package hraft

import (
	"context"
	"errors"
	"fmt"
	"net/rpc"
	"time"

	"github.com/hashicorp/raft"

	"github.com/capsize-go/capsize/cluster"
)

const clientPort = ":7000"

// A Store is a key-value store on raft. The zero Store is linearizable.
type Store struct{ Bugs Bug }

// Run runs one node until its host crashes.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n, err := s.start(ctx, h)
	if err != nil {
		return err
	}
	defer n.stop()
	front, err := h.Listen("tcp", clientPort)
	if err != nil {
		return fmt.Errorf("listen for clients: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = front.Close() })()
	server := rpc.NewServer()
	if err := server.RegisterName("Store", &Service{n}); err != nil {
		return fmt.Errorf("register the service: %w", err)
	}
	go n.reportRole()
	for {
		conn, err := front.Accept()
		if err != nil {
			return err // the listener was closed: the host has crashed
		}
		go server.ServeConn(conn)
	}
}

// A node is raft with what it needs.
type node struct {
	bugs      Bug
	ctx       context.Context // ends when the host crashes
	h         *cluster.Host
	raft      *raft.Raft
	transport *raft.NetworkTransport
	state     *state
	ready     chan uint64 // holds the last term in which a barrier was passed
}

// start opens what the disk holds and starts raft on it.
func (s Store) start(ctx context.Context, h *cluster.Host) (*node, error) {
	disk, err := OpenDisk(h)
	if err != nil {
		return nil, err
	}
	l, err := Listen(h)
	if err != nil {
		return nil, err
	}
	config := config(h)
	n := &node{bugs: s.Bugs, ctx: ctx, h: h, state: newState(h, s.Bugs), ready: make(chan uint64, 1)}
	n.ready <- 0
	n.transport = raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: l, MaxPool: 3, Timeout: time.Second, Logger: config.Logger,
	})
	known, err := raft.HasExistingState(disk, disk, disk.Snapshots())
	if err == nil && !known {
		err = raft.BootstrapCluster(config, disk, disk, disk.Snapshots(), n.transport, Everyone(h))
	}
	if err == nil {
		n.raft, err = raft.NewRaft(config, n.state, disk, disk, disk.Snapshots(), n.transport)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start raft: %w", err), n.transport.Close())
	}
	return n, nil
}

// stop ends raft's goroutines, which would outlive the host otherwise.
func (n *node) stop() {
	_ = n.raft.Shutdown().Error() // the host is down: whatever fails now is lost with it
	_ = n.transport.Close()
}

// config returns raft's defaults, with snapshots after so few entries that a short run has some, and
// that a node which was cut off needs one.
func config(h *cluster.Host) *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(h.Name())
	c.Logger = Logger(h)
	c.SnapshotThreshold, c.SnapshotInterval, c.TrailingLogs = 30, time.Second, 10
	return c
}

// reportRole sets the role of the host, so that faults can be aimed at the leader.
func (n *node) reportRole() {
	n.h.SetRole("follower")
	for {
		select {
		case leads := <-n.raft.LeaderCh():
			n.h.SetTerm(n.raft.CurrentTerm())
			if leads {
				n.h.SetRole("leader")
			} else {
				n.h.SetRole("follower")
			}
		case <-n.ctx.Done():
			return
		}
	}
}
