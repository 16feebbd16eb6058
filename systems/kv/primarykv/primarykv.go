// Package primarykv is a key-value store with one primary that copies its log to
// backups: the oldest scheme of replication, with the choices that people make in it.
//
// What it promises depends on [Replication] and [Failover]:
//
//   - Sync and Lease, the zero [Store], is linearizable as long as no two clocks drift
//     apart by more than [MaxDrift] each: a write is answered when a majority has it on
//     disk, a backup is promoted only by a majority none of which has more of the log,
//     and a primary answers only while its lease lasts. A jump of the time of day does
//     no harm, since leases go by the monotonic clock (Gray and Cheriton 1989).
//   - SemiSync is as good with three nodes. With more, or if it degrades, a write that
//     was answered can be lost with the primary.
//   - Async loses writes that were answered whenever a primary is replaced.
//   - A [Gossiped] store is replaced by what memberlist believes, and has no lease: reads are stale where it
//     is wrong, or right on one side only.
//   - Fixed has no failover: nothing is lost, and nothing is answered without n1.
//   - Anywhere has each node answer reads from what it has applied, however old.
//
// Epochs fence a deposed primary: backups refuse it. Mistakes are options, off by
// default; see [Bug].
package primarykv

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Replication says who must have a write on disk before it is answered.
type Replication uint8

const (
	Sync     Replication = iota // a majority of all nodes
	SemiSync                    // the primary and one backup
	Async                       // the primary alone
)

// A Failover says how a primary is replaced.
type Failover uint8

const (
	Lease Failover = iota // by a majority, when what it granted the primary has run out
	Fixed                 // not at all: n1 is the primary
)

// A Reads says who answers reads.
type Reads uint8

const (
	AtPrimary Reads = iota // the primary, while its lease lasts
	Anywhere               // each node, from its own state
)

// A Store is a primary with its backups. The zero Store is linearizable.
type Store struct {
	Replication Replication
	Degrade     time.Duration // how long SemiSync waits for a backup before it goes on without; 0 is for ever
	Failover    Failover
	Reads       Reads
	Bugs        Bug // mistakes to make; none by default

	SnapshotEvery int // how many entries a node applies before it takes a snapshot; default 400
}

// EventDriven says that the store lives on the message seam alone.
func (Store) EventDriven() {}

// MaxDrift is by how much a clock may run too fast or too slow, of 1: a quarter.
const MaxDrift = 0.25

const (
	tick      = 50 * time.Millisecond
	beatTicks = 2

	// term is how long a backup supports no other primary after it heard of one.
	term = time.Second

	// lease is how long the primary counts on that: should its clock be as slow and
	// the backup's as fast as MaxDrift allows, it has run out at the same time.
	lease = time.Duration(float64(term) * (1 - MaxDrift) / (1 + MaxDrift))

	// ElectionTimeout is the longest that a backup waits before it stands.
	ElectionTimeout = 2 * term
)

// ElectionTimeout returns [ElectionTimeout].
func (Store) ElectionTimeout() time.Duration { return ElectionTimeout }

// Digest returns a digest of what a node has applied itself.
func (Store) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	return cluster.Ask[string](ctx, h, node, inquiry{})
}

// need returns how many nodes must have a write.
func (s Store) need(nodes int) int {
	switch {
	case s.Replication == Async || s.Bugs&AckBeforeBackup != 0:
		return 1
	case s.Replication == SemiSync:
		return min(2, nodes)
	}
	return nodes/2 + 1
}

// agrees reports whether what is committed is never taken back.
func (s Store) agrees(nodes int) bool {
	return s.Bugs&^ServeAfterLease == 0 && s.need(nodes) > nodes/2 && s.Degrade == 0
}
