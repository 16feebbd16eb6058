package crdtkv

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/journal"
)

// A node is a replica: a state machine that is driven by messages and ticks, all on the
// event loop of the cluster. Nothing in it blocks.
type node struct {
	h    *cluster.Host
	bugs Bug
	life uint64 // as which it is a replica
	dots uint64 // how many dots it has given

	*state
	logs  []*journal.Journal // two, alike
	least int64              // the size of one when it was written anew

	deltas []*state // what the state has grown by; the first is the one of number first
	first  uint64
	peers  []*peer
	heard  map[uint64]uint64 // the last request of each session
	ticks  int
}

// A peer is another node, and what it has acknowledged.
type peer struct {
	name  string
	life  uint64
	acked uint64 // how many deltas of this life of the node it has; 0 if it may have none
	again int    // the tick at which it is sent the same again if it is silent
}

type (
	// A gossip has the deltas of a sender after one number up to another, merged. Its receiver
	// must have all that the sender had at the first number.
	gossip struct {
		life        uint64 // of the sender
		after, upTo uint64 // after 0 it is the whole state
		delta       *state
	}
	// A receipt acknowledges it.
	receipt struct {
		life        uint64 // of the sender of the receipt
		gossip      uint64 // the life whose gossip it was
		after, upTo uint64
	}
)

const (
	// smallest is the size under which the journal is not written anew.
	smallest = 64 << 10

	// againTicks is how long a node waits for a receipt.
	againTicks = 3

	// syncTicks is how often a node syncs that does not when it should.
	syncTicks = 20
)

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n := &node{h: h, bugs: s.Bugs, life: h.Rand().Uint64() >> 16, state: &state{}, first: 1, heard: map[uint64]uint64{}}
	if n.bugs&ReuseIDs != 0 {
		n.life = uint64(slices.Index(h.Nodes(), h.Name()) + 1)
	}
	for _, name := range h.Nodes() {
		if name != h.Name() {
			n.peers = append(n.peers, &peer{name: name})
		}
	}
	if err := n.open(); err != nil {
		return fmt.Errorf("boot crdtkv: %w", err)
	}
	h.Handle(n.receive)
	var timer *cluster.Timer
	timer = h.AfterFunc(gossipEvery, func() {
		timer.Reset(gossipEvery)
		n.wake()
		n.tick()
	})
	<-ctx.Done()
	return nil
}

// open reads what the disk has. The state of the life before is a delta to this one.
func (n *node) open() error {
	alike := true
	for _, name := range []string{"deltas", "copy"} {
		records, err := salvage(n.h, name)
		if err != nil {
			return err
		}
		for _, rec := range records {
			d, err := decode(rec)
			if err != nil {
				return fmt.Errorf("journal %s: %w", name, err)
			}
			n.merge(d, 0)
		}
		log, whole, _, err := journal.Open(n.h, name)
		if err != nil {
			return err
		}
		n.logs = append(n.logs, log)
		alike = alike && len(whole) == len(records) && log.Size() == n.logs[0].Size()
	}
	n.keep(n.clone())
	if !alike {
		n.h.Count("data damaged")
		n.rewrite()
	}
	return nil
}

func (n *node) wake() {
	for _, log := range n.logs {
		log.Wake()
	}
}

// salvage returns all records of a journal that are whole, also those behind damage:
// deltas make sense without those before them. One that was not gossiped is on no other
// disk, so there is a second journal, of which the same holds.
func salvage(h *cluster.Host, name string) (records [][]byte, err error) {
	file, err := h.Disk().Open(name)
	if err != nil {
		return nil, fmt.Errorf("journal %s: %w", name, err)
	}
	rest := make([]byte, file.Size())
	if _, err := io.ReadFull(file, rest); err != nil && len(rest) > 0 {
		return nil, fmt.Errorf("journal %s: %w", name, err)
	}
	for len(rest) > 0 {
		rec, after, ok := journal.Next(rest, false)
		switch {
		case !ok:
			after = rest[1:]
		case rec[0] == recordDelta:
			records = append(records, rec)
		}
		rest = after
	}
	return records, nil
}

// grow merges a delta into the state, and keeps what was new of it on the disk and for the others.
func (n *node) grow(d *state, bugs Bug) {
	news := n.merge(d, bugs)
	if news == nil {
		return
	}
	if n.bugs&ForgetRemoved != 0 {
		n.seen = n.alive()
	}
	n.keep(news)
	rec := record(news)
	for _, log := range n.logs {
		must(log.Append(rec))
		if n.bugs&AckBeforeSync == 0 {
			must(log.Sync())
		}
	}
	if n.logs[0].Size() > smallest+2*n.least {
		n.rewrite()
	}
}

