package policy_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/hedgepolicy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/policy"
)

// These tests hold what the pages say of the libraries, in the versions of go.mod: failsafe-go v0.9.8, gobreaker v2.4.0.

// TestFailsafeHedgeTakesAnError shows that by default the first outcome counts, also if it is an error: the answer due at 300 ms is lost to a hedge that fails at 150.
func TestFailsafeHedgeTakesAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, failed := time.Now(), errors.New("failed")
		_, err := failsafe.With(hedgepolicy.NewWithDelay[string](50 * time.Millisecond)).GetWithExecution(func(x failsafe.Execution[string]) (string, error) {
			if x.IsHedge() {
				time.Sleep(100 * time.Millisecond)
				return "", failed
			}
			time.Sleep(300 * time.Millisecond)
			return "answer", nil
		})
		require.ErrorIs(t, err, failed)
		assert.Equal(t, 150*time.Millisecond, time.Since(begin))
		time.Sleep(time.Second) // the first try ends
	})
}

// TestGoBreakerForgets shows that a failure does not count if its request began in an earlier window.
func TestGoBreakerForgets(t *testing.T) {
	b := policy.Breaker{Share: 0.1, Least: 1, Within: 2 * time.Second, Open: time.Minute}
	for name, c := range map[string]struct {
		p    policy.Policy
		open bool
	}{"gobreaker": {policy.GoBreaker(b), false}, "failsafe-go": {policy.FailsafeBreaker(b), true}} {
		onHost(t, func(h *cluster.Host) {
			next := &scripted{answer: func(int) (int, time.Duration) { return 500, time.Second }}
			rt := c.p(h, next)
			time.Sleep(1500 * time.Millisecond) // the window of gobreaker has half a second left
			status, err := ask(context.Background(), t, rt, 1)
			require.NoError(t, err)
			require.Equal(t, 500, status)
			_, err = ask(context.Background(), t, rt, 2)
			assert.Equal(t, c.open, err != nil, name)
		})
	}
}
