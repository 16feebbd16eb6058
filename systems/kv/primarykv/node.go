package primarykv

import (
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A node is one replica: a state machine that is driven by messages and ticks, all
// on the event loop of the cluster. Nothing in it blocks.
//
// It has many methods because each message and timer of the protocol is one.
type node struct {
	h     *cluster.Host
	store Store
	names []string
	id    int // names[id] is this node

	log     *storage
	kv      *state
	commit  uint64
	applied uint64
	failed  bool // an event was aborted by the disk: the process does nothing more

	primary string                     // that the node follows; "" if it knows none
	waiting map[uint64]cluster.Message // writes that are not committed yet, by index
	heard   map[uint64]uint64          // the last attempt of each session
	ticks   int
	members Membership // decides which nodes are dead, if memberlist does that; else nil
	support            // of a backup
	lead               // of a primary
}

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n, err := boot(h, s)
	if err != nil {
		return fmt.Errorf("boot primarykv: %w", err)
	}
	n.run(ctx)
	return nil
}

// run has the node work until ctx is done.
func (n *node) run(ctx context.Context) {
	n.h.Handle(func(m cluster.Message) { n.guard(func() { n.receive(m) }) })
	var timer *cluster.Timer
	timer = n.h.AfterFunc(tick, func() {
		timer.Reset(tick)
		n.guard(n.tick)
	})
	<-ctx.Done()
}

// boot makes a node of what the disk holds. It may have supported a primary just
// before it crashed, so it supports no other for as long as that could last.
func boot(h *cluster.Host, s Store) (*node, error) {
	n := &node{h: h, store: s, names: h.Nodes(), waiting: map[uint64]cluster.Message{}, heard: map[uint64]uint64{}}
	n.id = slices.Index(n.names, h.Name())
	if n.store.SnapshotEvery <= 0 {
		n.store.SnapshotEvery = 400
	}
	var err error
	if n.log, err = openStorage(h); err != nil {
		return nil, err
	}
	if n.kv, err = restore(n.log.snapshot); err != nil {
		return nil, err
	}
	n.commit, n.applied = n.log.base.Index, n.log.base.Index
	n.hold()
	return n, nil
}

// guard runs an event, unless an earlier one was broken off by the disk.
func (n *node) guard(event func()) {
	if n.failed {
		return
	}
	n.failed = true
	event()
	n.failed = false
}

func (n *node) majority() int        { return len(n.names)/2 + 1 }
func (n *node) now() time.Duration   { return n.h.Clock().Monotonic() }
func (n *node) leads() bool          { return n.primary == n.h.Name() }
func (n *node) bug(b Bug) bool       { return n.store.Bugs&b != 0 }
func (n *node) idOf(name string) int { return slices.Index(n.names, name) }
func (n *node) others(f func(i int)) {
	for i := range n.names {
		if i != n.id {
			f(i)
		}
	}
}

// tick does the periodic work of a node that recovers, of a primary, or of a backup, which may campaign.
func (n *node) tick() {
	n.ticks++
	switch {
	case n.log.lost:
		n.requestRecovery()
	case n.leads():
		n.primaryTick()
	case n.store.Failover == Fixed:
		if n.id == 0 {
			n.log.saveEpoch(n.log.epoch+1, n.h.Name())
			n.promote()
		}
	case n.now() >= n.standAt && !n.loyal():
		n.stand()
	}
}

// receive handles a message of a client or node.
func (n *node) receive(m cluster.Message) {
	switch body := m.Body.(type) {
	case *request:
		if !n.duplicate(body) {
			n.request(m, body)
		}
	case inquiry:
		m.Reply(fmt.Sprintf("%08x after entry %d", crc32.ChecksumIEEE(n.kv.snapshot()), n.applied))
	case *image:
		n.install(m.From, body)
	case *recoveryRequest:
		n.answerRecovery(m.From, body)
	default:
		if !n.log.lost {
			n.protocol(m.From, body)
		}
	}
}

// protocol handles the messages that a node which lost its log must ignore.
func (n *node) protocol(from string, body any) {
	switch body := body.(type) {
	case *claim:
		n.handleClaim(from, body)
	case *grant:
		n.handleGrant(from, body)
	case *batch:
		n.take(from, body)
	case *ack:
		n.acked(from, body)
	}
}

// duplicate reports whether a request came before. If one copy were carried out and
// the other refused, its client might be answered that nothing happened.
func (n *node) duplicate(r *request) bool {
	if r.attempt <= n.heard[r.session] {
		return true
	}
	n.heard[r.session] = r.attempt
	return false
}

// request begins a request of a client. A backup forwards it.
func (n *node) request(m cluster.Message, r *request) {
	switch {
	case r.op == opGet && n.store.Reads == Anywhere:
		m.Reply(response{value: n.kv.Values[r.key]})
	case n.leads():
		n.serve(m, r)
	case n.primary == "" || m.Forwarded():
		m.Reply(response{status: noPrimary})
	default:
		m.Forward(n.primary)
	}
}

// serve answers a request as the primary.
func (n *node) serve(m cluster.Message, r *request) {
	late := n.applied < n.began // it may not have seen all that was answered before
	switch {
	case r.op == opGet && n.bug(ServeAfterLease) && !late:
		m.Reply(response{value: n.kv.Values[r.key]})
	case !n.leased() || late:
		m.Reply(response{status: noPrimary})
	case r.op == opGet:
		m.Reply(response{value: n.kv.Values[r.key]})
	default:
		n.waiting[n.log.last().Index+1] = m
		n.write(write{r.op, r.session, r.number, r.key, r.old, r.value})
	}
}

// apply carries out all that is committed.
func (n *node) apply() {
	for n.applied < n.commit {
		e := n.log.entries[n.applied-n.log.base.Index]
		n.applied++
		answer := n.kv.apply(e.Write)
		if m, ok := n.waiting[n.applied]; ok {
			delete(n.waiting, n.applied)
			m.Reply(response{value: answer})
		}
	}
	if n.applied-n.log.base.Index >= uint64(n.store.SnapshotEvery) {
		n.compact()
	}
}

func (n *node) compact() {
	if p, ok := n.log.at(n.applied); ok && p != n.log.base {
		n.log.compact(p, n.kv.snapshot())
	}
}

// follow records another primary, or none. Writes that wait at this one are answered as
// indeterminate.
func (n *node) follow(primary string) {
	n.primary = primary
	n.h.SetTerm(n.log.epoch)
	n.h.SetRole("backup")
	for _, i := range sorting.Keys(n.waiting) {
		n.waiting[i].Reply(response{status: lost})
	}
	clear(n.waiting)
}
