package gossip

import (
	"fmt"
	"sync"

	"github.com/hashicorp/memberlist"

	"github.com/capsize-go/capsize/cluster"
)

// Members is which nodes memberlist on one host takes for dead. Goroutines of memberlist update it; a
// system reads it from its own events.
type Members struct {
	h    *cluster.Host
	list *memberlist.Memberlist

	mu   sync.Mutex
	dead map[string]bool
}

// Watch starts memberlist on a host, which knows no other node before [Members.Join].
func Watch(h *cluster.Host) (*Members, error) {
	m := &Members{h: h, dead: map[string]bool{}}
	conf, err := Config(h)
	if err != nil {
		return nil, err
	}
	conf.Events = events{m}
	if m.list, err = Create(h, conf); err != nil {
		return nil, err
	}
	return m, nil
}

// Join contacts all other nodes. It is no error if none answers.
func (m *Members) Join() error {
	seeds, err := Seeds(m.h)
	if err != nil {
		return err
	}
	if _, err := m.list.Join(seeds); err != nil {
		m.h.Log().Debug("alone for now", "err", err)
	}
	return nil
}

// Dead reports whether memberlist takes a node for dead.
func (m *Members) Dead(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead[name]
}

// Shutdown stops memberlist.
func (m *Members) Shutdown() error {
	if err := m.list.Shutdown(); err != nil {
		return fmt.Errorf("shut memberlist down: %w", err)
	}
	return nil
}

// events receives the events of memberlist.
type events struct{ m *Members }

func (e events) set(n *memberlist.Node, dead bool) {
	e.m.mu.Lock()
	defer e.m.mu.Unlock()
	e.m.dead[n.Name] = dead
}

// NotifyJoin is called by memberlist, also for a node that joins again.
func (e events) NotifyJoin(n *memberlist.Node) { e.set(n, false) }

// NotifyLeave is called by memberlist, also for a node that has died.
func (e events) NotifyLeave(n *memberlist.Node) { e.set(n, true) }

// NotifyUpdate is called by memberlist.
func (e events) NotifyUpdate(*memberlist.Node) {}
