package quorumkv

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/memberlist"

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
	g := &members{n: n, dead: make([]bool, len(n.names))}
	conf, err := gossip.Config(h)
	if err != nil {
		return err
	}
	conf.Events = g
	list, err := gossip.Create(h, conf)
	if err != nil {
		return err
	}
	n.start(g)
	seeds, err := gossip.Seeds(h)
	if err != nil {
		return err
	}
	if _, err := list.Join(seeds); err != nil {
		h.Log().Debug("alone for now", "err", err)
	}
	<-ctx.Done()
	return list.Shutdown()
}

// Open opens a session, as [Store.Open] does.
func (s Gossiped) Open(ctx context.Context, h *cluster.Host) (*Client, error) {
	return Store(s).Open(ctx, h)
}

// Digest returns a digest, as [Store.Digest] does.
func (s Gossiped) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	return Store(s).Digest(ctx, h, node)
}

// Members are a detector that believes what memberlist says. That tells from goroutines of
// its own; the node looks at it with every beat.
type members struct {
	n    *node
	mu   sync.Mutex
	dead []bool
}

func (g *members) start() {}

func (g *members) look() []bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]bool(nil), g.dead...)
}

func (g *members) set(m *memberlist.Node, dead bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := g.n.indexOf(m.Name); i >= 0 && i != g.n.self {
		g.dead[i] = dead
	}
}

// NotifyJoin is called by memberlist.
func (g *members) NotifyJoin(m *memberlist.Node) { g.set(m, false) }

// NotifyLeave is called by memberlist, also of a node that has died.
func (g *members) NotifyLeave(m *memberlist.Node) { g.set(m, true) }

// NotifyUpdate is called by memberlist.
func (g *members) NotifyUpdate(*memberlist.Node) {}
