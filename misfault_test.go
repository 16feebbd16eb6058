package capsize_test

import (
	"math/rand/v2"

	"context"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
)

type randV2 = rand.Rand

// A misfault is a fault that does what a test wants of it.
type misfault struct{ inject nemesis.Inject }

func (misfault) String() string { return "misfault" }

func (f misfault) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return f.inject(ctx, c, r)
}
