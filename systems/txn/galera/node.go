package galera

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
	"github.com/capsize-go/capsize/systems/txn/internal/quorumlog"
)

// A node has a copy of the database. It is a state machine that is driven by messages and ticks, all on the event loop of the
// cluster. Nothing in it blocks.
type node struct {
	h     *cluster.Host
	store Store
	door  *front.Door
	log   *quorumlog.Log[writeSet]
	data  *database

	ticks   int
	lastID  uint64 // begins anywhere, so that no two nodes or lives give one ID to two write sets
	waiting map[uint64]*txn
	order   []uint64 // of waiting
	events  quorumlog.Events
}

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n := &node{h: h, store: s, door: front.NewDoor(h), lastID: h.Rand().Uint64(), waiting: map[uint64]*txn{}}
	n.data = &database{applied: n.ended, skipped: n.skipped}
	var err error
	o := quorumlog.Options{Lazy: s.bug(AckBeforeSync), Announce: !s.bug(AckWhenOrdered)}
	if n.log, err = quorumlog.Open(h, "order", n.data, o); err != nil {
		return fmt.Errorf("boot galera: %w", err)
	}
	n.events.Run(ctx, h, n.receive, n.tick)
	return nil
}

// tick resends write sets that are not ordered yet, and gives up those that take too long.
func (n *node) tick() {
	n.ticks++
	n.log.Tick()
	role := "follower"
	if n.log.Leads() {
		role = "leader"
	}
	n.h.SetTerm(n.log.Epoch())
	n.h.SetRole(role)
	for _, id := range slices.Clone(n.order) {
		t := n.waiting[id]
		switch {
		case n.ticks >= t.end:
			n.end(t, front.Response{Status: front.Lost})
		case (n.ticks-t.sent)%resend == 0:
			n.submit(t)
		}
	}
}

// receive handles a message of a client, of the log, or of a node about a write set.
func (n *node) receive(m cluster.Message) {
	switch body := m.Body.(type) {
	case *front.Request:
		if n.door.Admit(m, body) {
			n.begin(m, body)
		}
	case *writeSet:
		n.propose(m.From, body)
	case *ordered:
		if t := n.waiting[body.id]; t != nil {
			n.answer(t, body.won)
		}
	case quorumlog.Message:
		n.log.Receive(m)
	}
}

// An ordered says that a write set has its place in the order. Only a mistaken node heeds it, and does not wait for its own copy.
type ordered struct {
	id  uint64
	won bool
}

// propose puts a write set into the order, as the leader of the log. A copy of one that is there already loses against it.
func (n *node) propose(from string, w *writeSet) {
	n.log.Propose(w, func(won any, applied bool) {
		if applied && n.store.bug(AckWhenOrdered) {
			n.h.Send(from, &ordered{w.ID, won.(bool)})
		}
	})
}

// ended answers the client of a transaction once this node has come to its place in the order.
func (n *node) ended(w *writeSet, won bool) {
	if t := n.waiting[w.ID]; t != nil {
		n.answer(t, won)
	}
}

// skipped ends all transactions that wait for their place in the order: it may have been among those that a copy of the database
// stood for. A copy of the write set that was sent again would then lose against the first, which committed.
func (n *node) skipped() {
	for _, id := range slices.Clone(n.order) {
		n.end(n.waiting[id], front.Response{Status: front.Lost})
	}
}

func (n *node) answer(t *txn, won bool) {
	if won {
		n.end(t, front.Response{Ops: t.ops})
	} else {
		n.end(t, front.Response{Status: front.Aborted})
	}
}
