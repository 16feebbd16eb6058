package primarykv

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/gossip"
)

// A Gossiped store is a [Store] whose primary is replaced when memberlist has buried it: by SWIM, with suspicion and
// indirect probes (Das, Gupta and Motivala 2002). There is no lease, so a primary serves until it hears of
// a later epoch. Where memberlist is wrong, or right on one side only, two primaries serve: with
// [Sync] the old one answers reads that are stale, and with [Async] it acknowledges writes that will be lost.
//
// A majority must promote the new one, and none of it may have more of the log or think that the old one lives. It
// takes memberlist five seconds and more to bury a node. Runs replay as package gossip says.
type Gossiped Store

// Run runs one node until ctx is done.
func (s Gossiped) Run(ctx context.Context, h *cluster.Host) error {
	n, err := boot(h, Store(s))
	if err != nil {
		return fmt.Errorf("boot primarykv: %w", err)
	}
	if n.members, err = gossip.Watch(h); err != nil {
		return err
	}
	if err := n.members.Join(); err != nil {
		return err
	}
	n.run(ctx)
	return n.members.Shutdown()
}

// ElectionTimeout is how long it may take to bury a primary and promote another.
func (Gossiped) ElectionTimeout() time.Duration { return burial + ElectionTimeout }

// burial is how long memberlist takes to bury a node, at most: a probe, and the longest suspicion of five nodes.
const burial = 20 * time.Second

// Open opens a session, as [Store.Open] does.
func (s Gossiped) Open(ctx context.Context, h *cluster.Host) (*Client, error) {
	return Store(s).Open(ctx, h)
}

// Digest returns a digest, as [Store.Digest] does.
func (s Gossiped) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	return Store(s).Digest(ctx, h, node)
}
