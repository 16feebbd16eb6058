// Package chainkv is a key-value store by chain replication (van Renesse and
// Schneider, OSDI 2004) with apportioned queries, CRAQ (Terrace and Freedman, USENIX
// ATC 2009).
//
// The nodes stand in a chain. A write enters at its head, goes down from each to the
// next, and is committed when the tail has it, which answers it: then all of the chain
// have it on disk. The acknowledgment goes back up. A read is answered by the tail,
// or, apportioned, by any node of the chain: from its own state, unless it has a write
// of the key that it does not know to be committed; then it queries the
// tail for the committed version. So reads scale with the nodes, and stay linearizable.
//
// If one node of a chain fails, no write is answered until
// there is another chain. In the papers a master decides on that; here it is a
// majority of all nodes. A node that has not heard for a term of a chain that
// works requests promises of the others, to form one. Each promises to support no chain of an
// earlier epoch, and reports its state; the node with the latest state becomes the head and hands it down.
// Chains have a majority of the nodes, so that among those who promise one has all
// that was committed: compare Vertical Paxos (Lamport, Malkhi and Zhou, PODC 2009).
// A node of an earlier chain can commit nothing, as one of its chain has left it, and answers
// reads only by a lease of a majority, which expires before any of these promises.
// Nodes that restart are added behind the tail, one at a time, while the chain keeps working.
//
// The store is linearizable as long as no two clocks drift apart by more than
// [MaxDrift] each; a jump of the time of day does no harm. A node that does not reach
// a majority and all of its chain answers nothing. Mistakes are options, off by default; see [Bug].
package chainkv

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Reads says who answers reads.
type Reads uint8

const (
	Apportioned Reads = iota // any node of the chain, which asks the tail if it must: CRAQ
	AtTail                   // the tail
)

// A Store is a chain of replicas. The zero Store is linearizable.
type Store struct {
	Reads Reads
	Bugs  Bug // mistakes to make; none by default
}

// EventDriven says that the store uses the message seam alone.
func (Store) EventDriven() {}

// MaxDrift is by how much a clock may run too fast or too slow, of 1: a quarter.
const MaxDrift = 0.25

const (
	tick       = 50 * time.Millisecond
	pulseTicks = 2  // how often the head sees whether the chain works
	bidTicks   = 6  // how long a node that wants to form a chain waits for answers
	joinTicks  = 10 // how often the tail looks for one to follow it
	syncTicks  = 20 // how often a node syncs that does not when it should

	// term is how long a node that heard of a chain promises nothing to another.
	term = time.Second

	// lease is how long a node of the chain counts on that: should its clock be as slow
	// and the other's as fast as MaxDrift allows, it has run out at the same time.
	lease = time.Duration(float64(term) * (1 - MaxDrift) / (1 + MaxDrift))

	// ElectionTimeout is the longest that a node waits before it wants another chain.
	ElectionTimeout = 2 * term
)

// ElectionTimeout returns [ElectionTimeout].
func (Store) ElectionTimeout() time.Duration { return ElectionTimeout }

// Digest returns a digest of what a node has itself.
func (Store) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	return cluster.Ask[string](ctx, h, node, inquiry{})
}
