package edge_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/resilience/edge"
)

// edgeScenarios are those of limiters and gateways, with the variants that the normal loop runs.
var edgeScenarios = []struct {
	of       func() scenarios.Scenario
	variants string
}{
	{edge.RateLimitTruth, "fixed-window,x-time-rate-1,uber-strict,redis-rate-1"},
	{edge.RateLimitPartition, "local-share"},
	{edge.GatewayTimeouts, "inverted,propagated"},
	{edge.GatewayRetryPost, "retry,key"},
	{edge.GatewayAggregate, "left-out,labelled"},
	{edge.AuthRevoke, "ttl-open,versioned-closed"},
}

// TestEdgeShowsWhatItMust runs variants of each scenario: what is claimed of them holds.
func TestEdgeShowsWhatItMust(t *testing.T) {
	if testing.Short() {
		t.Skip("one run of each takes too long")
	}
	for _, x := range edgeScenarios {
		s := x.of()
		variants, seeds := x.variants, 1
		if tier.Sweeping() {
			variants, seeds = "", s.Seeds
		}
		t.Run(s.Name, func(t *testing.T) {
			require.NoError(t, s.Holds(scenariotest.Rows(t, s, variants, "", seeds)))
		})
	}
}

// TestEdgeFixedStaysClean runs what is fixed over ten times as many seeds as show what is not, in the long loop.
func TestEdgeFixedStaysClean(t *testing.T) {
	if !tier.Sweeping() {
		t.Skip("the long loop")
	}
	for _, x := range edgeScenarios {
		s := x.of()
		for _, v := range s.Variants {
			for seed := range uint64(tier.Seeds(t, 0, 0) * s.Seeds) {
				if !v.Fixed {
					break
				}
				r, err := v.Exec(t.Context(), t, seed+1)
				require.NoError(t, err)
				require.Equal(t, checker.Valid, r.Verdict, "%s, seed %d: %s", v, seed+1, r.Reason)
			}
		}
	}
}

// TestEdgeRowsRepeat runs variants twice: the histories and the rows are the same, byte for byte. Out of the long loop it takes a short
// run of the last variant of each.
func TestEdgeRowsRepeat(t *testing.T) {
	tier.SkipRepeats(t)
	for _, x := range edgeScenarios {
		s := x.of()
		t.Run(s.Name, func(t *testing.T) {
			seeds := uint64(min(tier.Seeds(t, 1, 1), 2))
			for i, v := range s.Variants {
				if !tier.Sweeping() {
					if i != len(s.Variants)-1 {
						continue
					}
					v.Test.Duration, v.Test.Settle = min(v.Test.Duration, 2*time.Second), time.Second
				}
				for seed := range seeds {
					first, row := measured(t, s, v, seed+1)
					second, again := measured(t, s, v, seed+1)
					assert.Equal(t, first, second, "%s, seed %d", v, seed+1)
					assert.Equal(t, row, again, "%s, seed %d", v, seed+1)
				}
			}
		})
	}
}

// measured returns the digest of one run of a variant, and its row.
func measured(t *testing.T, s scenarios.Scenario, v scenarios.Variant, seed uint64) (digest, row string) {
	t.Helper()
	r, err := v.Exec(t.Context(), t, seed)
	require.NoError(t, err)
	require.Empty(t, r.Findings, "%s, seed %d", v, seed)
	m, filled := s.Meter(v), scenarios.Row{Metrics: map[string]float64{}}
	_ = m.Add(t.Context(), r) // a run that is cut short has not all that is measured
	m.Fill(&filled)
	b, err := json.Marshal(filled)
	require.NoError(t, err)
	digest, err = r.Digest()
	require.NoError(t, err)
	return digest, string(b)
}
