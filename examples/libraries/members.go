package libraries

import (
	"context"
	"fmt"
	"io"
	"log"

	"github.com/hashicorp/memberlist"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/examples/quickstart"
	"github.com/capsize-go/capsize/systems/adapters/gossip"
)

// Members is the quickstart with memberlist beside it.
type Members struct {
	quickstart.Store

	// Fenced has package gossip set memberlist up.
	Fenced bool
}

// Run runs one node until its host crashes.
func (s Members) Run(ctx context.Context, h *cluster.Host) error {
	m, err := s.create(h)
	if err != nil {
		return fmt.Errorf("memberlist: %w", err)
	}
	defer m.Shutdown() //nolint:errcheck // the host is down
	seeds, err := gossip.Seeds(h)
	if err != nil {
		return err
	}
	go func() { _, _ = m.Join(seeds) }() // others join this node if they come later
	return s.Store.Run(ctx, h)
}

func (s Members) create(h *cluster.Host) (*memberlist.Memberlist, error) {
	if s.Fenced {
		c, err := gossip.Config(h)
		if err != nil {
			return nil, err
		}
		return gossip.Create(h, c)
	}
	t, err := gossip.NewTransport(h, gossip.Port)
	if err != nil {
		return nil, err
	}
	c := memberlist.DefaultLANConfig()
	c.Name, c.Transport, c.BindPort, c.AdvertisePort = h.Name(), t, gossip.Port, gossip.Port
	c.Logger = log.New(io.Discard, "", 0)
	return memberlist.Create(c)
}
