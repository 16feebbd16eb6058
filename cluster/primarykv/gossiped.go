package primarykv

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"

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
	n.members = &members{dead: map[string]bool{}}
	list, err := join(h, n.members)
	if err != nil {
		return err
	}
	n.run(ctx)
	return list.Shutdown()
}

// join starts memberlist on a host, and tells m what it finds.
func join(h *cluster.Host, m *members) (*memberlist.Memberlist, error) {
	conf, err := gossip.Config(h)
	if err != nil {
		return nil, err
	}
	conf.Events = m
	list, err := gossip.Create(h, conf)
	if err != nil {
		return nil, err
	}
	seeds, err := gossip.Seeds(h)
	if err != nil {
		return nil, err
	}
	if _, err := list.Join(seeds); err != nil {
		h.Log().Debug("alone for now", "err", err)
	}
	return list, nil
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

// members is what memberlist believes. It tells that from goroutines of its own.
type members struct {
	mu   sync.Mutex
	dead map[string]bool
}

func (m *members) buried(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead[name]
}

func (m *members) set(name string, dead bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead[name] = dead
}

// NotifyJoin is called by memberlist, also of a node that is taken in again.
func (m *members) NotifyJoin(n *memberlist.Node) { m.set(n.Name, false) }

// NotifyLeave is called by memberlist, also of a node that has died.
func (m *members) NotifyLeave(n *memberlist.Node) { m.set(n.Name, true) }

// NotifyUpdate is called by memberlist.
func (m *members) NotifyUpdate(*memberlist.Node) {}
