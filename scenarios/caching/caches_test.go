package caching_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/caching"
)

// few are seeds of a scenario that show what is wrong in each of its variants: how many, from the first on.
var few = map[string]struct {
	first uint64
	count int
}{"cache-refresh": {5, 1}, "cache-stale-fill": {2, 1}, "cache-strategies": {5, 1}}

// heavy are the scenarios whose runs are long, or that need many of them.
var heavy = []string{"cache-herd", "cache-negative", "cache-regions", "cdn-purge", "cdn-vary", "five-layers"}

// TestCacheScenarios runs the scenarios with few seeds: what is fixed is clean in each, and what is not is found in
// some. The heavy ones are for the long loop; [TestRowsAreAsMeasured] runs a row of each.
func TestCacheScenarios(t *testing.T) {
	for _, s := range caching.All() {
		if !tier.Sweeping() && (testing.Short() || slices.Contains(heavy, s.Name)) {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			all := scenariotest.RowsFrom(t, few[s.Name].first, s, "", "", tier.Seeds(t, 0, few[s.Name].count))
			assert.NoError(t, s.Holds(all))
			for _, r := range all {
				t.Log(r.Variant, r.Fault, r.Invalid, r.Unknown, r.Metrics)
			}
		})
	}
}

// TestRowsAreAsMeasured runs rows of the tables in docs/reference/scenarios.md again, at the seed that each names: the verdict is that which
// was measured. Of each scenario it takes the row that is wrong and the one that is fixed which cost the least, and of those with
// many operations the first ones; in the long loop it takes all rows whole.
func TestRowsAreAsMeasured(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, s := range caching.All() {
		t.Run(s.Name, func(t *testing.T) {
			cheapest := map[bool]int{}
			for i, v := range s.Variants {
				if least, ok := cheapest[v.Fixed]; !ok || operations(v) < operations(s.Variants[least]) {
					cheapest[v.Fixed] = i
				}
			}
			for i, r := range scenariotest.ReadRows(t, rowsOf(s)) {
				v := s.Variants[i]
				if !tier.Sweeping() {
					if cheapest[r.Fixed] != i {
						continue
					}
					v.Test.Duration = shortened(v)
				}
				want := checker.Valid
				if r.Invalid > 0 {
					want = checker.Invalid
				}
				got, err := v.Exec(t.Context(), t, r.Seed)
				require.NoError(t, err)
				assert.Equal(t, want, got.Verdict, "%s, seed %d: %s", r.Variant, r.Seed, got.Reason)
			}
		})
	}
}

// shortened returns for how long a run of a variant goes on until it has shown what it is to show.
func shortened(v scenarios.Variant) time.Duration {
	if all := operations(v); all > enough {
		return time.Duration(float64(v.Test.Duration) * enough / all)
	}
	return v.Test.Duration
}

// enough operations show whether a variant is wrong.
const enough = 1500

// operations is how many a run of a variant takes, about.
func operations(v scenarios.Variant) float64 { return v.Test.Duration.Seconds() * v.Test.Rate }

// replayed is for how long a run of the test of replays goes on, at most, but in the long loop, and how long it settles.
const replayed = time.Second

// TestCacheScenariosReplay runs each row twice: the histories are the same byte for byte. Out of the long loop it takes the
// first row and the last of the heavy scenarios, and under -short the first of each.
func TestCacheScenariosReplay(t *testing.T) {
	for _, s := range caching.All() {
		t.Run(s.Name, func(t *testing.T) {
			for i, v := range s.Variants {
				if !tier.Sweeping() {
					between := i > 0 && i < len(s.Variants)-1
					if i > 0 && testing.Short() || between && slices.Contains(heavy, s.Name) {
						continue
					}
					v.Test.Duration, v.Test.Settle = min(v.Test.Duration, replayed), replayed
				}
				for seed := range uint64(tier.Seeds(t, 1, 1)) {
					first, err := v.Exec(t.Context(), t, seed+1)
					require.NoError(t, err)
					again, err := v.Exec(t.Context(), t, seed+1)
					require.NoError(t, err)
					require.Empty(t, first.Diff(again), "%s, seed %d", v, seed+1)
					require.Empty(t, first.Findings, "%s, seed %d", v, seed+1)
				}
			}
		})
	}
}

// TestAfterTheLastWrite has what is stale stay so after the last write, unless it is deleted once more.
func TestAfterTheLastWrite(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	all := scenariotest.RowsFrom(t, 10, caching.CacheStrategies(), "delete-before-write,double-delete", "", tier.Seeds(t, 0, 1))
	require.Len(t, all, 2)
	double, single := all[0], all[1]
	assert.True(t, strings.HasPrefix(double.Variant, "double"))
	assert.Greater(t, single.Metrics["worst_age_quiet_ns"], 4e9, "until it expires")
	assert.Less(t, double.Metrics["worst_age_quiet_ns"], 1e9, "until it is deleted again")
}

// TestStaleFillStays has a row that a late fill has brought back stay until the end, where loads are not shared.
func TestStaleFillStays(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	for _, r := range scenariotest.RowsFrom(t, 10, caching.CacheStaleFill(), "lru,ristretto", "", tier.Seeds(t, 0, 1)) {
		assert.Greater(t, r.Metrics["worst_age_quiet_ns"], 1e9, "%s: a row that is wrong stays", r.Variant)
	}
}
