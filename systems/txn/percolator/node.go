package percolator

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
	"github.com/capsize-go/capsize/systems/txn/internal/quorumlog"
)

// A node holds a replica of each shard and of the oracle, and carries out the transactions of its clients. It is a state machine
// that is driven by messages and ticks, all on the event loop of the cluster. Nothing in it blocks.
type node struct {
	h     *cluster.Host
	store Store
	door  *front.Door
	parts []*part // the oracle, then the shards
	clock oracle

	ticks  int
	lastID uint64 // begins anywhere, so that no answer to another life is taken for one of this
	calls  map[uint64]*call
	order  []uint64 // of calls
	txns   []*txn
	events quorumlog.Events
}

// A part is a replica of one shard.
type part struct {
	log   *quorumlog.Log[command]
	state *shard

	// Of the leader, for async commits.
	maxRead   uint64              // no snapshot that was read here is newer
	maxEpoch  uint64              // the epoch in which that is known
	proposing map[string][]uint64 // by key, the async transactions whose locks are on their way into the log; once for each time that one was asked for
}

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n := &node{h: h, store: s, door: front.NewDoor(h), lastID: h.Rand().Uint64() >> 1, calls: map[uint64]*call{}}
	for i := range s.shards() + 1 {
		name := fmt.Sprint("shard", i)
		if i == 0 {
			name = "oracle"
		}
		p := &part{state: newShard(s.Bugs, h.Clock().Monotonic), proposing: map[string][]uint64{}}
		var err error
		if p.log, err = quorumlog.Open(h, name, p.state, quorumlog.Options{}); err != nil {
			return fmt.Errorf("boot percolator: %w", err)
		}
		n.parts = append(n.parts, p)
	}
	n.events.Run(ctx, h, n.receive, n.tick)
	return nil
}

// after runs fn later, as an event of its own.
func (n *node) after(fn func()) { n.h.AfterFunc(pause, func() { n.events.Guard(fn) }) }

// tick resends the requests that have no answer, and gives transactions up that take too long.
func (n *node) tick() {
	n.ticks++
	for _, p := range n.parts {
		p.log.Tick()
	}
	n.setRole()
	for _, t := range slices.Clone(n.txns) {
		if n.ticks >= t.end {
			t.timeOut()
		}
	}
	for _, id := range slices.Clone(n.order) {
		c := n.calls[id]
		switch {
		case c == nil:
		case n.ticks >= c.end:
			n.cancel(id)
		case (n.ticks-c.begun)%resend == 0:
			n.send(c)
		}
	}
}

// setRole says whether this node is the leader of the oracle.
func (n *node) setRole() {
	role := "follower"
	if n.parts[0].log.Leads() {
		role = "leader"
	}
	n.h.SetTerm(n.parts[0].log.Epoch())
	n.h.SetRole(role)
}

// receive handles a message of a client, of a log, or between a node and the leader of a shard.
func (n *node) receive(m cluster.Message) {
	switch body := m.Body.(type) {
	case *front.Request:
		if n.door.Admit(m, body) {
			n.begin(m, body)
		}
	case *ask:
		n.serve(m.From, body)
	case *reply:
		if c := n.calls[body.id]; c != nil {
			n.cancel(body.id)
			c.done(body)
		}
	case quorumlog.Message:
		for _, p := range n.parts {
			if p.log.Name() == body.Log() {
				p.log.Receive(m)
			}
		}
	}
}
