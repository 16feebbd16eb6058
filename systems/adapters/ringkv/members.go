package ringkv

import (
	"fmt"
	"log"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/capsize-go/capsize/systems/adapters/gossip"
)

// rejoin is how often a node contacts the others while some are dead, as serf does.
const rejoin = 5 * time.Second

// create starts memberlist.
func (n *node) create() error {
	t, err := gossip.NewTransport(n.h, gossip.Port)
	if err != nil {
		return err
	}
	c := memberlist.DefaultLANConfig()
	c.Name, c.Transport, c.BindPort, c.AdvertisePort = n.h.Name(), t, gossip.Port, gossip.Port
	c.Logger = log.New(n.h.LogWriter(), "", 0)
	n.broadcasts = &memberlist.TransmitLimitedQueue{NumNodes: func() int { return len(n.h.Nodes()) }, RetransmitMult: c.RetransmitMult}
	if n.bugs&GossipInvalidation != 0 {
		c.Delegate = delegate{n}
	}
	if n.bugs&MembersInNotify != 0 {
		c.Events = events{n}
	}
	list, err := memberlist.Create(c)
	if err != nil {
		return fmt.Errorf("memberlist of %s: %w", n.h.Name(), err)
	}
	n.list.Store(list)
	return nil
}

// alive returns whom memberlist takes for alive.
func (n *node) alive() []string {
	var names []string
	for _, m := range n.list.Load().Members() {
		names = append(names, m.Name)
	}
	return names
}

// keepJoined contacts the other nodes, and again while some are dead.
func (n *node) keepJoined(peers []string) {
	for {
		if len(n.alive()) < len(n.h.Nodes()) {
			if _, err := n.list.Load().Join(peers); err != nil {
				n.h.Log().Debug("alone for now", "err", err)
			}
		}
		if n.h.Sleep(rejoin) != nil {
			return
		}
	}
}

// A delegate takes the keys that were written from memberlist's messages.
type delegate struct{ n *node }

// NodeMeta has nothing to say of the node.
func (d delegate) NodeMeta(int) []byte { return nil }

// NotifyMsg takes a broadcast.
func (d delegate) NotifyMsg(key []byte) { d.n.forget(string(key)) }

// GetBroadcasts returns what memberlist is to send along.
func (d delegate) GetBroadcasts(overhead, limit int) [][]byte {
	return d.n.broadcasts.GetBroadcasts(overhead, limit)
}

// LocalState has no state to exchange.
func (d delegate) LocalState(bool) []byte { return nil }

// MergeRemoteState takes none.
func (d delegate) MergeRemoteState([]byte, bool) {}

// A written key is a broadcast.
type written string

// Invalidates reports whether an older broadcast says the same.
func (w written) Invalidates(b memberlist.Broadcast) bool { return w == b.(written) }

// Message returns what is sent.
func (w written) Message() []byte { return []byte(w) }

// Finished has nothing to do.
func (w written) Finished() {}

// events logs how many members there are.
type events struct{ n *node }

func (e events) log() {
	if e.n.list.Load() != nil { // while it is created there is none
		e.n.h.Log().Info("the members have changed", "alive", len(e.n.alive()))
	}
}

// NotifyJoin is called by memberlist.
func (e events) NotifyJoin(*memberlist.Node) { e.log() }

// NotifyLeave is called by memberlist.
func (e events) NotifyLeave(*memberlist.Node) { e.log() }

// NotifyUpdate is called by memberlist.
func (e events) NotifyUpdate(*memberlist.Node) {}
