package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/capsize-go/capsize/cluster"
)

// Degrades returns a fault with which the service of a node fails in that way while the node is up: a gray failure. The empty
// how draws one each time. It has an effect in systems that ask [cluster.Host.Degraded]; see package
// systems/resilience/gray.
func Degrades(how cluster.Degradation, victims ...Victim) Fault {
	return degrades{targets{victims}, how}
}

func init() {
	register("degrade", `services fail that are up, "how": accept-and-hang, headers-then-stall, one-byte-a-second, stuck-lock, dead-shard or slow-by-ten, drawn unless given`, decoderOf[degrades]())
}

type degrades struct {
	targets
	How cluster.Degradation `json:"how,omitempty"`
}

func (degrades) kind() string           { return "degrade" }
func (f degrades) at(v ...Victim) Fault { f.Victims = v; return f }

func (f degrades) String() string {
	if f.How == "" {
		return f.describe("degrade")
	}
	return f.describe("degrade " + string(f.How))
}

// Inject degrades the services of the victims. It draws a way even if one is given, so that a plan with and one without it draw
// the same victims.
func (f degrades) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	all := cluster.Degradations()
	how := all[r.IntN(len(all))]
	if f.How != "" {
		how = f.How
	}
	if !slices.Contains(all, how) {
		return "", nil, fmt.Errorf("degrade: there is no %q; there are %v", how, all)
	}
	f.How = how
	return injectInto(ctx, c, "degrade "+string(how), f, f.orNodeOrLeader(), r, func(node string) func() { return c.Degrade(node, how) })
}
