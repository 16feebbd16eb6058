package cluster

import (
	"errors"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/internal/sorting"
)

// A Reconfigurable system changes its members while it works. Its nodes look at
// [Host.Members] now and then, and say with [Host.Adopt] which members they have.
type Reconfigurable interface {
	System
	Reconfigurable()
}

// ErrFixed is wrapped by the error of [Cluster.SetMembers] for a system whose members
// are fixed: it is not [Reconfigurable].
var ErrFixed = errors.New("the system does not change its members")

// membership is which nodes are to be members.
type membership struct {
	wanted []string // nil if nobody ever asked for a change: then all are
	asked  int      // how often somebody did
	by     *tally   // of who asked
}

// SetMembers asks the system to have these nodes as its members, and no others, until
// heal asks for all of them, or somebody for others. It returns at once; the system may
// take its time. The nodes that are no members run on. A system that is not
// [Reconfigurable] gives [ErrFixed].
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
		return nil, errors.New("somebody must be a member")
	}
	c.note(c.Now(), c.machines[0], nil, kindFunc, 6)
	c.members.wanted, c.members.by = names, c.by
	c.members.asked++
	asked := c.members.asked
	return func() {
		c.lock()
		defer c.unlock()
		if c.members.asked == asked {
			c.restoreMembers()
		}
	}, nil
}

// restoreMembers asks that all nodes are members again, if ever anything else was asked.
func (c *world) restoreMembers() {
	if c.members.wanted != nil {
		c.members.wanted, c.members.by = slices.Sorted(slices.Values(c.nodes)), nil
	}
}

// Reconfigured reports whether every node that is to be a member has said that the members
// are those that were asked for last. Before that, a part of them may depend on nodes that
// are to be members no more.
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

// Members returns the nodes that are to be members, sorted, or nil if nobody ever
// asked for a change: then all are.
func (h *Host) Members() []string {
	c := h.m.c
	c.lock()
	defer c.unlock()
	return slices.Clone(c.members.wanted)
}

// Adopt says that the members are these, as this node sees it in this life: none while
// they may be about to change.
func (h *Host) Adopt(names []string) {
	c := h.m.c
	c.lock()
	defer c.unlock()
	names = slices.Sorted(slices.Values(names))
	if h.dead() || slices.Equal(names, h.members) {
		return
	}
	h.members = names
	c.note(c.Now(), h.m, nil, kindFunc, 7)
	if slices.Equal(names, c.members.wanted) {
		c.members.by.add(biteMembers, 1)
	}
}
