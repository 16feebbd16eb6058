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

// Shapes lists the shapes of partitions.
func Shapes() []Shape {
	return []Shape{Halves, RandomHalves, Third, One, Leader, Ring, Bridge, OneWay, ClientSide}
}

// Partitions returns a fault that divides the nodes in a shape drawn from
// shapes, or from all of them if none is given. Clients still reach the node
// they are bound to, on whichever side it is.
func Partitions(shapes ...Shape) Fault { return partition{shapes} }

func init() {
	register("partition", `cuts the network; "shapes": `+joined(Shapes()), decoderOf[partition]())
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
func (p partition) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	shapes := p.Shapes
	if len(shapes) == 0 {
		shapes = Shapes()
	}
	nodes := c.Nodes()
	if len(nodes) < 2 {
		return "", nil, fmt.Errorf("partition: a cluster of %d can't be divided", len(nodes))
	}
	shape := shapes[r.IntN(len(shapes))]
	r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	return divide(c, shape, nodes, r)
}

// divide cuts the nodes, which are in random order.
func divide(c *cluster.Cluster, shape Shape, nodes []string, r *rand.Rand) (string, func(), error) {
	n := len(nodes)
	switch shape {
	case Halves:
		return split(c, nodes[:(n-1)/2], nodes[(n-1)/2:])
	case RandomHalves:
		k := binomial(n, r)
		return split(c, nodes[:k], nodes[k:])
	case Third:
		return split(c, nodes[:max(1, n/3)], nodes[max(1, n/3):])
	case ClientSide:
		return clientSide(c, nodes)
	case One:
		return split(c, nodes[:1], nodes[1:])
	case Leader:
		if leaders := c.Leaders(); len(leaders) > 0 {
			i := slices.IndexFunc(nodes, func(x string) bool { return slices.Contains(leaders, x) })
			nodes[0], nodes[i] = nodes[i], nodes[0]
		}
		return split(c, nodes[:1], nodes[1:])
	case Ring:
		return ring(c, nodes)
	case Bridge:
		half := n / 2
		a, b := nodes[:half], nodes[half+1:]
		heal := c.Partition(a, b)
		return fmt.Sprintf("%s | %s, %s sees both", names(a), names(b), nodes[half]), heal, nil
	case OneWay:
		var heals []func()
		for _, to := range nodes[1:] {
			heals = append(heals, c.Cut(nodes[0], to))
		}
		return fmt.Sprintf("%s ⇥ %s", nodes[0], names(nodes[1:])), healAll(heals), nil
	}
	return "", nil, fmt.Errorf("partition: there is no shape %q; there are %v", shape, Shapes())
}

func split(c *cluster.Cluster, a, b []string) (string, func(), error) {
	if len(a) == 0 { // two nodes: one on each side
		a, b = b[:1], b[1:]
	}
	return fmt.Sprintf("%s | %s", names(a), names(b)), c.Partition(a, b), nil
}

// ring connects node i of n with those at a distance of at most n/4 to either side,
// rounded up: with itself they are a majority.
func ring(c *cluster.Cluster, nodes []string) (string, func(), error) {
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
	return "ring " + names(nodes), healAll(heals), nil
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
func clientSide(c *cluster.Cluster, nodes []string) (string, func(), error) {
	for _, node := range nodes {
		var clients []string
		for _, x := range c.Hosts()[len(nodes):] {
			if c.Bound(x) == node {
				clients = append(clients, x)
			}
		}
		if len(clients) > 0 {
			return fmt.Sprintf("%s | all nodes", names(clients)), c.Partition(clients, c.Nodes()), nil
		}
	}
	return "", nil, errors.New("partition: there are no clients to cut off")
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