func (n *node) keep(d *state) {
	n.deltas = append(n.deltas, d)
	if len(n.deltas) > buffered {
		n.deltas[0] = nil
		n.deltas, n.first = n.deltas[1:], n.first+1
	}
}

func (n *node) rewrite() {
	for _, log := range n.logs {
		must(log.Replace(record(n.state)))
	}
	n.least = n.logs[0].Size()
}

// made returns how many deltas there were in this life.
func (n *node) made() uint64 { return n.first + uint64(len(n.deltas)) - 1 }

// tick sends each peer the deltas that it has not acknowledged, or the whole state if the buffer begins
// later.
func (n *node) tick() {
	n.ticks++
	if n.bugs&AckBeforeSync != 0 && n.ticks%syncTicks == 0 {
		must(n.logs[1].Sync())
	}
	sent := map[uint64]*gossip{} // by the number after which it begins: peers that lack the same share it
	for _, p := range n.peers {
		if p.acked == n.made() || n.ticks < p.again {
			continue
		}
		after := p.acked
		if after+1 < n.first {
			after = 0
		}
		if sent[after] == nil {
			sent[after] = n.gossip(after)
		}
		n.h.Send(p.name, sent[after])
		p.again = n.ticks + againTicks
		if n.bugs&SkipDeltas != 0 {
			p.acked = n.made()
		}
	}
}

// gossip returns the deltas after a number, merged; after 0 the whole state.
func (n *node) gossip(after uint64) *gossip {
	g := &gossip{n.life, after, n.made(), n.state}
	switch {
	case after == 0:
		g.delta = n.clone()
	case after+1 == n.made():
		g.delta = n.deltas[len(n.deltas)-1]
	default:
		g.delta = &state{}
		for _, x := range n.deltas[after+1-n.first:] {
			g.delta.merge(x, 0)
		}
	}
	return g
}

// receive handles a message of a client or peer.
func (n *node) receive(m cluster.Message) {
	n.wake()
	switch body := m.Body.(type) {
	case *request:
		n.request(m, body)
	case *gossip:
		n.peer(m.From, body.life)
		n.grow(body.delta, n.bugs)
		n.h.Send(m.From, &receipt{n.life, body.life, body.after, body.upTo})
	case *receipt:
		if p := n.peer(m.From, body.life); body.gossip == n.life && body.after <= p.acked {
			p.acked, p.again = max(p.acked, min(body.upTo, n.made())), 0
		}
	case inquiry:
		held := &state{counters: n.counters, sets: n.sets, registers: n.registers}
		m.Reply(fmt.Sprintf("%08x", crc32.ChecksumIEEE(record(held))))
	}
}

// peer returns the peer of that name. In another life it may have lost what it had
// acknowledged.
func (n *node) peer(name string, life uint64) *peer {
	i := slices.IndexFunc(n.peers, func(p *peer) bool { return p.name == name })
	if p := n.peers[i]; p.life != life {
		*p = peer{name: name, life: life}
	}
	return n.peers[i]
}

// request carries out a request of a client, unless it is a duplicate or was sent to
// an earlier life: no operation may be carried out twice.
func (n *node) request(m cluster.Message, r *request) {
	switch {
	case r.life != n.life:
		m.Reply(response{other: true, life: n.life})
	case r.number > n.heard[r.session]:
		n.heard[r.session] = r.number
		m.Reply(n.do(r))
	}
}

// do carries out an operation: an update makes a delta and merges it, so that it is durable before
// the answer leaves.
func (n *node) do(r *request) (answer response) {
	switch r.op {
	case opCount:
		n.grow(n.count(n.life, r.key, r.value), 0)
	case opSum:
		c := n.counters.get(r.key)
		answer.values = []int{c.p.sum() - c.n.sum()}
	case opAdd:
		answer.dots = []dot{n.nextDot()}
		n.grow(n.add(answer.dots[0], r.key, r.value), 0)
	case opRemove:
		var d *state
		d, answer.dots = n.remove(r.key, r.value)
		n.grow(d, 0)
	case opElements:
		answer.values = n.sets.get(r.key).values()
	case opWrite:
		n.grow(n.write(n.nextDot(), r.key, r.value, r.seen), 0)
	case opSiblings:
		for _, t := range n.registers.get(r.key) {
			answer.values, answer.dots = append(answer.values, t.value), append(answer.dots, t.dot)
		}
	}
	return answer
}

func (n *node) nextDot() dot {
	n.dots++
	return dot{Actor: n.life, N: n.dots}
}

// must stops a node whose disk fails it: after an fsync that failed, one that
// succeeds proves nothing.
func must(err error) {
	if err != nil && !errors.Is(err, cluster.ErrCrashed) {
		panic(fmt.Errorf("crdtkv: %w", err))
	}
}
