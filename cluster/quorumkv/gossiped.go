package quorumkv

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/gossip"
)

// A Gossiped store is a [Store] whose nodes let memberlist decide who is dead: by SWIM, with
// suspicion and indirect probes (Das, Gupta and Motivala 2002). So it goes by what the cluster thinks of a
// node, and not by what the coordinator can reach; it takes 5 to 20 seconds to bury a node, and up
// to 30 to take it in again. Its runs are not [cluster.EventDriven]; 99 of 100 of a minute under the portfolio replayed,
// see package gossip.
type Gossiped Store

// Run runs one node until ctx is done.
func (s Gossiped) Run(ctx context.Context, h *cluster.Host) error {
	n, err := boot(h, Store(s))
	if err != nil {
		return fmt.Errorf("boot quorumkv: %w", err)
	}
	m, err := gossip.Watch(h)
	if err != nil {
		return err
	}
	n.start(members{n, m})
	if err := m.Join(); err != nil {
		return err
	}
	<-ctx.Done()
	return m.Shutdown()
}

// Open opens a session, as [Store.Open] does.
func (s Gossiped) Open(ctx context.Context, h *cluster.Host) (*Client, error) {
	return Store(s).Open(ctx, h)
}

// Digest returns a digest, as [Store.Digest] does.
func (s Gossiped) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	return Store(s).Digest(ctx, h, node)
}

// members are a detector that believes what memberlist says.
type members struct {
	n *node
	*gossip.Members
}

func (members) start() {}

func (g members) look() []bool {
	dead := make([]bool, len(g.n.names))
	for i, name := range g.n.names {
		dead[i] = i != g.n.self && g.Dead(name)
	}
	return dead
}
