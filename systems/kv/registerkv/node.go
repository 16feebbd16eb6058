package registerkv

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/cluster"
)

// A node takes the requests of clients and carries them out with the replicas, of which it
// may be one. It is a state machine that is driven by messages and ticks, all on the event loop of the
// cluster. Nothing in it blocks.
type node struct {
	h             *cluster.Host
	life          uint64
	bugs          Bug
	replicas      []string
	reads, writes int
	own           *replica // nil for a node that is none

	lastID uint64 // begins anywhere, so that no answer to another life is taken for one of this
	ops    map[uint64]*operation
	order  []uint64          // of ops
	heard  map[uint64]uint64 // the last request of each session
	ticks  int
}

// An operation is a request that is being carried out: first replicas are asked for what
// they have, then they are sent what they must store.
type operation struct {
	id      uint64
	m       cluster.Message
	req     *request
	end     int // the tick at which the node gives up
	storing bool
	newest  cell
	alike   int      // how many answers had the newest cell
	heard   []string // the replicas that have answered in this phase
}

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n, err := s.newNode(h)
	if err != nil {
		return fmt.Errorf("boot registerkv: %w", err)
	}
	if slices.Contains(n.replicas, h.Name()) {
		if n.own, err = openReplica(n); err != nil {
			return fmt.Errorf("boot registerkv: %w", err)
		}
	}
	h.Handle(n.receive)
	n.tick()
	<-ctx.Done()
	return nil
}

// newNode returns a node with quorums of the sizes that the store sets, or of majorities.
func (s Store) newNode(h *cluster.Host) (*node, error) {
	all := h.Nodes()
	n := &node{h: h, life: h.Rand().Uint64(), lastID: h.Rand().Uint64() >> 2, bugs: s.Bugs, ops: map[uint64]*operation{}, heard: map[uint64]uint64{}, reads: s.Reads, writes: s.Writes}
	replicas := s.Replicas
	if replicas == 0 {
		replicas = len(all)
	}
	if replicas < 0 || replicas > len(all) {
		return nil, fmt.Errorf("%d replicas on %d nodes", replicas, len(all))
	}
	n.replicas = all[:replicas]
	if n.reads == 0 {
		n.reads = replicas/2 + 1
	}
	if n.writes == 0 {
		n.writes = replicas/2 + 1
	}
	if n.reads < 0 || n.reads > replicas || n.writes < 0 || n.writes > replicas {
		return nil, fmt.Errorf("quorums of %d and %d among %d replicas", n.reads, n.writes, replicas)
	}
	return n, nil
}

// tick resends the messages of pending operations at intervals, and times the operations out.
func (n *node) tick() {
	var timer *cluster.Timer
	timer = n.h.AfterFunc(resend, func() {
		timer.Reset(resend)
		n.ticks++
		if n.own != nil {
			n.own.log.Wake()
			n.own.tick()
		}
		for _, id := range slices.Clone(n.order) {
			if op := n.ops[id]; n.ticks >= op.end {
				n.timeOut(op)
			} else {
				n.send(op)
			}
		}
	})
}

// receive handles a message of a client, for the node's own replica, or of one.
func (n *node) receive(m cluster.Message) {
	if n.own != nil {
		n.own.log.Wake()
	}
	switch body := m.Body.(type) {
	case *request:
		n.begin(m, body)
	case *query, *store, *recoveryRequest, *recoveryReply:
		if n.own != nil {
			n.own.receive(m)
		}
	case *answer:
		n.answerArrived(m.From, body)
	}
}

// begin begins an operation of a client.
func (n *node) begin(m cluster.Message, req *request) {
	if req.life != n.life {
		m.Reply(response{status: other, life: n.life})
		return
	}
	if req.ticket.number <= n.heard[req.ticket.session] {
		return // the network duplicated it, or delayed it until its client retried
	}
	n.heard[req.ticket.session] = req.ticket.number
	n.lastID++
	op := &operation{id: n.lastID, m: m, req: req, end: n.ticks + int(patience/resend), heard: make([]string, 0, len(n.replicas))}
	n.ops[op.id] = op
	n.order = append(n.order, op.id)
	if req.write && n.bugs&OnePhaseWrites != 0 && n.own != nil {
		op.newest = n.own.data[req.key]
		n.storeNewer(op)
		return
	}
	n.send(op)
}

// send sends the request of the present phase to the replicas that have not answered in it. Every phase
// has a number of its own, so that answers of the two are not confused.
func (n *node) send(op *operation) {
	var body any
	if op.storing {
		body = &store{op.phase(), op.req.key, op.newest, answer{phase: op.phase()}}
	} else {
		body = &query{op.phase(), op.req.key}
	}
	for _, name := range n.replicas {
		if !slices.Contains(op.heard, name) {
			n.h.Send(name, body)
		}
	}
}

func (op *operation) phase() uint64 {
	if op.storing {
		return 2*op.id + 1
	}
	return 2 * op.id
}

// answerArrived counts the answer of a replica, and begins the next phase when there are enough.
func (n *node) answerArrived(from string, a *answer) {
	op := n.ops[a.phase/2]
	if op == nil || op.phase() != a.phase || slices.Contains(op.heard, from) {
		return
	}
	op.heard = append(op.heard, from)
	if op.storing {
		if len(op.heard) == n.writes {
			n.finish(op, response{status: done, value: op.newest.value})
		}
		return
	}
	switch {
	case op.newest.tag.before(a.cell.tag):
		op.newest, op.alike = a.cell, 1
	case op.newest.tag == a.cell.tag:
		op.alike++
	}
	if len(op.heard) < n.reads {
		return
	}
	switch {
	case op.req.write:
		n.storeNewer(op)
	case op.alike >= n.writes || n.bugs&NoWriteBack != 0:
		n.finish(op, response{status: done, value: op.newest.value}) // enough replicas have it
	default:
		n.beginStoring(op)
	}
}

// storeNewer makes the replicas store the value of a write, under a tag that is newer than all
// that the operation has seen.
func (n *node) storeNewer(op *operation) {
	op.newest = cell{tag{op.newest.tag.counter + 1, op.req.ticket}, op.req.value}
	n.beginStoring(op)
}

// beginStoring begins the second phase.
func (n *node) beginStoring(op *operation) {
	op.storing, op.heard = true, op.heard[:0]
	n.send(op)
}

func (n *node) timeOut(op *operation) {
	switch {
	case op.req.write && op.storing:
		n.finish(op, response{status: lost})
	default:
		n.finish(op, response{status: nothing})
	}
}

func (n *node) finish(op *operation, r response) {
	delete(n.ops, op.id)
	n.order = slices.DeleteFunc(n.order, func(id uint64) bool { return id == op.id })
	op.m.Reply(r)
}
