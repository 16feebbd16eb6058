// Package ownfault is a fault of one's own: a node that its peers see and its
// clients do not, as behind a load balancer that has lost it. Health checks among
// the nodes find nothing wrong with it.
package ownfault

import (
	"context"
	"math/rand/v2"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
)

// Unreachable cuts one node off from all clients, and from no other node. The
// name is how a plan in a file refers to it.
var Unreachable = nemesis.New("unreachable", func(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	nodes := c.Nodes()
	node, clients := nodes[r.IntN(len(nodes))], c.Hosts()[len(nodes):]
	return node + " | all clients", c.Partition([]string{node}, clients), nil
})
