package localcache_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/caching"
	"github.com/capsize-go/capsize/systems/cache/localcache"
	"github.com/capsize-go/capsize/workloads"
)

// seeds is how many seeds a test tries.
func seeds(t *testing.T) uint64 { return uint64(tier.Seeds(t, 1, 2)) }

// variants are those of the scenarios, shortened: each has another cache.
func variants() []scenarios.Variant {
	all := append(caching.CacheStaleFill().Variants, caching.CacheRefresh().Variants...)
	for i := range all {
		all[i].Test.Duration = 8 * time.Second
		if testing.Short() {
			all[i].Test.Duration, all[i].Test.Rate = 5*time.Second, 100
		}
	}
	return all
}

// crashes crashes the server.
var crashes = nemesis.New("server crash", func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	c.Crash("n2")
	return "n2", func() { c.Restart("n2") }, nil
})

// TestDeterminism has each cache repeat its runs, also when its server crashes.
func TestDeterminism(t *testing.T) {
	tier.SkipRepeats(t) // TestCrashes
	for _, v := range variants() {
		test := v.Test
		test.Duration = tier.For(5*time.Second, test.Duration)
		for test.Seed = 1; test.Seed <= seeds(t) && tier.Sweeping(); test.Seed++ {
			capsize.CheckDeterminism(t, test)
		}
		test.Nemesis = nemesis.Every(2*time.Second, crashes)
		capsize.CheckDeterminism(t, test)
	}
}

// TestCrashes has a crash of a server end all that its cache had running, and what the caches are to keep fresh stay so.
func TestCrashes(t *testing.T) {
	for _, v := range variants() {
		v.Test.Nemesis = nemesis.Every(2*time.Second, crashes)
		for seed := range seeds(t) {
			r, err := v.Exec(t.Context(), t, seed+1)
			require.NoError(t, err)
			assert.Empty(t, r.Findings, v.Name)
			assert.Positive(t, r.Exercised.Faults["server crash"], v.Name)
			if v.Fixed {
				assert.Equal(t, checker.Valid, r.Verdict, "%s, seed %d: %s", v.Name, r.Seed, r.Reason)
			}
		}
	}
}

// TestCrashesOfAll crashes the database as well, which loses nothing that it acknowledged.
func TestCrashesOfAll(t *testing.T) {
	for _, v := range variants() {
		if v.Fixed {
			v.Test.Nemesis = nemesis.Every(2*time.Second, nemesis.Crashes(nemesis.OneNode))
			v.Test.Seed, v.Test.Seeds = 1, int(seeds(t))
			capsize.Run(t, v.Test)
		}
	}
}

// TestServers has stores without a cache, with a replica, and with servers that know nothing of each other.
func TestServers(t *testing.T) {
	for _, x := range []struct {
		store  localcache.Store
		nodes  int
		expect checker.Verdict
	}{
		{localcache.Store{}, 3, checker.Valid},
		{localcache.Store{Lag: time.Second}, 2, checker.Invalid},
		{localcache.Store{Cache: localcache.Leased}, 2, checker.Valid},
		{localcache.Store{Cache: localcache.Leased}, 3, checker.Invalid}, // nobody tells the other server of a write
	} {
		capsize.Run(t, capsize.Test{
			System: x.store, Workload: workloads.Copies(x.store.Open, workloads.CacheLoad{Keys: 2}),
			Nodes: x.nodes, Duration: 10 * time.Second, Seed: 1, Expect: x.expect,
		})
	}
}

// TestContract has each cache do what [localcache.Cache] says when nothing happens at once.
func TestContract(t *testing.T) {
	for name, open := range map[string]func(*cluster.Host) localcache.Cache{
		"lru": localcache.LRU, "singleflight": localcache.Singleflight, "forgetting": localcache.Forgetting,
		"ttlcache": localcache.TTLCache, "ristretto": localcache.Ristretto, "otter": localcache.Otter,
		"otter-refresh": localcache.OtterRefresh, "versioned": localcache.Versioned, "leased": localcache.Leased,
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { contract(t, open(nil)) }) })
	}
}

func contract(t *testing.T, c localcache.Cache) {
	defer c.Close()
	version, loads := 1, 0
	load := func(context.Context) (localcache.Row, error) {
		if version == 0 {
			return localcache.Row{}, errors.New("no database")
		}
		loads++
		return localcache.Row{Version: version}, nil
	}
	get := func() int {
		row, err := c.Get(t.Context(), "k", load)
		require.NoError(t, err)
		return row.Version
	}
	assert.Equal(t, 1, get())
	version = 2
	assert.Equal(t, 1, get(), "kept")
	c.Invalidate("k", 2)
	assert.Equal(t, 2, get())
	c.Set("k", localcache.Row{Version: 3})
	assert.Equal(t, 3, get())
	assert.Equal(t, 2, loads)
	c.Invalidate("k", 4)
	version = 0
	_, err := c.Get(t.Context(), "k", load)
	require.Error(t, err)
	version = 4
	assert.Equal(t, 4, get(), "an error is not kept")
}
