package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/capsize-go/capsize/cluster"
)

// Reconfigures returns a fault that has the system work with other members: with a
// majority of the nodes, drawn anew each time, and with all of them again when it
// heals. A system whose members are fixed is left alone; see [cluster.Reconfigurable].
func Reconfigures() Fault { return reconfigure{} }

func init() {
	register("reconfigure", "other nodes are to be members, a majority of all, and all of them again in the end", as[reconfigure]())
}

type reconfigure struct{}

func (reconfigure) kind() string   { return "reconfigure" }
func (reconfigure) String() string { return "reconfigure" }

func (reconfigure) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	nodes := c.Nodes()
	n := len(nodes)
	r.Shuffle(n, func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	members := nodes[:min(n, n/2+1+r.IntN(max(1, (n-1)/2)))]
	heal, err := c.SetMembers(members)
	if err != nil {
		return "", nil, fmt.Errorf("reconfigure: %w", err)
	}
	return "members " + names(members), heal, nil
}
