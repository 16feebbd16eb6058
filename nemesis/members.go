package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/capsize-go/capsize/cluster"
)

// Reconfigures returns a fault that changes the members of the system to a
// majority of the nodes, drawn anew each time, and back to all of them when it
// heals. It fails for a system whose members are fixed; see [cluster.Reconfigurable].
func Reconfigures() Fault { return reconfigure{} }

func init() {
	register("reconfigure", "other nodes are to be members, a majority of all, and all of them again in the end", decoderOf[reconfigure]())
}

type reconfigure struct{}

func (reconfigure) kind() string   { return "reconfigure" }
func (reconfigure) String() string { return "reconfigure" }

// Inject requests a random majority of the nodes, as small as the least one and as large as
// all, as members.
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
