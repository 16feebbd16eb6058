package nemesis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
)

// A Victim says which nodes a fault takes.
type Victim string

const (
	// OneNode takes one node, drawn at random.
	OneNode Victim = "one"
	// TheLeader takes a node that believes to lead; any node if none does.
	TheLeader Victim = "leader"
	// AFollower takes a node that does not believe to lead.
	AFollower Victim = "follower"
	// Minority takes fewer than half of the nodes, at least one.
	Minority Victim = "minority"
	// Majority takes more than half of the nodes at once.
	Majority Victim = "majority"
	// Everyone takes all nodes at once, as a power cut does.
	Everyone Victim = "all"
)

// Victims lists whom a fault can take. There are also those that [WithRole] and
// [Nth] return.
func Victims() []Victim {
	return []Victim{OneNode, TheLeader, AFollower, Minority, Majority, Everyone}
}

// WithRole takes a node that says of itself that it has the role; see
// [cluster.Host.SetRole]. It takes any node if none has.
func WithRole(role string) Victim { return Victim("role:" + role) }

// Nth takes one node: that at a place in an order of all nodes, which a number
// stands for. Faults of one order take different nodes at different places: so
// several steps of a plan can go through the nodes one by one.
func Nth(order uint32, place int) Victim { return Victim(fmt.Sprintf("nth:%d:%d", order, place)) }

// aim is the part of a fault that says whom it takes.
type aim struct {
	Victims []Victim `json:"victims,omitempty"`
}

// one returns the victims, and for none a node that is the leader half the time.
func (a aim) one() []Victim {
	if len(a.Victims) == 0 {
		return []Victim{OneNode, TheLeader}
	}
	return a.Victims
}

// or returns the name of a fault with its victims.
func (a aim) describe(fault string) string {
	if len(a.Victims) == 0 {
		return fault
	}
	var names []string
	for _, v := range a.Victims {
		names = append(names, string(v))
	}
	return fault + " " + strings.Join(names, "/")
}

// pick draws the nodes to be taken, by one of the victims.
func pick(c *cluster.Cluster, victims []Victim, r *rand.Rand) ([]string, error) {
	v := victims[r.IntN(len(victims))]
	nodes := c.Nodes()
	n := len(nodes)
	r.Shuffle(n, func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	first := func(good func(name string) bool) []string {
		i := max(0, slices.IndexFunc(nodes, good))
		return nodes[i : i+1]
	}
	leaders := c.Leaders()
	switch v {
	case OneNode:
		return nodes[:1], nil
	case TheLeader:
		return first(func(x string) bool { return slices.Contains(leaders, x) }), nil
	case AFollower:
		return first(func(x string) bool { return !slices.Contains(leaders, x) }), nil
	case Minority:
		return nodes[:1+r.IntN(max(1, (n-1)/2))], nil
	case Majority:
		return nodes[:n/2+1+r.IntN((n+1)/2)], nil
	case Everyone:
		return nodes, nil
	}
	if role, ok := strings.CutPrefix(string(v), "role:"); ok {
		return first(func(x string) bool { return c.Role(x) == role }), nil
	}
	if order, place, ok := parseNth(v); ok {
		perm := keyed.New(order, "order").Rand().Perm(n)
		return c.Nodes()[perm[place%n] : perm[place%n]+1], nil
	}
	return nil, fmt.Errorf("there is no victim %q; there are %v", v, Victims())
}

func parseNth(v Victim) (order uint64, place int, ok bool) {
	parts := strings.Split(string(v), ":")
	if len(parts) != 3 || parts[0] != "nth" {
		return 0, 0, false
	}
	order, err1 := strconv.ParseUint(parts[1], 10, 32)
	n, err2 := strconv.ParseUint(parts[2], 10, 16)
	return order, int(n), err1 == nil && err2 == nil
}

// strike does something to each of the nodes that are drawn, and describes it.
func strike(c *cluster.Cluster, fault string, victims []Victim, r *rand.Rand, do func(node string) (heal func())) (string, func(), error) {
	hit, err := pick(c, victims, r)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", fault, err)
	}
	var heals []func()
	for _, name := range hit {
		heals = append(heals, do(name))
	}
	return fault + " " + names(hit), all(heals), nil
}
