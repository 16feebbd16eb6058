package cluster

import (
	"errors"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/cluster/internal/runhash"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A Reconfigurable system changes its members while it works. Its nodes poll
// [Host.Members], and report with [Host.Adopt] which members they have.
type Reconfigurable interface {
	System
	Reconfigurable()
}

// ErrFixed is wrapped by the error of [Cluster.SetMembers] for a system whose members are fixed: it is not [Reconfigurable].
var ErrFixed = errors.New("the system does not change its members")

// membership is which nodes are to be members.
type membership struct {
	wanted   []string // nil before the first request for a change: then all are
	requests int
	by       *effect.Tally // of the fault that made the last request
}

// SetMembers requests that these nodes and no others are the members of the system, until heal requests all nodes, or another
// call other ones. It returns at once, before the system has changed. Nodes that are no members keep running. The error is
// [ErrFixed] for a system that is not [Reconfigurable].
func (c *Cluster) SetMembers(names []string) (heal func(), err error) {
	if _, ok := c.cfg.System.(Reconfigurable); !ok {
		return nil, ErrFixed
	}
	names = slices.Clone(names)
	sorting.Ordered(names)
	names = slices.Compact(names)
	c.lock()
	defer c.unlock()
	for _, name := range names {
		if !slices.Contains(c.nodes, name) {
			return nil, fmt.Errorf("there is no node %q to be a member", name)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("at least one node must be a member")
	}
	c.note(c.Now(), c.machines[0], nil, kindFunc, runhash.MembersWanted)
	c.members.wanted, c.members.by = names, c.by
	c.members.requests++
	request := c.members.requests
	return func() {
		c.lock()
		defer c.unlock()
		if c.members.requests == request {
			c.restoreMembers()
		}
	}, nil
}

// restoreMembers requests that all nodes are members, if there was another request before.
func (c *simulation) restoreMembers() {
	if c.members.wanted != nil {
		c.members.wanted, c.members.by = slices.Sorted(slices.Values(c.nodes)), nil
	}
}

// Reconfigured reports whether every node that is to be a member has adopted the members of the last request. Before that, some
// of them may depend on nodes that are about to leave.
func (c *Cluster) Reconfigured() bool {
	c.lock()
	defer c.unlock()
	for _, m := range c.machines[:c.cfg.Nodes] {
		if slices.Contains(c.members.wanted, m.name) && !slices.Equal(c.members.wanted, m.host.members) {
			return false
		}
	}
	return true
}

// Members returns the nodes that are to be members, sorted, or nil before the first request for a change: then all are.
func (h *Host) Members() []string {
	c := h.m.c
	c.lock()
	defer c.unlock()
	return slices.Clone(c.members.wanted)
}

// Adopt reports the members as this node sees them in this life: none while they may be about to change.
func (h *Host) Adopt(names []string) {
	c := h.m.c
	c.lock()
	defer c.unlock()
	names = slices.Sorted(slices.Values(names))
	if h.dead() || slices.Equal(names, h.members) {
		return
	}
	h.members = names
	c.note(c.Now(), h.m, nil, kindFunc, runhash.MembersAdopted)
	if slices.Equal(names, c.members.wanted) {
		c.members.by.Add(effect.Members, 1)
	}
}
