package gossip

import (
	"fmt"
	"sync"

	"github.com/hashicorp/memberlist"

	"github.com/capsize-go/capsize/cluster"
)

// Members is what memberlist believes on one host: who is dead. It is told by goroutines of memberlist's own; a
// system looks at it when it is its turn.
type Members struct {
	h    *cluster.Host
	list *memberlist.Memberlist

	mu   sync.Mutex
	dead map[string]bool
}

// Watch starts memberlist on a host, which knows of nobody until [Members.Join].
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

// Join makes itself known to all other nodes. That none answers is no error: it is alone for now.
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

// Dead reports whether memberlist has buried a node, and not taken it in again since.
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

// events has memberlist tell what it finds.
type events struct{ m *Members }

func (e events) set(n *memberlist.Node, dead bool) {
	e.m.mu.Lock()
	defer e.m.mu.Unlock()
	e.m.dead[n.Name] = dead
}

// NotifyJoin is called by memberlist, also of a node that is taken in again.
func (e events) NotifyJoin(n *memberlist.Node) { e.set(n, false) }

// NotifyLeave is called by memberlist, also of a node that has died.
func (e events) NotifyLeave(n *memberlist.Node) { e.set(n, true) }

// NotifyUpdate is called by memberlist.
func (e events) NotifyUpdate(*memberlist.Node) {}
