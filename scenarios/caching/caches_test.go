package caching_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/caching"
)

// few is how many seeds of a scenario show what is wrong in each of its variants.
var few = map[string]int{
	"cache-herd": 1, "cache-negative": 8, "cache-refresh": 5, "cache-regions": 8, "cache-stale-fill": 5, "cache-strategies": 4,
	"cdn-purge": 2, "cdn-vary": 1, "five-layers": 1,
}

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
			all := rows(t, s, "", "", tier.Seeds(t, 0, few[s.Name]))
			assert.NoError(t, s.Holds(all))
			for _, r := range all {
				t.Log(r.Variant, r.Fault, r.Invalid, r.Unknown, r.Metrics)
			}
		})
	}
}

// TestRowsAreAsMeasured runs rows of the tables in docs/scenarios.md again, at the seed that each names: the verdict is that which
// was measured. Of each scenario it takes the first row that is wrong and the first that is fixed, of one of them under
// -short, and all in the long loop.
func TestRowsAreAsMeasured(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, s := range caching.All() {
		if testing.Short() && s.Name != "cache-strategies" {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			done := map[bool]bool{}
			for i, r := range readRowsOf(t, rowsOf(s)) {
				if done[r.Fixed] && !tier.Sweeping() {
					continue
				}
				done[r.Fixed] = true
				want := checker.Valid
				if r.Invalid > 0 {
					want = checker.Invalid
				}
				got, err := s.Variants[i].Exec(t.Context(), t, r.Seed)
				require.NoError(t, err)
				assert.Equal(t, want, got.Verdict, "%s, seed %d: %s", r.Variant, r.Seed, got.Reason)
			}
		})
	}
}

// replayed is for how long a run of the test of replays goes on, at most, but in the long loop.
const replayed = 2 * time.Second

// TestCacheScenariosReplay runs each row twice: the histories are the same byte for byte. Under -short it takes one
// row of each scenario.
func TestCacheScenariosReplay(t *testing.T) {
	for _, s := range caching.All() {
		t.Run(s.Name, func(t *testing.T) {
			for i, v := range s.Variants {
				if i > 0 && testing.Short() {
					break
				}
				if !tier.Sweeping() {
					v.Test.Duration = min(v.Test.Duration, replayed)
				}
				for seed := range uint64(tier.Seeds(t, 1, 1)) {
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
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	all := rows(t, caching.CacheStrategies(), "delete-before-write,double-delete", "", tier.Seeds(t, 0, 10))
	require.Len(t, all, 2)
	double, single := all[0], all[1]
	assert.True(t, strings.HasPrefix(double.Variant, "double"))
	assert.Greater(t, single.Metrics["worst_age_quiet_ns"], 4e9, "until it expires")
	assert.Less(t, double.Metrics["worst_age_quiet_ns"], 1e9, "until it is deleted again")
}

// rows runs variants of a scenario under faults; empty lists stand for all.
func rows(t *testing.T, s scenarios.Scenario, variants, faults string, seeds int) []scenarios.Row {
	t.Helper()
	s, err := s.Only(list(variants), list(faults))
	require.NoError(t, err)
	all, err := s.Run(t.Context(), t, scenarios.Options{Seeds: seeds})
	require.NoError(t, err)
	require.Len(t, all, len(s.Variants))
	return all
}

func list(names string) []string {
	if names == "" {
		return nil
	}
	return strings.Split(names, ",")
}

// TestStaleFillStays has a row that a late fill has brought back stay until the end, where loads are not shared.
func TestStaleFillStays(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	for _, r := range rows(t, caching.CacheStaleFill(), "lru,ristretto", "", tier.Seeds(t, 0, 10)) {
		assert.Greater(t, r.Metrics["worst_age_quiet_ns"], 1e9, "%s: a row that is wrong stays", r.Variant)
	}
}
