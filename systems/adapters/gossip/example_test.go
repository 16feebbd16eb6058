package gossip_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/adapters/gossip"
)

// A system whose nodes find each other.
func Example() {
	system := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		conf, err := gossip.Config(h)
		if err != nil {
			return err
		}
		m, err := gossip.Create(h, conf)
		if err != nil {
			return err
		}
		seeds, err := gossip.Seeds(h)
		if err != nil {
			return err
		}
		if _, err := m.Join(seeds); err != nil {
			h.Log().Warn("alone for now", "err", err)
		}
		<-ctx.Done()
		return m.Shutdown()
	})
	_ = cluster.Config{System: system, Nodes: 5}
	fmt.Println("memberlist listens on port", gossip.Port)
	// Output: memberlist listens on port 7946
}
