// Package gossiped is primarykv with hashicorp/memberlist as its failure detector. It is a package of its own, so
// that primarykv does not need memberlist.
package gossiped

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/adapters/gossip"
	"github.com/capsize-go/capsize/systems/kv/primarykv"
)

// A Store is a [primarykv.Store] whose primary is replaced when memberlist has buried it: by SWIM, with suspicion and
// indirect probes (Das, Gupta and Motivala 2002). There is no lease, so a primary serves until it hears of
// a later epoch. Where memberlist is wrong, or right on one side only, two primaries serve: with
// [primarykv.Sync] the old one answers reads that are stale, and with [primarykv.Async] it acknowledges writes that
// will be lost.
//
// A majority must promote the new one, and none of it may have more of the log or think that the old one lives. It
// takes memberlist five seconds and more to bury a node. Runs replay as package gossip says.
type Store primarykv.Store

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	return primarykv.Store(s).RunWith(ctx, h, func(h *cluster.Host) (primarykv.Membership, error) { return gossip.Watch(h) })
}

// ElectionTimeout is how long it may take to bury a primary and promote another.
func (Store) ElectionTimeout() time.Duration { return burial + primarykv.ElectionTimeout }

// burial is how long memberlist takes to bury a node, at most: a probe, and the longest suspicion of five nodes.
const burial = 20 * time.Second

// Open opens a session, as [primarykv.Store.Open] does.
func (s Store) Open(ctx context.Context, h *cluster.Host) (*primarykv.Client, error) {
	return primarykv.Store(s).Open(ctx, h)
}

// Digest returns a digest, as [primarykv.Store.Digest] does.
func (s Store) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	return primarykv.Store(s).Digest(ctx, h, node)
}

// String names the system.
func (Store) String() string { return "primarykv.Gossiped" }
