package chainkv

import (
	"slices"
	"time"
)

// A link is a node's place in a chain, and what it knows of those next to it.
type link struct {
	in    bool     // the node is in the chain of the epoch of its state
	nodes []string // from the head to the tail
	at    int      // nodes[at] is this node

	commit  uint64  // the last write that the tail is known to have
	pending []entry // those behind it, which the next node may not have
	fits    bool    // the next node has taken over the state
	have    uint64  // the last write that it is known to have

	pulse, echo uint64 // the last pulse from the head, and that which came back from the tail
}

// An install hands a state down when a chain begins. A node that was next in an
// earlier chain lacks a few writes at most; to hand down all of the state serves that too.
type install struct {
	nodes []string
	image image
}

// A pass hands writes down, or only a pulse.
type pass struct {
	epoch   uint64
	entries []entry
	pulse   uint64
}

// An ack goes up: what a node has, what the tail has, and which pulse reached the tail.
type ack struct {
	epoch              uint64
	have, commit, echo uint64
}

// maxPass is how many writes a message bears at most.
const maxPass = 64

func (n *node) isTail() bool { return n.at == len(n.nodes)-1 }

// enter takes a place in a chain with a state that was made durable.
func (n *node) enter(nodes []string) {
	n.link = link{in: true, nodes: nodes, at: slices.Index(nodes, n.h.Name())}
	n.view = view{n.place.Epoch, nodes, n.now()}
	n.heardAt = slices.Repeat([]time.Duration{never}, len(n.names))
	n.wait()
	n.h.SetTerm(n.place.Epoch)
	if n.at == 0 {
		n.h.SetRole("primary")
	} else {
		n.h.SetRole("replica")
	}
	n.handDown()
}

// leave removes the node from its chain.
func (n *node) leave() {
	n.in = false
	n.h.SetTerm(n.promised)
	n.h.SetRole("replica")
}

// begin makes the node the head of a chain, with what it has.
func (n *node) begin(f *form) {
	if f.epoch < n.promised || f.epoch <= n.place.Epoch || n.lost {
		return
	}
	index := n.place.Index
	if n.bug(LosePending) && n.commit > 0 {
		index = n.commit
	}
	n.kv.truncate(index)
	n.install(image{place{f.epoch, index}, n.kv.snapshot(), n.kv})
	n.enter(f.nodes)
}

// chain handles messages of the node before and of the node behind. A node that
// promised another chain ignores those of earlier chains.
func (n *node) chain(from string, body any) {
	switch body := body.(type) {
	case *install:
		if body.image.Place.Epoch < n.promised {
			return
		}
		if body.image.Place.Epoch > n.place.Epoch {
			n.storage.install(body.image)
			n.enter(body.nodes)
		}
		if n.in {
			n.ackUp()
		}
	case *pass:
		if n.in && body.epoch == n.place.Epoch {
			n.passed(body)
		}
	case *ack:
		if n.in && body.epoch == n.place.Epoch && !n.isTail() && from == n.nodes[n.at+1] {
			n.acked(body)
		}
	}
}

// passed accepts the new writes that the node before handed down.
func (n *node) passed(p *pass) {
	fresh := p.pulse > n.pulse
	n.pulse = max(n.pulse, p.pulse)
	entries := p.entries // one after the other, without gaps
	for len(entries) > 0 && entries[0].Index <= n.place.Index {
		entries = entries[1:]
	}
	if len(entries) > 0 && entries[0].Index == n.place.Index+1 {
		n.accept(entries)
	} else if fresh || n.isTail() {
		n.handDown()
	}
}

// accept makes writes durable, and hands them down.
func (n *node) accept(entries []entry) {
	n.pending = append(n.pending, entries...) // which messages share: it only grows
	n.append(entries, func(e entry, answer int) {
		if n.isTail() || n.bug(AckBeforeTail) && n.at == 0 {
			n.sendTo(e.Via, &result{e.Write.Session, e.Write.Number, answer})
		}
	})
	n.handDown()
	n.compact()
}

// handDown sends the next node what it may not have. At the tail all writes are
// committed, and it acknowledges them upwards.
func (n *node) handDown() {
	switch {
	case n.isTail():
		n.committed(n.place.Index, n.pulse)
		n.ackUp()
	case !n.fits:
		n.h.Send(n.nodes[n.at+1], &install{n.nodes, n.image()})
	default:
		lacks := n.pending
		for len(lacks) > 0 && lacks[0].Index <= n.have {
			lacks = lacks[1:]
		}
		lacks = lacks[:min(len(lacks), maxPass)]
		n.h.Send(n.nodes[n.at+1], &pass{n.place.Epoch, lacks[:len(lacks):len(lacks)], n.pulse})
	}
}

// ackUp acknowledges to the node before what this one and the tail have.
func (n *node) ackUp() {
	if n.at > 0 {
		n.h.Send(n.nodes[n.at-1], &ack{n.place.Epoch, n.place.Index, n.commit, n.echo})
	}
}

// acked handles the acknowledgment of the node behind.
func (n *node) acked(a *ack) {
	grown := !n.fits || a.have > n.have
	n.fits, n.have = true, max(n.have, a.have)
	news := a.commit > n.commit || a.echo > n.echo
	n.committed(a.commit, a.echo)
	if news {
		n.ackUp()
	}
	if grown && n.have < n.place.Index {
		n.handDown()
	}
}

// committed notes that the tail has all up to an index, and has heard a pulse: so the whole
// of the chain works.
func (n *node) committed(index, echo uint64) {
	n.commit = max(n.commit, index)
	for len(n.pending) > 0 && n.pending[0].Index <= n.commit {
		n.kv.commit(n.pending[0].Write.Key, n.commit)
		n.pending = n.pending[1:]
	}
	if echo > n.echo {
		n.echo = echo
		n.beat()
	}
}

// chainTick is the tick of a node in a chain: what may have been lost is sent again, and the
// head sends a pulse.
func (n *node) chainTick() {
	if n.at == 0 && n.ticks%pulseTicks == 0 {
		n.pulse++
		n.handDown()
	} else if !n.isTail() && (!n.fits || n.have < n.place.Index) {
		n.handDown()
	}
}
