package replication

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/nemesis"
)

// A side is where a node is while a fault lasts, and the clients that are bound to it.
type side string

const (
	// majority can talk, both ways, to more than half of the nodes, counting itself.
	majority side = "majority"
	// minority can't. A node that stands still counts as such: it has not failed, since it goes on
	// later, and no client can distinguish it from one that is cut off.
	minority side = "minority"
	// cutOff is a node that is well, and whose clients can't reach it.
	cutOff side = "cut off"
)

// A cut is a fault that says which node is on which side. All aim at the leader if there is one,
// and put it where it hurts: what a leader in the majority shows is less.
type cut struct {
	name, doc string
	fault     nemesis.Fault
}

// capCuts are the faults of the CAP card.
var capCuts = []cut{
	newCut("3|2", "two nodes, with the leader, are cut off from three", func(c *cluster.Cluster, n []string) (sides, func()) {
		return sides{minority: n[:2], majority: n[2:]}, c.Partition(n[:2], n[2:])
	}),
	newCut("2|2|1", "three parts, and none of them a majority", func(c *cluster.Cluster, n []string) (sides, func()) {
		return sides{minority: n}, both(c.Partition(n[:2], n[2:]), c.Partition(n[2:4], n[4:]))
	}),
	newCut("bridge", "two pairs of nodes that see the fifth, and not each other", func(c *cluster.Cluster, n []string) (sides, func()) {
		return sides{majority: n}, c.Partition(n[:2], n[3:])
	}),
	newCut("one-way", "the leader receives from all others, and none of them receives from it", func(c *cluster.Cluster, n []string) (sides, func()) {
		heal := func() {}
		for _, to := range n[1:] {
			heal = both(heal, c.Cut(n[0], to))
		}
		return sides{minority: n[:1], majority: n[1:]}, heal
	}),
	newCut("leader", "the leader is cut off from all others", func(c *cluster.Cluster, n []string) (sides, func()) {
		return sides{minority: n[:1], majority: n[1:]}, c.Partition(n[:1], n[1:])
	}),
	newCut("client-side", "the clients of the leader's node reach no node; the nodes are well", func(c *cluster.Cluster, n []string) (sides, func()) {
		var clients []string
		for _, x := range c.Hosts()[len(n):] {
			if c.Bound(x) == n[0] {
				clients = append(clients, x)
			}
		}
		return sides{cutOff: n[:1], majority: n[1:]}, c.Partition(clients, n)
	}),
	newCut("pause", "the leader is paused, as by a long garbage collection", func(c *cluster.Cluster, n []string) (sides, func()) {
		return sides{minority: n[:1], majority: n[1:]}, c.Pause(n[0])
	}),
}

// newCut returns a fault that divides five nodes, of which the leader is the first, if there is one.
func newCut(name, doc string, divide func(c *cluster.Cluster, nodes []string) (sides, func())) cut {
	return cut{name, doc, nemesis.New("cap "+name, func(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
		all := c.Nodes()
		if len(all) != nodes {
			return "", nil, fmt.Errorf("cap %s: it divides %d nodes, not %d", name, nodes, len(all))
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if leaders := c.Leaders(); len(leaders) > 0 {
			i := slices.Index(all, leaders[0])
			all[0], all[i] = all[i], all[0]
		}
		s, heal := divide(c, all)
		return s.String(), heal, nil
	})}
}

func both(a, b func()) func() { return func() { a(); b() } }

// sides are the nodes on each side.
type sides map[side][]string

// String writes them as parseSides reads them: "minority: n2 n4; majority: n1 n3 n5". That is what
// the history has of the fault, so that a card can be made of any history.
func (s sides) String() string {
	var parts []string
	for _, x := range []side{cutOff, minority, majority} {
		if nodes := slices.Sorted(slices.Values(s[x])); len(nodes) > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", x, strings.Join(nodes, " ")))
		}
	}
	return strings.Join(parts, "; ")
}

// parseSides returns the side of each node, and false for what is not the text of sides.
func parseSides(text string) (map[string]side, bool) {
	of := map[string]side{}
	for part := range strings.SplitSeq(text, "; ") {
		name, nodes, ok := strings.Cut(part, ": ")
		if !ok || !slices.Contains([]side{cutOff, minority, majority}, side(name)) {
			return nil, false
		}
		for node := range strings.FieldsSeq(nodes) {
			of[node] = side(name)
		}
	}
	return of, true
}

// findCut returns the fault of a history that says who was on which side.
func findCut(h *history.History) (f history.Call, of map[string]side, err error) {
	for f := range h.Faults() {
		if text, ok := f.Invoke.Input.(string); ok && f.Complete.Type == history.OK {
			if of, ok := parseSides(text); ok {
				return f, of, nil
			}
		}
	}
	return f, nil, fmt.Errorf("the history has no fault that says who was on which side")
}
