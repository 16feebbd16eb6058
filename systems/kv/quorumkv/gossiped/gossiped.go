// Package gossiped is quorumkv with hashicorp/memberlist as its failure detector. It is a package of its own, so that
// quorumkv does not need memberlist.
package gossiped

import (
	"context"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/adapters/gossip"
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
)

// A Store is a [quorumkv.Store] whose nodes let memberlist decide who is dead: by SWIM, with
// suspicion and indirect probes (Das, Gupta and Motivala 2002). So it goes by what the cluster thinks of a
// node, and not by what the coordinator can reach; it takes 5 to 20 seconds to bury a node, and up
// to 30 to take it in again. Its runs are not [cluster.EventDriven]; 99 of 100 of a minute under the portfolio replayed,
// see package gossip.
type Store quorumkv.Store

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	return quorumkv.Store(s).RunWith(ctx, h, func(h *cluster.Host) (quorumkv.Membership, error) { return gossip.Watch(h) })
}

// Open opens a session, as [quorumkv.Store.Open] does.
func (s Store) Open(ctx context.Context, h *cluster.Host) (*quorumkv.Client, error) {
	return quorumkv.Store(s).Open(ctx, h)
}

// Digest returns a digest, as [quorumkv.Store.Digest] does.
func (s Store) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	return quorumkv.Store(s).Digest(ctx, h, node)
}

// String names the system.
func (Store) String() string { return "quorumkv.Gossiped" }
