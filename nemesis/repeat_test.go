package nemesis_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
)

// The same seed gives the same run under all faults at once.
func TestRunsRepeat(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	const d = 8 * time.Second
	n := nemesis.Stagger(200*time.Millisecond, samples...)
	run := func(seed uint64) (trace uint64, effects []cluster.Effect) {
		onBusy(t, seed, func(t *testing.T, c *cluster.Cluster, _ *busy) {
			ctx, cancel := context.WithCancel(context.Background())
			began := c.Now().Truncate(time.Microsecond)
			for i, s := range n.Plan(seed, d) {
				c.At(began+s.At+time.Duration(2*i), "", func() {
					go func() {
						if _, heal, err := s.Inject(ctx, c, seed); err == nil && c.Sleep(ctx, s.For) {
							heal()
						}
					}()
				})
			}
			c.Sleep(t.Context(), d)
			cancel()
			c.Heal()
			c.Sleep(t.Context(), time.Second)
			trace, effects = c.Trace(), c.Effects()
		})
		return trace, effects
	}
	for seed := range uint64(sweep(t, 4)) {
		trace, effects := run(seed)
		again, same := run(seed)
		require.Equal(t, trace, again)
		require.Equal(t, effects, same)
		assert.Greater(t, len(effects), 20)
	}
}
