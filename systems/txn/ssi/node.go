package ssi

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
	"github.com/capsize-go/capsize/systems/txn/internal/quorumlog"
)

// A node has a copy of the database, and is the primary while it leads the log. It is a state machine that is driven by messages and
// ticks, all on the event loop of the cluster. Nothing in it blocks.
type node struct {
	h     *cluster.Host
	store Store
	door  *front.Door
	log   *quorumlog.Log[commit]
	data  *database

	ticks  int
	lastID uint64 // begins anywhere, so that no answer to another life is taken for one of this
	asked  map[uint64]*asked
	events quorumlog.Events

	primary // of the epoch that it leads
}

// A primary is the state of the node that leads.
type primary struct {
	epoch     uint64
	conflicts *manager
	heard     map[uint64]bool // the requests of nodes in this epoch
	hidden    map[uint64]bool // commits that are applied and not visible: with a bug only
	open      []*openTxn      // the transactions whose statements come one at a time
}

// An asked is a request of a client that was sent to the primary.
type asked struct {
	m   cluster.Message
	end int // the tick at which the node gives up
}

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n := &node{h: h, store: s, door: front.NewDoor(h), data: &database{}, lastID: h.Rand().Uint64() >> 1, asked: map[uint64]*asked{}}
	var err error
	if n.log, err = quorumlog.Open(h, "commits", n.data, quorumlog.Options{}); err != nil {
		return fmt.Errorf("boot ssi: %w", err)
	}
	n.events.Run(ctx, h, n.receive, n.tick)
	return nil
}

// after runs fn later, as an event of its own.
func (n *node) after(d time.Duration, fn func()) { n.h.AfterFunc(d, func() { n.events.Guard(fn) }) }

// tick gives up requests that the primary does not answer.
func (n *node) tick() {
	n.ticks++
	n.log.Tick()
	n.endIdle()
	role := "replica"
	if n.log.Leads() {
		role = "primary"
	}
	n.h.SetTerm(n.log.Epoch())
	n.h.SetRole(role)
	for _, id := range sorting.Keys(n.asked) {
		if n.ticks >= n.asked[id].end {
			n.answer(id, front.Response{Status: front.Lost})
		}
	}
}

// A run asks the primary of an epoch to carry out a transaction. The network may duplicate it: a copy is known by its ID while the
// epoch lasts, and a primary of another epoch does not heed it.
type run struct {
	id      uint64
	epoch   uint64
	ops     []model.TxnOp
	session uint64
	part    part
}

// A ran answers it.
type ran struct {
	id       uint64
	response front.Response
}

// receive handles a message of a client, of the log, or between a node and the primary.
func (n *node) receive(m cluster.Message) {
	switch body := m.Body.(type) {
	case *front.Request:
		if n.door.Admit(m, body) {
			n.request(m, body)
		}
	case *run:
		n.carryOut(m.From, body)
	case *ran:
		n.answer(body.id, body.response)
	case quorumlog.Message:
		n.log.Receive(m)
	}
}

// request answers a transaction that only reads, if replicas do that, and sends any other to the primary.
func (n *node) request(m cluster.Message, r *front.Request) {
	leader := n.log.Leader()
	p, _ := r.Part.(part)
	switch {
	case leader == "":
		m.Reply(front.Response{Status: front.Aborted})
	case n.store.ReadsAtReplicas() && onlyReads(r.Ops) && p.do == whole && leader != n.h.Name():
		m.Reply(front.Response{Ops: n.readAll(r.Ops)})
	default:
		n.lastID++
		n.asked[n.lastID] = &asked{m, n.ticks + patience}
		n.h.Send(leader, &run{n.lastID, n.log.Epoch(), r.Ops, r.Session(), p})
	}
}

func onlyReads(ops []model.TxnOp) bool {
	return !slices.ContainsFunc(ops, func(o model.TxnOp) bool { return !isRead(o) })
}

func isRead(o model.TxnOp) bool { return o.F == model.TxnRead || o.F == model.TxnReadAll }

// readAll reads keys as this node has them.
func (n *node) readAll(ops []model.TxnOp) []model.TxnOp {
	ops = slices.Clone(ops)
	now := &snap{upTo: n.log.Applied()}
	for i := range ops {
		if want, ok := valueOf(ops[i].Key); ok && ops[i].F == model.TxnReadAll {
			ops[i].Rows, _ = n.data.matching(want, now, nil)
			continue
		}
		v, _ := n.data.at(ops[i].Key, now)
		ops[i].Value, ops[i].List = v.number(), v.List
	}
	return ops
}

func (n *node) answer(id uint64, r front.Response) {
	if a := n.asked[id]; a != nil {
		delete(n.asked, id)
		a.m.Reply(r)
	}
}
