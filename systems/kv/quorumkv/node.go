package quorumkv

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// beat is how often a node looks after what is to be done now and then.
const beat = 60 * time.Millisecond

// Every how many beats a node hands over what it keeps for others, compares trees with another
// node and, with AckBeforeSync, syncs.
const (
	handoffBeats = 5
	compareBeats = 8
	syncBeats    = 17
)

// A node is one replica and coordinator: a state machine that is driven by messages and
// timers, all on the event loop of the cluster. Nothing in it blocks.
//
// It has many methods because each message and timer of the protocol is one.
type node struct {
	h     *cluster.Host
	store Store
	names []string
	self  int
	ring  *ring
	log   *storage
	trees map[int]*tree // by peer
	keys  []string      // that node.shared returned last; kept for its memory

	life  uint64            // drawn when the node booted
	actor uint64            // in dots: this life
	count map[string]uint64 // writes of each key in this life
	clock hybrid

	detector detector
	dead     []bool // in its eyes

	heard   map[uint64]uint64  // the last request of each session
	rounds  map[uint64]*round  // that are under way
	surveys map[uint64]*survey // likewise
	next    uint64             // names them
}

// A detector decides who is dead.
type detector interface {
	start()
	look() (dead []bool) // by node
}

// boot makes a node of what the disk holds.
func boot(h *cluster.Host, s Store) (*node, error) {
	names := h.Nodes()
	s, err := s.complete(len(names))
	if err != nil {
		return nil, err
	}
	log, err := openStorage(h, s)
	if err != nil {
		return nil, err
	}
	n := &node{
		h: h, store: s, names: names, self: slices.Index(names, h.Name()), ring: newRing(names, s.Points), log: log,
		trees: map[int]*tree{}, count: map[string]uint64{}, dead: make([]bool, len(names)),
		heard: map[uint64]uint64{}, rounds: map[uint64]*round{}, surveys: map[uint64]*survey{},
	}
	// Both are drawn anew in each life: an answer to the last one's question answers
	// nothing, and no dot is used again.
	n.next, n.life = h.Rand().Uint64(), h.Rand().Uint64()
	n.actor = n.life
	if s.Bugs&ReuseDots != 0 {
		n.actor = uint64(n.self + 1)
	}
	return n, nil
}

// start has the node take part.
func (n *node) start(d detector) {
	n.detector = d
	d.start()
	n.h.Handle(n.receive)
	var timer *cluster.Timer
	beats := 0
	timer = n.h.AfterFunc(beat, func() {
		timer.Reset(beat)
		beats++
		n.bury(d.look())
		if beats%handoffBeats == 0 {
			n.handOver()
		}
		if beats%compareBeats == 0 && !n.store.NoAntiEntropy {
			n.compare(beats / compareBeats)
		}
		if n.store.Bugs&AckBeforeSync != 0 && beats%syncBeats == 0 {
			n.log.sync()
		}
		n.h.SetState(n)
	})
}

// bury takes note of who is dead now. What was asked of those who have just died is asked
// of others.
func (n *node) bury(dead []bool) {
	for i := range dead {
		if dead[i] == n.dead[i] {
			continue
		}
		n.dead[i] = dead[i]
		if !dead[i] {
			n.report("alive", i)
			continue
		}
		n.report("dead", i)
		n.replace(i)
	}
}

// report counts and logs that this node found another dead or alive.
func (n *node) report(what string, of int) {
	n.h.Count("found " + what)
	n.h.Log().Info("found "+what, "peer", n.names[of])
}

func (n *node) send(to int, body any) { n.h.Send(n.names[to], body) }

func (n *node) indexOf(name string) int { return slices.Index(n.names, name) }

// homes returns the nodes that are to hold a key.
func (n *node) homes(key string) []int { return n.ring.preference(key)[:n.store.N] }

// receive handles a message of another node or of a client.
func (n *node) receive(m cluster.Message) {
	switch body := m.Body.(type) {
	case *request:
		switch {
		case body.life != n.life:
			m.Reply(response{status: other, life: n.life})
		case body.number > n.heard[body.session]: // or it is a copy
			n.heard[body.session] = body.number
			n.request(m, body)
		}
	case inquiry:
		n.survey(m)
	case *write:
		n.accept(body)
		if body.round != 0 {
			n.send(n.indexOf(m.From), &body.stored)
		}
	case *ack:
		n.ackArrived(n.indexOf(m.From), body)
	case *read:
		n.send(n.indexOf(m.From), &answer{body.round, n.log.read(body.key)})
	case *answer:
		n.answerArrived(n.indexOf(m.From), body)
	case *handoff:
		n.accept(&write{key: body.key, object: body.object, home: n.self})
		n.send(n.indexOf(m.From), &handed{body.key, body.object})
	case *handed:
		n.log.handed(hint{n.indexOf(m.From), body.key}, body.object)
	case *probe:
		n.probed(n.indexOf(m.From), body)
	case *bucket:
		n.fill(n.indexOf(m.From), body)
	case *census:
		n.send(n.indexOf(m.From), n.ownHoldings(body.survey))
	case *holdings:
		n.holdingsArrived(n.indexOf(m.From), body)
	case ping:
		n.send(n.indexOf(m.From), pong{})
	case pong:
		if p, ok := n.detector.(*pings); ok {
			p.answered(n.indexOf(m.From))
		}
	}
}
