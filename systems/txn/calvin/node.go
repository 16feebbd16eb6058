package calvin

import (
	"cmp"
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
	"github.com/capsize-go/capsize/systems/txn/internal/replog"
)

// A node is a replica of the store, and may be the sequencer. It is driven by messages and timers, all on the event loop of the
// cluster. Nothing in it blocks.
type node struct {
	h     *cluster.Host
	store Store
	log   *replog.Log

	kv       *state
	sched    scheduler
	backlog  []*task // of the log: they wait until a snapshot is taken
	admitted int     // tasks since the last snapshot
	life     int     // counts the states that the node began from, so that tasks of an earlier one end

	waiting map[ticket]cluster.Message // of the clients of this node
	heard   map[uint64]uint64          // the last attempt of each session

	early *state // with the bug TwoSequencers: what the sequencer has carried out before it was committed
	skips bool   // with the bug SkipEntry: the next entry is skipped
}

// A sequence asks the sequencer to put a transaction into the log.
type sequence struct{ entry *entry }

// An outcome is what a sequencer with the bug TwoSequencers answers.
type outcome struct {
	ticket ticket
	last   last
}

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	if s.Shards < 0 || s.MoveEvery < 0 || s.SnapshotEvery < 0 {
		return fmt.Errorf("boot calvin: %d shards, a move every %d writes, a snapshot every %d transactions: none may be negative", s.Shards, s.MoveEvery, s.SnapshotEvery)
	}
	s.Shards, s.MoveEvery, s.SnapshotEvery = cmp.Or(s.Shards, 3), cmp.Or(s.MoveEvery, 4), cmp.Or(s.SnapshotEvery, 200)
	n := &node{h: h, store: s, waiting: map[ticket]cluster.Message{}, heard: map[uint64]uint64{}}
	var err error
	n.log, err = replog.Open(h, replog.Config{Group: "sequencer", Machine: n, Words: words, NeverResigns: s.Bugs&TwoSequencers != 0})
	if err != nil {
		return fmt.Errorf("boot calvin: %w", err)
	}
	h.Handle(n.receive)
	<-ctx.Done()
	return nil
}

func (n *node) bug(b Bug) bool { return n.store.Bugs&b != 0 }

// receive handles a message of another node or of a client.
func (n *node) receive(m cluster.Message) {
	if n.log.Receive(m) {
		return
	}
	switch body := m.Body.(type) {
	case *request:
		if body.attempt > n.heard[body.ticket.Session] { // else it is a copy
			n.heard[body.ticket.Session] = body.attempt
			n.request(m, body)
		}
	case *sequence:
		n.sequence(m.From, body.entry)
	case *outcome:
		n.answer(body.ticket, body.last)
	case inquiry:
		m.Reply(n.digest())
	}
}

// request sends the transaction of a client to the sequencer, with the shards that it needs.
func (n *node) request(m cluster.Message, req *request) {
	if l, ok := n.kv.answered(req.ticket); ok {
		n.waiting[req.ticket] = m
		n.answer(req.ticket, l)
		return
	}
	if n.bug(LocalReads) && !slices.ContainsFunc(req.ops, cell.Writes) {
		ops, _, _ := cell.Run(req.ops, func(key string) cell.Cell { return n.kv.Cells[n.kv.home(key).Shard][key] })
		m.Reply(response{ops: ops})
		return
	}
	leader := n.log.Leader()
	if leader == "" || leader == n.h.Name() && !n.log.Leads() {
		m.Reply(response{status: noSequencer})
		return
	}
	e := &entry{req.ticket, n.kv.shards(model.Txn(req.ops).Keys()), req.ops}
	n.waiting[req.ticket] = m
	if leader != n.h.Name() {
		n.h.Send(leader, &sequence{e})
		return
	}
	n.sequence(leader, e)
}

// sequence puts a transaction into the log, if this node is the sequencer. If it is not, the client asks again after a while.
func (n *node) sequence(from string, e *entry) {
	if !n.log.Propose(encodeEntry(e)) || n.early == nil || !n.early.admit(e.Ticket) {
		return
	}
	l := n.early.carryOut(e, n.rules(nil))
	if from == n.h.Name() {
		n.answer(e.Ticket, l)
	} else {
		n.h.Send(from, &outcome{e.Ticket, l})
	}
}

// Restore begins from a snapshot.
func (n *node) Restore(data []byte) error {
	kv, err := restore(data, n.store.Shards)
	if err != nil {
		return err
	}
	n.kv, n.sched, n.backlog, n.admitted, n.early = kv, newScheduler(), nil, 0, nil
	n.life++
	n.skips = n.bug(SkipEntry) && len(data) > 0
	return nil
}

// Elected makes the node the sequencer.
func (n *node) Elected() {
	n.h.SetTerm(n.log.Term())
	n.h.SetRole("leader")
	if n.bug(TwoSequencers) {
		n.early, _ = restore(n.kv.encode(), n.store.Shards) // its own snapshot can be read
	}
}

// Deposed ends that. The transactions that wait may be in the log of the next sequencer or not; their clients ask again.
func (n *node) Deposed() {
	n.h.SetRole("follower")
	n.early = nil
}

// Apply takes a transaction from the log.
func (n *node) Apply(index uint64, data []byte) {
	n.backlog = append(n.backlog, &task{entry: decodeEntry(data), index: index, skips: n.skips})
	n.skips = false
	n.schedule()
}

// schedule has the tasks of the backlog ask for their locks. A snapshot needs a state that has all entries up to one and none
// behind it: so no task begins then until all have ended.
func (n *node) schedule() {
	for len(n.backlog) > 0 {
		if n.admitted >= n.store.SnapshotEvery {
			if n.sched.tasks > 0 {
				return
			}
			n.log.Compact(n.backlog[0].index-1, n.kv.encode())
			n.admitted = 0
		}
		t := n.backlog[0]
		n.backlog = n.backlog[1:]
		n.admitted++
		if !n.kv.admit(t.Ticket) {
			continue
		}
		if n.sched.admit(t) {
			n.begin(t)
		}
	}
}

// begin has a task that has its locks end after a while.
func (n *node) begin(t *task) {
	life := n.life
	n.h.AfterFunc(time.Duration(n.h.Rand().Int64N(int64(slowest))), func() {
		if n.life == life {
			n.end(t)
		}
	})
}

// end carries out a task, and lets others begin.
func (n *node) end(t *task) {
	l := n.kv.carryOut(t.entry, n.rules(t))
	if n.early == nil {
		n.answer(t.Ticket, l)
	}
	for _, next := range n.sched.release(t) {
		n.begin(next)
	}
	n.schedule()
}

func (n *node) rules(t *task) rules {
	return rules{moveEvery: n.store.MoveEvery, trusts: n.bug(TrustReconnaissance), skips: t != nil && t.skips}
}

// answer answers the client of this node that waits for a transaction, if there is one.
func (n *node) answer(t ticket, l last) {
	m, ok := n.waiting[t]
	if !ok {
		return
	}
	delete(n.waiting, t)
	if l.Aborted {
		m.Reply(response{status: aborted})
		return
	}
	m.Reply(response{ops: l.Ops})
}

// An inquiry asks a node for the digest of its state.
type inquiry struct{}

// Digest returns a digest of what a node has carried out itself.
func (Store) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	return cluster.Ask[string](ctx, h, node, inquiry{})
}

// digest is a digest of the state, with the number of transactions that were carried out.
func (n *node) digest() string {
	return fmt.Sprintf("%08x after %d transactions", crc32.ChecksumIEEE(n.kv.encode()), n.kv.Served)
}
