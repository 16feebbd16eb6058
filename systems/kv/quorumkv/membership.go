package quorumkv

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/members"
)

// A Membership decides which nodes are dead, in place of the store's own pings: see package gossiped. It has the methods Join,
// Dead and Shutdown.
type Membership = members.Membership

// RunWith runs one node until ctx is done, as [Store.Run] does, with a membership that watch starts on the host.
func (s Store) RunWith(ctx context.Context, h *cluster.Host, watch members.Watch) error {
	n, err := boot(h, s)
	if err != nil {
		return fmt.Errorf("boot quorumkv: %w", err)
	}
	m, err := watch(h)
	if err != nil {
		return fmt.Errorf("membership of quorumkv: %w", err)
	}
	n.start(believer{n, m})
	if err := m.Join(); err != nil {
		return fmt.Errorf("membership of quorumkv: %w", err)
	}
	<-ctx.Done()
	return m.Shutdown()
}

// A believer is a detector that believes a membership.
type believer struct {
	n *node
	Membership
}

func (believer) start() {}

func (g believer) look() []bool {
	dead := make([]bool, len(g.n.names))
	for i, name := range g.n.names {
		dead[i] = i != g.n.self && g.Dead(name)
	}
	return dead
}
