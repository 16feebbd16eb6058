package quorumkv

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/cluster"
)

// A Membership decides which nodes are dead, in place of the store's own pings: see package gossiped.
type Membership interface {
	// Join makes the node known to the others.
	Join() error
	// Dead reports whether a node is believed to be dead.
	Dead(node string) bool
	// Shutdown ends the membership of the node.
	Shutdown() error
}

// RunWith runs one node until ctx is done, as [Store.Run] does, with a membership that watch starts on the host.
func (s Store) RunWith(ctx context.Context, h *cluster.Host, watch func(*cluster.Host) (Membership, error)) error {
	n, err := boot(h, s)
	if err != nil {
		return fmt.Errorf("boot quorumkv: %w", err)
	}
	m, err := watch(h)
	if err != nil {
		return fmt.Errorf("membership of quorumkv: %w", err)
	}
	n.start(members{n, m})
	if err := m.Join(); err != nil {
		return fmt.Errorf("membership of quorumkv: %w", err)
	}
	<-ctx.Done()
	return m.Shutdown()
}

// members are a detector that believes a membership.
type members struct {
	n *node
	Membership
}

func (members) start() {}

func (g members) look() []bool {
	dead := make([]bool, len(g.n.names))
	for i, name := range g.n.names {
		dead[i] = i != g.n.self && g.Dead(name)
	}
	return dead
}
