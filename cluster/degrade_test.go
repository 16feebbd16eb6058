package cluster_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// TestDegrade has a service fail until the fault is healed, by itself or with all others. Each time that the service asks
// is an effect.
func TestDegrade(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		h := r.host("n1")
		for _, how := range cluster.Degradations() {
			assert.False(t, h.Degraded(how))
		}
		assert.Equal(t, time.Second, h.Slowed(time.Second))
		heal := r.As("it").Degrade("n1", cluster.SlowByTen)
		assert.Equal(t, 10*time.Second, h.Slowed(time.Second))
		assert.False(t, h.Degraded(cluster.StuckLock), "only in the way that it is degraded")
		assert.False(t, r.host("n2").Degraded(cluster.SlowByTen), "only the host")
		heal()
		assert.Equal(t, time.Second, h.Slowed(time.Second))
		assert.Equal(t, 1, r.effect("it", "times that a service was degraded"))

		two := r.As("two").Degrade("n1", cluster.StuckLock)
		r.As("it").Degrade("n1", cluster.StuckLock)
		two()
		assert.True(t, h.Degraded(cluster.StuckLock), "by the other fault")
		r.Heal()
		assert.False(t, h.Degraded(cluster.StuckLock))
		assert.Equal(t, 2, r.effect("it", "times that a service was degraded"))
		assert.Equal(t, 0, r.effect("two", "times that a service was degraded"))
	})
}

// TestAwaitRecovery waits until no fault degrades the service, until its ctx ends, or until the host crashes.
func TestAwaitRecovery(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		h := r.host("n1")
		await := func(ctx context.Context) <-chan error {
			done := make(chan error, 1)
			go func() { done <- h.AwaitRecovery(ctx, cluster.AcceptAndHang) }()
			r.pass(time.Second)
			return done
		}
		require.NoError(t, <-await(t.Context()), "nothing degrades it")
		heal, also := r.Degrade("n1", cluster.AcceptAndHang), r.Degrade("n1", cluster.AcceptAndHang)
		done := await(t.Context())
		heal()
		r.pass(time.Second)
		require.Empty(t, done, "the other fault still does")
		also()
		require.NoError(t, <-done)
		r.Degrade("n1", cluster.AcceptAndHang)
		ctx, cancel := h.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, <-await(ctx), context.DeadlineExceeded)
		done = await(t.Context())
		r.Crash("n1")
		require.ErrorIs(t, <-done, cluster.ErrCrashed)
	})
}
