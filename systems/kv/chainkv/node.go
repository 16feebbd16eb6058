package chainkv

import (
	"context"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/session"
)

// A node is one replica: a state machine that is driven by messages and ticks, all
// on the event loop of the cluster. Nothing in it blocks.
//
// It has many methods because each message and timer of the protocol is one.
type node struct {
	h     *cluster.Host
	store Store
	names []string
	*storage

	ticks   int
	booted  time.Duration
	heard   map[uint64]uint64 // the last attempt of each session
	waiting map[uint64]wait   // for an answer, by session
	link                      // of the chain that the node is in
	master                    // of what decides on chains
}

// A wait is a request of a client of this node that the tail has to answer.
type wait struct {
	m cluster.Message
	r *request
}

// What is asked of the head and of the tail, and what they answer.
type (
	// An update asks the head to carry out a write.
	update struct {
		via   string
		write write
	}
	// A result is the answer of the tail to it, which goes to the node that waits.
	result struct {
		session, number uint64
		value           int
	}
	// A question asks the tail for the committed version of a key.
	question struct {
		epoch, session, number uint64
		key                    string
	}
	// A verdict is the answer: the index of that version.
	verdict struct {
		epoch, session, number uint64
		index                  uint64
	}
)

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n := &node{h: h, store: s, names: h.Nodes(), heard: map[uint64]uint64{}, waiting: map[uint64]wait{}}
	var err error
	if n.storage, err = openStorage(h, s.Bugs&AckBeforeSync != 0); err != nil {
		return fmt.Errorf("boot chainkv: %w", err)
	}
	n.booted, n.view.at = n.now(), never
	n.hold() // what it promised in its last life may still last
	h.Handle(n.receive)
	var timer *cluster.Timer
	timer = h.AfterFunc(tick, func() {
		timer.Reset(tick)
		n.log.Wake()
		n.tick()
	})
	<-ctx.Done()
	return nil
}

func (n *node) now() time.Duration { return n.h.Clock().Monotonic() }
func (n *node) majority() int      { return len(n.names)/2 + 1 }
func (n *node) bug(b Bug) bool     { return n.store.Bugs&b != 0 }

func (n *node) tick() {
	n.ticks++
	if n.lazy && n.ticks%syncTicks == 0 {
		must(n.log.Sync())
	}
	if n.in {
		n.lookAfter()
	}
	switch {
	case n.bid != nil:
		n.count()
	case n.lost:
	case n.now() >= n.standAt:
		n.wait()
		n.beginBid(&bid{epoch: n.nextEpoch(), asking: true})
	case n.in && n.isTail() && n.ticks%joinTicks == 0 && len(n.nodes) < len(n.names) && n.leased():
		n.beginBid(&bid{epoch: n.nextEpoch(), keeps: n.place.Epoch, asking: true})
	}
}

func (n *node) receive(m cluster.Message) {
	n.log.Wake()
	n.handle(m)
}

func (n *node) handle(m cluster.Message) {
	switch body := m.Body.(type) {
	case *request:
		if !n.doubled(body) {
			n.request(m, body)
		}
	case *update:
		n.update(body)
	case *result:
		n.answered(body)
	case *question:
		n.asked(m.From, body)
	case *verdict:
		n.told(body)
	case inquiry:
		m.Reply(fmt.Sprintf("%08x after write %d", crc32.ChecksumIEEE(n.kv.snapshot()), n.place.Index))
	case *install, *pass, *ack:
		n.chain(m.From, body)
	default:
		n.decide(m.From, body)
	}
}

// doubled reports whether a request came before. If one copy were carried out and
// the other refused, its client would be told that nothing happened.
func (n *node) doubled(r *request) bool {
	if r.attempt <= n.heard[r.Session] {
		return true
	}
	n.heard[r.Session] = r.attempt
	return false
}

// request starts on what a client asked: a read is answered here if it may be, and
// else by the tail; a write goes to the head.
func (n *node) request(m cluster.Message, r *request) {
	switch {
	case r.read && n.answers():
		n.read(m, r)
	case n.view.nodes == nil && n.now()-n.booted < session.Attempt:
		// A copy of the request may have come in the last life.
	case m.Forwarded() || n.now()-n.view.at > term:
		m.Reply(response{noChain: true})
	case r.read && n.view.tail() != n.h.Name():
		m.Forward(n.view.tail())
	case r.read:
		m.Reply(response{noChain: true})
	default:
		n.waiting[r.Session] = wait{m, r}
		n.sendTo(n.view.nodes[0], &update{n.h.Name(), r.write})
	}
}

// sendTo sends a message to a node, which may be this one.
func (n *node) sendTo(name string, body any) {
	if name == n.h.Name() {
		n.handle(cluster.Message{From: name, Body: body})
		return
	}
	n.h.Send(name, body)
}

// answers reports whether the node may answer reads.
func (n *node) answers() bool {
	return n.in && (n.isTail() || n.store.Reads == Apportioned) && n.leased()
}

// read answers with the newest version of a key if that is committed, and asks the
// tail for the committed one if it may not be.
func (n *node) read(m cluster.Message, r *request) {
	v := n.kv.newest(r.Key)
	if v.Index <= n.commit || n.bug(DirtyReads) {
		m.Reply(response{value: v.Value})
		return
	}
	n.h.Count("dirty read")
	n.waiting[r.Session] = wait{m, r}
	n.h.Send(n.nodes[len(n.nodes)-1], &question{n.place.Epoch, r.Session, r.Number, r.Key})
}

// asked answers as the tail, to which all that it has is committed.
func (n *node) asked(from string, q *question) {
	if n.answers() && n.isTail() && q.epoch == n.place.Epoch {
		n.h.Send(from, &verdict{q.epoch, q.session, q.number, n.kv.newest(q.key).Index})
	}
}

// told ends a read with the version that the tail named. If the node knows by now that
// a newer one is committed, it was so before the read ended.
func (n *node) told(v *verdict) {
	w, ok := n.waiting[v.session]
	if ok && w.r.Number == v.number && n.in && v.epoch == n.place.Epoch {
		delete(n.waiting, v.session)
		w.m.Reply(response{value: n.kv.at(w.r.Key, max(v.index, n.commit)).Value})
	}
}

// update takes a write at the head.
func (n *node) update(u *update) {
	if n.in && n.at == 0 {
		n.accept([]entry{{n.place.Index + 1, u.via, u.write}})
	}
}

// answered gives a client the answer to its write.
func (n *node) answered(r *result) {
	if w, ok := n.waiting[r.session]; ok && w.r.Number == r.number {
		delete(n.waiting, r.session)
		w.m.Reply(response{value: r.value})
	}
}
