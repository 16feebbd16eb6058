package nemesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A Shape says how a partition divides the nodes.
type Shape string

const (
	// Halves cuts the nodes into a minority and a majority, drawn at random.
	Halves Shape = "halves"
	// RandomHalves throws a coin for each node.
	RandomHalves Shape = "random-halves"
	// Third cuts a third of the nodes off, rounded down but to one at least.
	Third Shape = "third"
	// One cuts one node off from all others.
	One Shape = "one"
	// Leader cuts off a node that believes to be leader; any node if none does.
	Leader Shape = "leader"
	// Ring lets each node see a majority, and no two nodes the same one.
	Ring Shape = "ring"
	// Bridge makes two halves that see one node in common, and not each other.
	Bridge Shape = "bridge"
	// OneWay cuts what one node sends to the others, and not what it receives.
	OneWay Shape = "one-way"
	// ClientSide cuts the clients of one node off from all nodes, and leaves the
	// nodes alone.
	ClientSide Shape = "client-side"
)

// Shapes lists the shapes of partitions that draw their hosts. [Cut] is one that names them.
func Shapes() []Shape {
	return []Shape{Halves, RandomHalves, Third, One, Leader, Ring, Bridge, OneWay, ClientSide}
}

// Partitions returns a fault that divides the nodes in a shape drawn from
// shapes, or from all of them if none is given. Clients still reach the node
// they are bound to, on whichever side it is.
func Partitions(shapes ...Shape) Fault { return partition{shapes} }

func init() {
	register("partition", `cuts the network; "shapes": `+joined(Shapes())+`, or hosts: "n2 | n1 n3"`, decoderOf[partition]())
}

type partition struct {
	Shapes []Shape `json:"shapes,omitempty"`
}

func (partition) kind() string { return "partition" }

// String names the fault and its shapes: "partition halves/ring".
func (p partition) String() string {
	if len(p.Shapes) == 0 {
		return "partition"
	}
	var names []string
	for _, s := range p.Shapes {
		names = append(names, string(s))
	}
	return "partition " + strings.Join(names, "/")
}

// Inject draws a shape and a random order of the nodes, and cuts them.
func (p partition) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	shapes := p.Shapes
	if len(shapes) == 0 {
		shapes = Shapes()
	}
	nodes := c.Nodes()
	if len(nodes) < 2 {
		return "", nil, fmt.Errorf("partition: a cluster of %d can't be divided", len(nodes))
	}
	shape := shapes[r.IntN(len(shapes))]
	cut, named := parseCut(shape)
	if !named {
		r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		var err error
		if cut, err = divide(c, shape, nodes, r); err != nil {
			return "", nil, err
		}
	}
	chose(ctx, Partitions(cut.text()))
	return cut.inject(c)
}

// divide says how the nodes, which are in random order, are cut.
func divide(c *cluster.Cluster, shape Shape, nodes []string, r *rand.Rand) (cut, error) {
	n := len(nodes)
	switch shape {
	case Halves:
		return split(nodes, (n-1)/2), nil
	case RandomHalves:
		return split(nodes, binomial(n, r)), nil
	case Third:
		return split(nodes, n/3), nil
	case ClientSide:
		return clientSide(c, nodes)
	case One:
		return split(nodes, 1), nil
	case Leader:
		if leaders := c.Leaders(); len(leaders) > 0 {
			i := slices.IndexFunc(nodes, func(x string) bool { return slices.Contains(leaders, x) })
			nodes[0], nodes[i] = nodes[i], nodes[0]
		}
		return split(nodes, 1), nil
	case Ring:
		return cut{shape: Ring, a: nodes}, nil
	case Bridge:
		half := n / 2
		return cut{shape: Bridge, a: nodes[:half], b: nodes[half+1:], mid: nodes[half]}, nil
	case OneWay:
		return cut{shape: OneWay, a: nodes[:1], b: nodes[1:]}, nil
	}
	return cut{}, fmt.Errorf("partition: there is no shape %q; there are %v", shape, Shapes())
}

// split cuts the first k nodes off, and at least one.
func split(nodes []string, k int) cut {
	k = max(1, k)
	return cut{shape: Halves, a: nodes[:k], b: nodes[k:]}
}

// ring connects node i of n with those at a distance of at most n/4 to either side,
// rounded up: with itself they are a majority.
func ring(c *cluster.Cluster, nodes []string) (heal func()) {
	n := len(nodes)
	reach := (n/2 + 1) / 2
	var heals []func()
	for i, x := range nodes {
		for j, y := range nodes[i+1:] {
			if d := j + 1; min(d, n-d) > reach {
				heals = append(heals, c.Cut(x, y), c.Cut(y, x))
			}
		}
	}
	return healAll(heals)
}

// binomial throws n coins, until both sides have come up, and counts one of them.
func binomial(n int, r *rand.Rand) int {
	for {
		k := 0
		for range n {
			k += r.IntN(2)
		}
		if 0 < k && k < n {
			return k
		}
	}
}

// clientSide cuts the clients of the first node that has any off from all nodes.
func clientSide(c *cluster.Cluster, nodes []string) (cut, error) {
	for _, node := range nodes {
		var clients []string
		for _, x := range c.Hosts()[len(nodes):] {
			if c.Bound(x) == node {
				clients = append(clients, x)
			}
		}
		if len(clients) > 0 {
			return cut{shape: ClientSide, a: clients}, nil
		}
	}
	return cut{}, errors.New("partition: there are no clients to cut off")
}

// joined joins names with commas.
func joined[S ~string](list []S) string {
	var names []string
	for _, s := range list {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// names lists nodes in order, with blanks between them.
func names(nodes []string) string {
	nodes = slices.Clone(nodes)
	sorting.Ordered(nodes)
	return strings.Join(nodes, " ")
}

func healAll(heals []func()) func() {
	return func() {
		for _, heal := range heals {
			heal()
		}
	}
}
