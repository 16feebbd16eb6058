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

// ReconfiguresTo returns a fault that makes these nodes the members of the system, and all of them when it heals. Nodes that
// the cluster does not have are left out, and the fault fails with [ErrAbsent] if none is left.
func ReconfiguresTo(members ...string) Fault { return reconfigure{members} }

func init() {
	register("reconfigure", `other nodes are to be members, a majority of all unless "members" names them, and all of them again in the end`, decoderOf[reconfigure]())
}

type reconfigure struct {
	Members []string `json:"members,omitempty"`
}

func (reconfigure) kind() string { return "reconfigure" }

func (f reconfigure) String() string {
	if len(f.Members) > 0 {
		return "reconfigure to " + names(f.Members)
	}
	return "reconfigure"
}

// Inject requests the given members, or a random majority of the nodes, as small as the least one and as large as
// all.
func (f reconfigure) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	nodes := c.Nodes()
	n := len(nodes)
	r.Shuffle(n, func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	members := nodes[:min(n, n/2+1+r.IntN(max(1, (n-1)/2)))]
	if len(f.Members) > 0 {
		if members = present(f.Members, c.Nodes()); len(members) == 0 {
			return "", nil, fmt.Errorf("reconfigure to %s: %w", names(f.Members), ErrAbsent)
		}
	}
	heal, err := c.SetMembers(members)
	if err != nil {
		return "", nil, fmt.Errorf("reconfigure: %w", err)
	}
	chose(ctx, ReconfiguresTo(members...))
	return "members " + names(members), heal, nil
}
