// Package crdtkv is a replicated store of conflict-free data types (Shapiro, Preguiça, Baquero
// and Zawirski, SSS 2011; A comprehensive study, INRIA RR-7506): counters that go up and down, sets
// in which an add wins over a remove that has not seen it, and registers of several values. Each
// node answers all by itself, whatever it can reach, and gossips what has changed:
// deltas, as Almeida, Shoker and Baquero, Delta state replicated data types (JPDC 2018) have it.
//
// It promises strong eventual consistency: nodes that have received the same operations
// have the same state, and all receive all eventually. No acknowledged operation is lost. Every
// node that is up answers every operation, on all sides of a partition. That is as much as
// available systems can promise, and it is not linearizable: a read
// shows what its node has received.
//
// States merge: in any order, any number of times, with the same result. An operation makes a
// delta, a small state that holds what it changed, which is merged into the state and kept
// in a buffer. Each node sends to each other, again and again, what that has not
// acknowledged: the deltas from there on, merged into one, or all of its state if the buffer begins
// later. Of what a node receives it keeps, and so passes on, only what is new to it (Enes, Almeida, Baquero and
// Leitão, Efficient synchronization of state-based CRDTs, ICDE 2019). So what one node has heard of another
// is always a beginning of it, without gaps, and causality is kept. What is sent or answered is on the disk.
//
// Adds and writes are identified by dots: the n-th of a replica. A dot that was seen and
// is not there was removed; so a vector of numbers takes the place of tombstones.
// Every life of a node is a replica of its own: a number that
// a disk forgot is never given twice. A node writes all to two files; if its disk loses
// both copies of what had not been gossiped yet, that is gone, and all else comes back. Mistakes are options, off by default; see [Bug].
package crdtkv

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Store is a set of replicas that gossip. The zero Store is correct.
type Store struct {
	Bugs Bug // mistakes to make; none by default
}

// EventDriven says that the store lives on the message seam alone.
func (Store) EventDriven() {}

const (
	// gossipEvery is how often a node sends to the others what they lack.
	gossipEvery = 100 * time.Millisecond

	// buffered is how many deltas a node keeps for those who lack them. Who lacks more is sent
	// the whole state.
	buffered = 16
)

// Digest returns a digest of what a node has itself.
func (Store) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	return cluster.Ask[string](ctx, h, node, inquiry{})
}
