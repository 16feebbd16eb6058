// Package quorumlog is a replicated log that drives a state machine on each node: what databases of this tree are built on, as a
// database is built on the raft of its choice.
//
// The protocol is that of Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm (USENIX ATC 2014): a leader of
// an epoch, which a majority elects that has no more of the log than it; entries are committed once a majority has them on disk.
// A candidate first asks whether it would be elected (Ongaro 2014, §9.6). A leader has a lease that goes by the monotonic
// clock (Gray and Cheriton 1989), so that it can answer reads without a message; clocks may drift by a quarter each.
//
// A node whose disk lost what it had acknowledged votes for no one and acknowledges nothing until the leader has sent it the whole
// state. Compare Alagappan et al., Protocol-Aware Recovery for Consensus-Based Storage (FAST 2018).
//
// Several logs may live on one host: each has a name, by which messages find it. All is on the event loop of the cluster, and
// nothing blocks.
package quorumlog

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A Machine is what a log drives: the same commands in the same order on each node. C is the type of a command. It must survive
// encoding/json, and is shared between nodes: Apply changes nothing in it.
type Machine[C any] interface {
	Apply(index uint64, command *C) (answer any)
	Snapshot() []byte
	Restore(snapshot []byte) error
}

// Options of a log. The zero value is right for a node that keeps what it acknowledges.
type Options struct {
	SnapshotEvery int  // how many entries a node applies before it takes a snapshot; default 1000
	Announce      bool // the leader says at once what is committed, and not with the next entries or heartbeat
	Lazy          bool // a mistake: what is acknowledged is synced once a second only
}

// Timing of the protocol. All hosts that have a log call [Log.Tick] each [TickEvery].
const (
	TickEvery = 50 * time.Millisecond

	// MaxDrift is by how much a clock may run too fast or too slow, of 1.
	MaxDrift = 0.25

	// ElectionTimeout is the longest that a node waits before it stands for election.
	ElectionTimeout = 2 * term

	beatTicks = 2

	// term is how long a node supports no other leader after it heard of one.
	term = time.Second

	// lease is how long the leader counts on that: should its clock be as slow and another's as fast as MaxDrift allows, it
	// has run out at the same time.
	lease = time.Duration(float64(term) * (1 - MaxDrift) / (1 + MaxDrift))
)

// A Log is one node's part of a replicated log. It has many methods because each message and timer of the protocol is one.
type Log[C any] struct {
	h       *cluster.Host
	name    string
	nodes   []string
	id      int // nodes[id] is this one
	machine Machine[C]
	options Options

	disk    *storage[C]
	commit  uint64
	applied uint64
	mustGet uint64 // the index that the node had in its last life: before that it may be behind what it has said

	leader  string // "" if it knows none
	waiting map[uint64]func(answer any, applied bool)
	ticks   int
	support
	lead
}

// Open reads the log of that name from the host's disk. It may have supported a leader just before it crashed, so it supports no
// other for as long as that could last.
func Open[C any](h *cluster.Host, name string, m Machine[C], o Options) (*Log[C], error) {
	l := &Log[C]{h: h, name: name, nodes: h.Nodes(), machine: m, options: o, waiting: map[uint64]func(any, bool){}}
	l.id = slices.Index(l.nodes, h.Name())
	if l.options.SnapshotEvery <= 0 {
		l.options.SnapshotEvery = 1000
	}
	var err error
	if l.disk, err = openStorage[C](h, name, o.Lazy); err != nil {
		return nil, fmt.Errorf("log %s: %w", name, err)
	}
	if err := m.Restore(l.disk.snapshot); err != nil {
		return nil, fmt.Errorf("log %s: %w", name, err)
	}
	l.commit, l.applied = l.disk.base.Index, l.disk.base.Index
	l.mustGet = l.disk.last().Index
	l.hold()
	return l, nil
}

// A Message is one between the parts of a log.
type Message interface{ Log() string }

// Name returns the log's name, which its messages bear.
func (l *Log[C]) Name() string { return l.name }

