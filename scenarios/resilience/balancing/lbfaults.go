package balancing

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/resilience/balance"
)

// The faults of the scenarios of load balancers. Those of a backend are of [lbBad], and those of backends in turn are of the one
// whose turn it is by [affinityFaults].
var (
	badFailsFast        = degrading("a backend fails fast", balance.FailsFast, func(*cluster.Cluster) string { return lbBad })
	badHangs            = degrading("a backend hangs", balance.Hangs, func(*cluster.Cluster) string { return lbBad })
	dependencyFailsFast = degrading("the dependency fails", balance.FailsFast, func(c *cluster.Cluster) string {
		return c.Nodes()[len(c.Nodes())-1]
	})
	nextFailsFast = degrading("one backend after the other fails", balance.FailsFast, backendInTurn)
	nextCrashes   = nemesis.New("one backend after the other crashes", func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
		node := backendInTurn(c)
		c.Crash(node)
		return node + " crashes", func() { c.Restart(node) }, nil
	})
)

// degrading returns a fault that has the service of a node fail while the node is up.
func degrading(name string, how cluster.Degradation, which func(c *cluster.Cluster) string) nemesis.Fault {
	return nemesis.New(name, func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
		node := which(c)
		return node + " " + string(how), c.Degrade(node, how), nil
	})
}

// affinityFaults is when the backends fail or crash, one after the other, each for [affinityDown].
var affinityFaults = []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second}

const affinityDown = 3 * time.Second

// backendInTurn returns the backend whose fault began last.
func backendInTurn(c *cluster.Cluster) string {
	node := balance.Backend(0)
	for i, at := range affinityFaults {
		if c.Now() >= at {
			node = balance.Backend(i)
		}
	}
	return node
}

// inTurn injects a fault at each of [affinityFaults].
func inTurn(f nemesis.Fault) nemesis.Nemesis {
	var plan nemesis.Plan
	for i, at := range affinityFaults {
		plan = append(plan, nemesis.Step{ID: i + 1, At: at, For: affinityDown, Fault: f})
	}
	return plan
}
