package hraft

import (
	"math/rand"
	"net"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"github.com/capsize-go/capsize/cluster"
	adapter "github.com/capsize-go/capsize/systems/adapters/hraft"
)

// What a calm store does, and which chance each part takes out:
//
//   - The global source of math/rand is seeded when a node starts, and again by the
//     host and the instant whenever raft has read from a connection. So what a
//     goroutine draws depends little on what others drew before.
//   - Connections are those of package calm, and a write of the disk is synced at an
//     instant of its own. So it does not matter whether raft sends or syncs first.
//   - A sync holds up the host and not the goroutine. So raft's main loop does not
//     come back from a sync to a select with several ready cases.
//   - CommitTimeout is so long that it hardly ever ends: two replicating goroutines
//     draw theirs at the same instant.
//   - Snapshots are asked for, see snapshots below.
//   - A read waits for a microsecond once raft has verified the leader: the answer
//     of a follower that verifies it also commits entries, and whether these are
//     applied first is chance.
//   - Intervals are longer by some nanoseconds of the node's own.

// seed seeds the global source of math/rand, which raft draws its timeouts from.
func seed(h *cluster.Host) {
	//lint:ignore SA1019 there is no other way to reach what raft draws from
	rand.Seed(int64(h.Rand().Uint64()))
}

// smooth changes the intervals of raft.
func smooth(h *cluster.Host, c *raft.Config) {
	odd := time.Duration(101 + 2*slices.Index(h.Nodes(), h.Name()))
	c.CommitTimeout = 5*time.Second + odd
	c.HeartbeatTimeout += odd
	c.ElectionTimeout += odd
	c.LeaderLeaseTimeout += odd
	c.SnapshotInterval = time.Hour // see snapshots
}

// calmDisk has a sync take place at an instant of its own, and hold up the host and not the goroutine.
func calmDisk(h *cluster.Host, d *adapter.Disk) {
	d.Sync = func() error {
		if err := h.Sleep(time.Microsecond); err != nil {
			return err
		}
		return h.Sync()
	}
}

// snapshots takes a snapshot every few seconds. Raft's own ones are due by a draw
// that a node makes when it starts, at the same instant as that of its first
// timeout, and which goroutine draws first is chance.
func (n *node) snapshots() {
	odd := time.Duration(101 + 2*slices.Index(n.h.Nodes(), n.h.Name()))
	for n.h.Sleep(snapshotInterval+odd) == nil {
		if err := n.raft.Snapshot().Error(); err != nil {
			n.h.Log().Info("no snapshot", "err", err)
		}
	}
}

// A reseeder is a connection whose reads seed the global source of math/rand by
// the host and the instant.
type reseeder struct {
	net.Conn
	h *cluster.Host
}

// Read reads.
func (r reseeder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	//lint:ignore SA1019 there is no other way to reach what raft draws from
	rand.Seed(int64(r.h.Clock().Now().UnixNano()))
	return n, err
}
