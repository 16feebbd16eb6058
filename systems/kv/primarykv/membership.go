package primarykv

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/members"
)

// A Membership decides which nodes are dead, in place of leases: see package gossiped. It has the methods Join,
// Dead and Shutdown.
type Membership = members.Membership

// RunWith runs one node until ctx is done, as [Store.Run] does, with a membership that watch starts on the host: a
// primary is replaced when it is dead, and serves until it hears of a later epoch.
func (s Store) RunWith(ctx context.Context, h *cluster.Host, watch members.Watch) error {
	n, err := boot(h, s)
	if err != nil {
		return fmt.Errorf("boot primarykv: %w", err)
	}
	if n.members, err = watch(h); err != nil {
		return fmt.Errorf("membership of primarykv: %w", err)
	}
	if err := n.members.Join(); err != nil {
		return fmt.Errorf("membership of primarykv: %w", err)
	}
	n.run(ctx)
	return n.members.Shutdown()
}
