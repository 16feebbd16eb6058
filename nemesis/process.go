package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/cluster"
)

// A Victim says which nodes a crash takes.
type Victim string

const (
	// OneNode takes one node, drawn at random.
	OneNode Victim = "one"
	// TheLeader takes a node that believes to lead; any node if none does.
	TheLeader Victim = "leader"
	// Minority takes fewer than half of the nodes, at least one.
	Minority Victim = "minority"
	// Majority takes more than half of the nodes at once.
	Majority Victim = "majority"
	// Everyone takes all nodes at once, as a power cut does.
	Everyone Victim = "all"
)

// Victims lists whom a crash can take.
func Victims() []Victim { return []Victim{OneNode, TheLeader, Minority, Majority, Everyone} }

// Crashes returns a fault that crashes nodes, as a power cut does, and boots
// them again when it heals. Whom it takes is drawn from victims, or from all
// kinds of them if none is given.
func Crashes(victims ...Victim) Fault { return crash{victims} }

func init() { register("crash", as[crash]()) }

type crash struct {
	Victims []Victim `json:"victims,omitempty"`
}

func (crash) kind() string { return "crash" }

func (f crash) String() string {
	if len(f.Victims) == 0 {
		return "crash"
	}
	var names []string
	for _, v := range f.Victims {
		names = append(names, string(v))
	}
	return "crash " + strings.Join(names, "/")
}

func (f crash) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	victims := f.Victims
	if len(victims) == 0 {
		victims = Victims()
	}
	hit, err := pick(c, victims[r.IntN(len(victims))], r)
	if err != nil {
		return "", nil, err
	}
	for _, name := range hit {
		c.Crash(name)
	}
	return "crash " + names(hit), func() {
		for _, name := range hit {
			c.Restart(name)
		}
	}, nil
}

// pick draws the nodes to be taken.
func pick(c *cluster.Cluster, v Victim, r *rand.Rand) ([]string, error) {
	nodes := c.Nodes()
	n := len(nodes)
	r.Shuffle(n, func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	switch v {
	case OneNode:
		return nodes[:1], nil
	case TheLeader:
		if leaders := c.Leaders(); len(leaders) > 0 {
			i := slices.IndexFunc(nodes, func(x string) bool { return slices.Contains(leaders, x) })
			return nodes[i : i+1], nil
		}
		return nodes[:1], nil
	case Minority:
		return nodes[:1+r.IntN(max(1, (n-1)/2))], nil
	case Majority:
		return nodes[:n/2+1+r.IntN((n+1)/2)], nil
	case Everyone:
		return nodes, nil
	}
	return nil, fmt.Errorf("crash: there is no victim %q; there are %v", v, Victims())
}
