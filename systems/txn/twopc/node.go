package twopc

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/cluster"
)

// A machine is what a node has of its host.
type machine struct {
	h     *cluster.Host
	bugs  Bug
	life  uint64
	ticks int
	disk  storage
}

// A node coordinates the transactions of its clients, and is a participant in those that touch its keys. It is a state machine that is
// driven by messages and ticks, all on the event loop of the cluster. Nothing in it blocks.
type node struct {
	*machine
	participant

	nodes   []string
	seq     uint64
	heard   map[uint64]uint64  // the last request of each session
	running table[*txn]        // those that are not decided
	decided table[*commitment] // those that commit, and of which not all participants have heard
}

func newNode(h *cluster.Host, life uint64, bugs Bug) *node {
	m := &machine{h: h, bugs: bugs, life: life}
	return &node{
		machine: m, participant: newParticipant(m), nodes: h.Nodes(),
		heard: map[uint64]uint64{}, running: newTable[*txn](), decided: newTable[*commitment](),
	}
}

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n := newNode(h, h.Rand().Uint64(), s.Bugs)
	if err := n.boot(); err != nil {
		return fmt.Errorf("boot twopc: %w", err)
	}
	h.Handle(n.receive)
	n.tick()
	<-ctx.Done()
	return nil
}

// tick repeats messages that were not answered, at intervals, and gives up what takes too long.
func (n *node) tick() {
	var timer *cluster.Timer
	timer = n.h.AfterFunc(resend, func() {
		timer.Reset(resend)
		n.ticks++
		n.disk.log.Wake()
		n.coordinateAgain()
		n.participateAgain()
		n.keepDisk()
	})
}

// receive handles a message.
func (n *node) receive(m cluster.Message) {
	n.disk.log.Wake()
	switch body := m.Body.(type) {
	case *request:
		n.begin(m, body)
	case *executed:
		n.executedAt(m.From, body)
	case *vote:
		n.voted(m.From, body)
	case *done:
		n.doneAt(m.From, body)
	case *execute:
		n.execute(m.From, body)
	case *prepare:
		n.prepare(m.From, body)
	case *decision:
		n.decide(m.From, body)
	case *inquiry:
		n.inform(m.From, body.id)
	}
}

// inform answers an inquiry, if the node knows the outcome. As a coordinator it presumes that what it does not know was aborted, unless its
// disk has lost what it knew.
func (n *node) inform(who string, i id) {
	if i.node != n.h.Name() {
		if e := n.ended[i]; e != left {
			n.h.Send(who, &decision{i, e.outcome()})
		}
		return
	}
	_, commits := n.decided.by[i]
	_, undecided := n.running.by[i]
	switch {
	case commits:
		n.h.Send(who, &decision{i, committed})
	case undecided && n.bugs&PresumeTooSoon == 0:
	case slices.Contains(n.disk.lives, i.life):
		n.h.Send(who, &decision{i, aborted})
	}
}
