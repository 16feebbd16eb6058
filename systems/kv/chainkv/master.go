package chainkv

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// A master is a node's part in the majority that decides who the chain is.
type master struct {
	view   view          // the last chain that the node heard of
	until  time.Duration // the node promises nothing to another before
	bidAt  time.Duration // when it wants another chain
	bid    *bid
	bids   int    // how many there were
	latest uint64 // the latest epoch that another node said it promised

	heardAt []time.Duration // when what each node answered last was sent: the lease of this node
	times   []time.Duration // heardAt, sorted; kept for its memory
}

// A view is what a node knows of a chain that need not be its own.
type view struct {
	epoch uint64
	nodes []string
	at    time.Duration // when it was seen to work
}

func (v view) tail() string { return v.nodes[len(v.nodes)-1] }

// A bid is the attempt of a node to form a chain. It first asks whether that would be
// granted, so that one that hears nothing does not break a chain that works.
type bid struct {
	number int // of the bids of this life of the node
	epoch  uint64
	keeps  uint64 // the epoch of the chain to which one node is to be added; 0 for a new chain
	asking bool
	end    int // the tick at which the answers are counted
	wanted int // how many there can be
	yes    []grant
}

type (
	// A claim requests the promise to support no earlier epoch, or asks whether it would be given.
	claim struct {
		number       int // of the bid
		epoch, keeps uint64
		asking       bool
	}
	// A grant says yes to a bid, and to no later one of the same epoch: a node that is so
	// slow would be counted on, and never be there to be added. A node that lost what it
	// had can be in a chain, but can't promise.
	grant struct {
		number int
		epoch  uint64
		from   string
		place  place
		lost   bool
	}
	// A form makes the head begin.
	form struct {
		epoch uint64
		nodes []string
	}
	// A beat says that a chain works, and a support is the answer.
	beat struct {
		epoch uint64
		nodes []string
		sent  time.Duration // by the clock of the sender
		yes   support       // what each answers that supports it
	}
	support struct {
		epoch uint64
		sent  time.Duration
	}
)

// never is before all times.
const never = time.Duration(math.MinInt64 / 2)

// receiveMaster handles the messages by which the majority decides on chains.
func (n *node) receiveMaster(from string, body any) {
	switch body := body.(type) {
	case *claim:
		n.handleClaim(from, body)
	case *grant:
		n.handleGrant(body)
	case *form:
		n.begin(body)
	case *beat:
		n.supports(from, body)
	case *support:
		n.latest = max(n.latest, body.epoch)
		if n.in && body.epoch == n.place.Epoch {
			i := slices.Index(n.names, from)
			n.heardAt[i] = max(n.heardAt[i], body.sent)
		}
	}
}

// beat requests the support of all nodes, if this one answers reads.
func (n *node) beat() {
	if n.store.Reads == Apportioned || n.isTail() {
		now := n.now()
		b := &beat{n.place.Epoch, n.nodes, now, support{n.place.Epoch, now}}
		for _, name := range n.names {
			n.sendTo(name, b)
		}
	}
}

// supports makes the node promise nothing to another chain for a term. If it promised a later
// epoch, whose chain was not formed, it reports that: it can be added to the chain in a still later one.
func (n *node) supports(from string, b *beat) {
	if b.epoch < n.view.epoch {
		return
	}
	if n.in && b.epoch > n.place.Epoch {
		n.leave()
	}
	n.view = view{b.epoch, b.nodes, n.now()}
	if b.epoch < n.promised {
		n.sendTo(from, &support{n.promised, never})
		return
	}
	n.hold()
	n.sendTo(from, &b.yes)
}

// leased reports whether a majority supports no other chain than this.
func (n *node) leased() bool {
	n.times = append(n.times[:0], n.heardAt...)
	slices.Sort(n.times)
	return n.bug(NoLease) || n.now()-n.times[len(n.times)-n.majority()] < lease
}

// hold makes the node promise nothing for a term from now on.
func (n *node) hold() {
	n.until = n.now() + term
	n.wait()
}

