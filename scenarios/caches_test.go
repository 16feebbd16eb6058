package scenarios_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/scenarios"
)

// caches are the scenarios of caches.
func caches() (all []scenarios.Scenario) {
	for _, s := range scenarios.All() {
		if s.Name != "cap" && s.Name != "lease-reads" {
			all = append(all, s)
		}
	}
	return all
}

// TestCacheScenarios runs the scenarios with few seeds: what is fixed is clean in each, and what is not is found in some.
func TestCacheScenarios(t *testing.T) {
	few := map[string]int{"cache-strategies": 4, "cache-negative": 8, "cache-herd": 1, "cache-regions": 8, "cdn-purge": 2, "cdn-vary": 1, "five-layers": 1}
	for _, s := range caches() {
		t.Run(s.Name, func(t *testing.T) {
			n := few[s.Name]
			if n == 0 {
				n = 5
			}
			all := rows(t, s, "", "", seeds(t, n))
			assert.NoError(t, s.Holds(all))
			for _, r := range all {
				t.Log(r.Variant, r.Fault, r.Invalid, r.Unknown, r.Metrics)
			}
		})
	}
}

// TestCacheScenariosReplay runs each row twice: the histories are the same byte for byte.
func TestCacheScenariosReplay(t *testing.T) {
	for _, s := range caches() {
		t.Run(s.Name, func(t *testing.T) {
			for _, v := range s.Variants {
				for seed := range uint64(seeds(t, 1)) {
					first, err := v.Exec(t.Context(), t, seed+1)
					require.NoError(t, err)
					again, err := v.Exec(t.Context(), t, seed+1)
					require.NoError(t, err)
					require.Empty(t, capsize.Difference(first, again), "%s, seed %d", v, seed+1)
					require.Empty(t, first.Findings, "%s, seed %d", v, seed+1)
				}
			}
		})
	}
}

// TestSilence has what is stale stay so after the last write, unless it is deleted once more.
func TestSilence(t *testing.T) {
	all := rows(t, scenarios.CacheStrategies(), "delete-before-write,double-delete", "", 10)
	require.Len(t, all, 2)
	double, single := all[0], all[1]
	assert.True(t, strings.HasPrefix(double.Variant, "double"))
	assert.Greater(t, single.Metrics["worst_age_quiet_ns"], 4e9, "until it expires")
	assert.Less(t, double.Metrics["worst_age_quiet_ns"], 1e9, "until it is deleted again")
}
