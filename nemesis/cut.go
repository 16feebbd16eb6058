package nemesis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/cluster"
)

// Cut is a shape that names its hosts, in the words in which a partition says what it cut:
//
//	Cut("n2 | n1 n3")               neither side reaches the other
//	Cut("n1 n2 | n4 n5, n3 sees both") as in a bridge
//	Cut("n1 ⇥ n2 n3")               n1 does not reach n2 and n3, which reach n1
//	Cut("ring n1 n4 n2 n5 n3")      each sees its neighbours in this order
//	Cut("c0 c3 | all nodes")        clients reach no node
//
// Hosts that the cluster does not have are left out, and the fault fails with [ErrAbsent] if nothing is left to be cut.
func Cut(text string) Shape { return Shape(text) }

// The words of shapes that name their hosts.
const (
	between  = " | "
	oneSided = " ⇥ "
	ringOf   = "ring "
	allNodes = "all nodes"
	seesBoth = " sees both"
)

// A cut is a shape whose hosts are known.
type cut struct {
	shape Shape    // Halves, Bridge, OneWay, Ring or ClientSide
	a, b  []string // the sides; of a ring a alone
	mid   string   // of a bridge
}

// parseCut returns the cut that a shape names; ok is false if it names no hosts.
func parseCut(s Shape) (c cut, ok bool) {
	text := string(s)
	if nodes, ok := strings.CutPrefix(text, ringOf); ok {
		return cut{shape: Ring, a: strings.Fields(nodes)}, true
	}
	if a, b, ok := strings.Cut(text, oneSided); ok {
		return cut{shape: OneWay, a: strings.Fields(a), b: strings.Fields(b)}, true
	}
	a, b, ok := strings.Cut(text, between)
	if !ok {
		return cut{}, false
	}
	c = cut{shape: Halves, a: strings.Fields(a)}
	if b == allNodes {
		c.shape = ClientSide
		return c, true
	}
	if b, mid, ok := strings.Cut(b, ", "); ok {
		c.shape, c.mid, c.b = Bridge, strings.TrimSuffix(mid, seesBoth), strings.Fields(b)
		return c, true
	}
	c.b = strings.Fields(b)
	return c, true
}

// text returns the cut as [Cut] reads it, with the hosts in their order.
func (c cut) text() Shape {
	a, b := strings.Join(c.a, " "), strings.Join(c.b, " ")
	return Shape(c.describe(a, b))
}

func (c cut) describe(a, b string) string {
	switch c.shape {
	case Ring:
		return ringOf + a
	case OneWay:
		return a + oneSided + b
	case Bridge:
		return a + between + b + ", " + c.mid + seesBoth
	case ClientSide:
		return a + between + allNodes
	}
	return a + between + b
}

// inject cuts the network, and describes it with the hosts of each side in order.
func (c cut) inject(w *cluster.Cluster) (desc string, heal func(), err error) {
	desc = c.describe(names(c.a), names(c.b))
	there := w.Hosts()
	if len(present(c.a, there)) < len(c.a) || len(present(c.b, there)) < len(c.b) {
		was := desc
		c.a, c.b = present(c.a, there), present(c.b, there)
		desc = c.describe(names(c.a), names(c.b))
		if c.empty() {
			return "", nil, fmt.Errorf("partition %s: %w", was, ErrAbsent)
		}
	}
	if err := c.check(w); err != nil {
		return "", nil, fmt.Errorf("partition %s: %w", desc, err)
	}
	switch c.shape {
	case Ring:
		return desc, ring(w, c.a), nil
	case OneWay:
		var heals []func()
		for _, from := range c.a {
			for _, to := range c.b {
				heals = append(heals, w.Cut(from, to))
			}
		}
		return desc, healAll(heals), nil
	case ClientSide:
		return desc, w.Partition(c.a, w.Nodes()), nil
	}
	return desc, w.Partition(c.a, c.b), nil
}

// check reports hosts that would be cut off from themselves.
func (c cut) check(w *cluster.Cluster) error {
	hosts := slices.Concat(c.a, c.b)
	if c.shape == ClientSide {
		hosts = append(hosts, w.Nodes()...)
	}
	for i, x := range hosts {
		if slices.Contains(hosts[:i], x) {
			return fmt.Errorf("%s is named twice, or on both sides", x)
		}
	}
	return nil
}

// empty reports whether nothing is cut.
func (c cut) empty() bool {
	switch c.shape {
	case Ring:
		return len(c.a) < 2
	case ClientSide:
		return len(c.a) == 0
	}
	return len(c.a) == 0 || len(c.b) == 0
}