// Receive handles a message that is for this log.
func (l *Log[C]) Receive(m cluster.Message) {
	l.disk.file.Wake()
	switch body := m.Body.(type) {
	case *image[C]:
		l.install(m.From, body)
	case *recoveryRequest:
		l.answerRecovery(m.From, body)
	default:
		if !l.disk.lost {
			l.protocol(m.From, body)
		}
	}
}

// protocol handles the messages that a node which lost its log must ignore.
func (l *Log[C]) protocol(from string, body any) {
	switch body := body.(type) {
	case *claim:
		l.handleClaim(from, body)
	case *grant:
		l.handleGrant(from, body)
	case *batch[C]:
		l.take(from, body)
	case *ack:
		l.acked(from, body)
	}
}

// Tick does the periodic work of a node that recovers, of a leader, or of a follower, which may stand for election.
func (l *Log[C]) Tick() {
	l.disk.file.Wake()
	l.ticks++
	if l.options.Lazy && l.ticks%20 == 0 {
		must(l.disk.file.Sync())
	}
	switch {
	case l.disk.lost:
		l.requestRecovery()
	case l.Leads():
		l.leaderTick()
	case l.now() >= l.standAt && !l.loyal():
		l.stand()
	}
}

// Leads reports whether the node believes to be the leader. It may have been replaced.
func (l *Log[C]) Leads() bool { return l.leader == l.h.Name() }

// Serves reports whether the node is the leader for certain, and has applied all that was ever committed: its state is the newest.
func (l *Log[C]) Serves() bool { return l.Leads() && l.holds() && l.applied >= l.began }

// Leader returns the node that this one takes for the leader, or "".
func (l *Log[C]) Leader() string { return l.leader }

// Epoch returns the epoch that the node is in.
func (l *Log[C]) Epoch() uint64 { return l.disk.epoch }

// Applied returns the index of the last entry that the node has applied.
func (l *Log[C]) Applied() uint64 { return l.applied }

// CaughtUp reports whether the node has applied all that it had in its last life. Before, its state may be older than what it
// had answered then.
func (l *Log[C]) CaughtUp() bool { return !l.disk.lost && l.applied >= l.mustGet }

// Propose appends a command to the log of the leader, and calls done when this node has applied it. Applied is false if it leads no
// more: then the command may still be applied, or never. It reports false, and does nothing, on a node that does not lead.
func (l *Log[C]) Propose(command *C, done func(answer any, applied bool)) bool {
	if !l.Leads() {
		return false
	}
	if done != nil {
		l.waiting[l.disk.last().Index+1] = done
	}
	l.write(command)
	return true
}

func (l *Log[C]) majority() int        { return len(l.nodes)/2 + 1 }
func (l *Log[C]) now() time.Duration   { return l.h.Clock().Monotonic() }
func (l *Log[C]) idOf(name string) int { return slices.Index(l.nodes, name) }
func (l *Log[C]) others(f func(i int)) {
	for i := range l.nodes {
		if i != l.id {
			f(i)
		}
	}
}

// apply carries out all that is committed.
func (l *Log[C]) apply() {
	for l.applied < l.commit {
		e := l.disk.entries[l.applied-l.disk.base.Index]
		l.applied++
		var answer any
		if e.Command != nil {
			answer = l.machine.Apply(l.applied, e.Command)
		}
		if done, ok := l.waiting[l.applied]; ok {
			delete(l.waiting, l.applied)
			done(answer, true)
		}
	}
	if l.applied-l.disk.base.Index >= uint64(l.options.SnapshotEvery) {
		l.compact()
	}
}

func (l *Log[C]) compact() {
	if p, ok := l.disk.at(l.applied); ok && p != l.disk.base {
		l.disk.compact(p, l.machine.Snapshot())
	}
}

// follow records another leader, or none. What waits at this one is indeterminate.
func (l *Log[C]) follow(leader string) {
	l.leader = leader
	waiting := l.waiting
	l.waiting = map[uint64]func(any, bool){}
	for _, i := range sorting.Keys(waiting) {
		waiting[i](nil, false)
	}
}

// must stops a node whose disk fails: after an fsync that failed, one that succeeds proves nothing.
func must(err error) {
	if err != nil && !errors.Is(err, cluster.ErrCrashed) {
		panic(fmt.Errorf("quorumlog: storage: %w", err))
	}
}