// wait puts off the next bid by a random time, so that two nodes seldom bid at once.
func (n *node) wait() {
	n.bidAt = max(n.until, n.now()) + time.Duration(n.h.Rand().Int64N(int64(term)))
}

// nextEpoch returns one that is later than all the node knows, and no other node's.
func (n *node) nextEpoch() uint64 {
	size := uint64(len(n.names))
	return (max(n.promised, n.view.epoch, n.latest)/size+1)*size + uint64(slices.Index(n.names, n.h.Name()))
}

// beginBid sends a claim to all.
func (n *node) beginBid(b *bid) {
	n.bids++
	n.bid, b.number, b.end = b, n.bids, n.ticks+bidTicks
	b.wanted = cmp.Or(b.wanted, len(n.names))
	c := &claim{b.number, b.epoch, b.keeps, b.asking}
	for _, name := range n.names {
		n.sendTo(name, c)
	}
}

// handleClaim grants a claim unless the node supports a chain, or has promised that epoch or
// a later one to another. What it supports may be added to at any time: all of that chain have then
// left it before the new one begins to answer.
func (n *node) handleClaim(from string, c *claim) {
	adds := c.keeps != 0 && c.keeps == n.view.epoch
	if c.epoch <= max(n.promised, n.view.epoch) || n.now() < n.until && !adds {
		return
	}
	if !c.asking && !n.lost {
		n.promise(c.epoch)
		n.leave()
		n.wait()
	}
	n.sendTo(from, &grant{c.number, c.epoch, n.h.Name(), n.place, n.lost})
}

// handleGrant counts a grant for the present bid.
func (n *node) handleGrant(g *grant) {
	b := n.bid
	if b == nil || g.number != b.number || g.epoch != b.epoch || b.has(g.from) {
		return
	}
	b.yes = append(b.yes, *g)
	if len(b.yes) == b.wanted {
		b.end = n.ticks // no more can come
	}
}

func (b *bid) has(name string) bool {
	return slices.ContainsFunc(b.yes, func(g grant) bool { return g.from == name })
}

// count ends a step of a bid.
func (n *node) count() {
	b := n.bid
	if n.ticks < b.end {
		return
	}
	n.bid = nil
	nodes := n.order(b)
	switch {
	case nodes == nil:
	case b.asking:
		n.beginBid(&bid{epoch: b.epoch, keeps: b.keeps, wanted: len(b.yes)})
	default:
		n.sendTo(nodes[0], &form{b.epoch, nodes})
	}
}

// order returns the chain of the nodes that granted, or nil if there can be none. A new chain begins with
// a node that has the latest state; the order of the others is drawn anew each time, since a link between two
// may be cut. To a chain that is kept one node is added.
func (n *node) order(b *bid) (nodes []string) {
	n.h.Rand().Shuffle(len(b.yes), func(i, j int) { b.yes[i], b.yes[j] = b.yes[j], b.yes[i] })
	voters, most := 0, place{}
	for _, g := range b.yes {
		if !g.lost {
			voters++
			if most.before(g.place) {
				most = g.place
			}
		}
	}
	if voters < n.majority() {
		return nil
	}
	if b.keeps != 0 {
		return n.added(b, most)
	}
	head := slices.IndexFunc(b.yes, func(g grant) bool { return !g.lost && (g.place == most || n.bug(AnyHead)) })
	b.yes[0], b.yes[head] = b.yes[head], b.yes[0]
	for _, g := range b.yes {
		nodes = append(nodes, g.from)
	}
	return nodes
}

// added returns the chain that is kept, with one node more behind the tail.
func (n *node) added(b *bid, most place) []string {
	if b.keeps != n.view.epoch || most.Epoch != b.keeps || slices.ContainsFunc(n.view.nodes, func(name string) bool { return !b.has(name) }) {
		return nil
	}
	for _, g := range b.yes {
		if !slices.Contains(n.view.nodes, g.from) {
			return append(slices.Clone(n.view.nodes), g.from)
		}
	}
	return nil
}
