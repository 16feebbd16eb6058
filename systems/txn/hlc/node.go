package hlc

import (
	"cmp"
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/systems/internal/snapshot"
	"github.com/capsize-go/capsize/systems/txn/internal/replog"
)

// snapshotEvery is how many commands a range carries out before it takes a snapshot.
const snapshotEvery = 500

// A node has a replica of each range, may lead some, and carries out the transactions of its clients. It is driven by messages and timers,
// all on the event loop of the cluster. Nothing in it blocks.
type node struct {
	h         *cluster.Host
	store     Store
	offset    time.Duration // by how much clocks may differ
	moveEvery time.Duration
	life      uint64
	clock     clock
	ticks     int
	ranges    []*krange

	lastN uint64
	txns  map[string]*attempt // that are being carried out
	heard map[uint64]uint64
}

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	if s.Ranges < 0 || s.MaxOffset < 0 || s.MoveEvery < 0 {
		return fmt.Errorf("boot hlc: %d ranges that move every %v, clocks at most %v apart: none may be negative", s.Ranges, s.MoveEvery, s.MaxOffset)
	}
	if s.MaxOffset > mostOffset {
		return fmt.Errorf("boot hlc: clocks at most %v apart: %v is the most that a range remembers transactions for", s.MaxOffset, mostOffset)
	}
	s.Ranges, s.MaxOffset, s.MoveEvery = cmp.Or(s.Ranges, 3), cmp.Or(s.MaxOffset, mostOffset), max(cmp.Or(s.MoveEvery, 500*time.Millisecond), tick)
	n := &node{h: h, store: s, offset: s.MaxOffset, moveEvery: s.MoveEvery, life: h.Rand().Uint64(), clock: clock{h: h}, txns: map[string]*attempt{}, heard: map[uint64]uint64{}}
	if n.bug(TightOffset) {
		n.offset = tightOffset
	}
	if n.bug(NoUncertainty) {
		n.offset = 0
	}
	for i := range s.Ranges {
		n.ranges = append(n.ranges, &krange{n: n, in: i})
	}
	for i, r := range n.ranges {
		var err error
		if r.log, err = replog.Open(h, replog.Config{Group: fmt.Sprint("range", i+1), Machine: r, Words: words, LazyCommit: true}); err != nil {
			return fmt.Errorf("boot hlc: %w", err)
		}
	}
	h.Handle(n.receive)
	n.everyTick()
	<-ctx.Done()
	return nil
}

func (n *node) bug(b Bug) bool { return n.store.Bugs&b != 0 }

// roles tells the host whether the node leads the first range: a nemesis that looks for the leader finds one.
func (n *node) roles() {
	first := n.ranges[0].log
	if first == nil {
		return // it is being opened
	}
	n.h.SetTerm(first.Term())
	if first.Leads() {
		n.h.SetRole("leader")
	} else {
		n.h.SetRole("follower")
	}
}

// everyTick does what is due now and then.
func (n *node) everyTick() {
	var timer *cluster.Timer
	timer = n.h.AfterFunc(tick, func() {
		timer.Reset(tick)
		n.ticks++
		for _, r := range n.ranges {
			r.push()
			r.move()
		}
		for _, id := range sorting.Keys(n.txns) {
			if a := n.txns[id]; a != nil {
				a.tick()
			}
		}
	})
}

// home returns the range of a key.
func (n *node) home(key string) int {
	x := 0
	for _, c := range []byte(key) {
		x = (x*31 + int(c)) % len(n.ranges)
	}
	return x
}

// toRange sends a message to the leader of a range, if this node knows one.
func (n *node) toRange(in int, body any) bool {
	leader := n.ranges[in].log.Leader()
	if leader == "" {
		return false
	}
	n.send(leader, body)
	return true
}

// send sends a message with the time of this node, as it is after all that happened here. A node may send to itself.
func (n *node) send(to string, body any) {
	p := &packet{n.clock.now(), body}
	if to == n.h.Name() {
		n.h.AfterFunc(0, func() { n.receive(cluster.Message{From: to, Body: p}) })
		return
	}
	n.h.Send(to, p)
}

// A packet is a message between nodes.
type packet struct {
	now  stamp
	body any
}

// receive handles a message of another node or of a client.
func (n *node) receive(m cluster.Message) {
	for _, r := range n.ranges {
		if r.log.Receive(m) {
			return
		}
	}
	switch body := m.Body.(type) {
	case *request:
		n.request(m, body)
	case *packet:
		n.clock.saw(body.now)
		n.handle(m.From, body.body)
	case inquiry:
		m.Reply(n.digest())
	}
}

// handle handles a message of another node.
func (n *node) handle(from string, body any) {
	switch body := body.(type) {
	case *prepare:
		n.ranges[body.in].prepare(from, body)
	case *refresh:
		n.ranges[body.in].refresh(from, body)
	case *finish:
		n.ranges[body.in].finish(from, body)
	case *resolve:
		n.ranges[body.in].resolve(body)
	case *prepared:
		if a := n.txns[body.id]; a != nil {
			a.prepared(body)
		}
	case *refreshed:
		if a := n.txns[body.id]; a != nil {
			a.refreshed(body)
		}
	case *finished:
		if body.in >= 0 {
			n.toRange(body.in, &resolve{body.id, body.in, body.begun, body.record.At, body.record.Committed})
		} else if a := n.txns[body.id]; a != nil {
			a.finished(body.record)
		}
	}
}

// An inquiry asks a node for the digest of its state.
type inquiry struct{}

// Digest returns a digest of what a node has itself.
func (Store) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	return cluster.Ask[string](ctx, h, node, inquiry{})
}

// digest is a digest of the newest versions of all keys.
func (n *node) digest() string {
	newest := map[string]version{}
	for _, r := range n.ranges {
		for k := range r.kv.Versions { // order: each goes to a key of its own
			newest[k] = r.kv.newest(k)
		}
	}
	return fmt.Sprintf("%08x of %d keys", crc32.ChecksumIEEE(snapshot.Encode(newest)), len(newest))
}

// request begins a transaction of a client.
func (n *node) request(m cluster.Message, req *request) {
	switch {
	case req.life != n.life:
		m.Reply(response{status: other, life: n.life})
		return
	case req.ticket.number <= n.heard[req.ticket.session]:
		return // the network duplicated it
	}
	n.heard[req.ticket.session] = req.ticket.number
	n.clock.saw(req.seen)
	t := &transaction{n: n, m: m, ops: slices.Clone(req.ops), end: n.ticks + int(patience/tick)}
	now := n.clock.now()
	t.limit = now.Wall + int64(n.offset)
	t.try(now)
}
