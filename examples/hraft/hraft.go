// Package hraft is a key-value store on hashicorp/raft, unmodified: raft's network
// transport runs over the streams of a [cluster.Host], its log, its vote and its
// snapshots are on the host's disk, and its log output goes to the host's log: see
// package systems/adapters/hraft, which has all of that, and more mistakes to find.
//
// A write is an entry of raft's log. A read is answered by the leader from its own
// state, which is linearizable only with what raft's documentation asks for: a
// Barrier once a node has become leader, because a new leader has not applied all
// that its predecessor acknowledged, and VerifyLeader before each answer, because
// a leader that was cut off does not know yet that there is another. A [Store] can
// leave both out ([Reads]); the tests show the stale reads that follow.
//
// A seed repeats a run under "capsize test". In a stock build it does not: raft
// draws its timeouts from the global source of math/rand, in goroutines that run in
// any order, and selects among several ready cases. A [Store] that is Calm repeats
// nearly always. docs/reference/libraries.md has the numbers, and TestRepeats measures them.
//
// Two limits: faults of the disk are not for this store, because raft panics in a
// goroutine of its own if it can't write its term, which ends the process; and a
// paused host does not pause raft, whose timers are those of package time.
package hraft

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"time"

	"github.com/hashicorp/raft"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/calm"
	adapter "github.com/capsize-go/capsize/systems/adapters/hraft"
)

// The ports of a node.
const (
	raftPort   = adapter.Port
	clientPort = ":7000"
)

const snapshotInterval = 5 * time.Second

// A Store is the store. The zero Store is linearizable.
type Store struct {
	Reads Reads // who answers reads, and after which precautions

	// Calm makes raft leave less to chance, so that most seeds repeat: see calm.go.
	// It has its full effect only in a program with the line
	// //go:debug randseednop=0.
	Calm bool
}

// Reads says how reads are answered.
type Reads int

// The ways to answer reads. All but Verified are bugs.
const (
	Verified   Reads = iota // by the leader, after Barrier and VerifyLeader
	FromLeader              // by the node that takes itself for the leader, at once
	FromAny                 // by the node that is asked, at once
)

// Run runs one node until its host crashes.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	if s.Calm {
		seed(h)
	}
	n, err := s.start(ctx, h)
	if err != nil {
		return err
	}
	defer n.stop()
	front, err := h.Listen("tcp", clientPort)
	if err != nil {
		return fmt.Errorf("listen for clients: %w", err)
	}
	if s.Calm {
		front = calm.Listener(h, front)
	}
	defer context.AfterFunc(ctx, func() { _ = front.Close() })()
	server := rpc.NewServer()
	if err := server.RegisterName("Store", &Service{n}); err != nil {
		return fmt.Errorf("register the service: %w", err)
	}
	go n.reportRole()
	if s.Calm {
		go n.snapshots()
	}
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
	store     Store
	ctx       context.Context // ends when the host crashes
	h         *cluster.Host
	raft      *raft.Raft
	transport *raft.NetworkTransport
	state     *state
	ready     chan uint64 // holds the last term in which a barrier was passed
}

// start opens what the disk holds and starts raft on it.
func (s Store) start(ctx context.Context, h *cluster.Host) (*node, error) {
	disk, err := adapter.OpenDisk(h)
	if err != nil {
		return nil, err
	}
	if s.Calm {
		calmDisk(h, disk)
	}
	l, err := h.Listen("tcp", raftPort)
	if err != nil {
		return nil, fmt.Errorf("listen for raft: %w", err)
	}
	if s.Calm {
		l = calm.Listener(h, l)
	}
	config := s.config(h)
	n := &node{store: s, ctx: ctx, h: h, state: newState(), ready: make(chan uint64, 1)}
	n.ready <- 0
	n.transport = raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: layer{Listener: l, h: h, calm: s.Calm}, MaxPool: 3, Timeout: time.Second, Logger: config.Logger,
	})
	known, err := raft.HasExistingState(disk, disk, disk.Snapshots())
	if err == nil && !known {
		err = raft.BootstrapCluster(config, disk, disk, disk.Snapshots(), n.transport, adapter.Everyone(h))
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

// config returns raft's defaults, with snapshots after so few entries that a
// short run has some.
func (s Store) config(h *cluster.Host) *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(h.Name())
	c.Logger = adapter.Logger(h)
	c.SnapshotThreshold, c.SnapshotInterval, c.TrailingLogs = 200, snapshotInterval, 50
	if s.Calm {
		smooth(h, c)
	}
	return c
}

// reportRole sets the role of the host, so that faults can be aimed at the leader.
func (n *node) reportRole() {
	n.h.SetRole("follower")
	for {
		select {
		case leads := <-n.raft.LeaderCh():
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

// A layer is raft's seam to the network.
type layer struct {
	net.Listener
	h    *cluster.Host
	calm bool
}

// Addr returns the name that others know the node by.
func (l layer) Addr() net.Addr { return address(l.h.Name() + raftPort) }

// Dial connects to another node.
func (l layer) Dial(to raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := l.h.WithTimeout(context.Background(), timeout)
	defer cancel()
	if !l.calm {
		return l.h.DialContext(ctx, "tcp", string(to))
	}
	c, err := calm.Dialer(l.h)(ctx, "tcp", string(to))
	if err != nil {
		return nil, err
	}
	return reseeder{c, l.h}, nil
}

// Accept waits for another node.
func (l layer) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || !l.calm {
		return c, err
	}
	return reseeder{c, l.h}, nil
}

// An address is a node's name with a port.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }
