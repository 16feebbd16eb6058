package cachekv_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/cache/cachekv"
	"github.com/capsize-go/capsize/systems/kv/chainkv"
	"github.com/capsize-go/capsize/systems/kv/primarykv"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

const run = 20 * time.Second

// slow has messages take long at times.
func slow() nemesis.Nemesis {
	return nemesis.At(time.Millisecond, run, nemesis.Latency(10*time.Millisecond, cluster.LongTail))
}

func load() workloads.CacheLoad { return workloads.CacheLoad{Every: 12, Writes: 10} }

func test(s cachekv.Strategy) capsize.Test {
	store := cachekv.Store{Strategy: s, TTL: 5 * time.Second, Slow: 20 * time.Millisecond}
	return capsize.Test{Name: name(s), System: store, Nodes: store.Nodes(), Clients: 8, Rate: 80, Duration: run,
		Nemesis: slow(), Workload: workloads.Copies(store.Open, load())}
}

func testRedis(s cachekv.Strategy) capsize.Test {
	x := test(s)
	store := cachekv.Redis{Of: x.System.(cachekv.Store)}
	x.System, x.Workload = store, workloads.Copies(store.Open, load())
	return x
}

func name(s cachekv.Strategy) string { return fmt.Sprint("cachekv ", s.Write, " ", s.Guard) }

var (
	leases   = cachekv.Strategy{Guard: cachekv.Leased}
	versions = cachekv.Strategy{Guard: cachekv.Versioned}
)

// measure runs seeds and adds up what was stale.
func measure(t *testing.T, x capsize.Test, n int) (m freshness.Report) {
	t.Helper()
	for seed := range uint64(n) {
		x.Seed = seed + 1
		r, err := capsize.Exec(t.Context(), t, x)
		require.NoError(t, err)
		require.Empty(t, r.Findings, "seed %d", x.Seed)
		f, err := freshness.Measure(r.History)
		require.NoError(t, err)
		require.Equal(t, f.Stale > 0, r.Verdict == checker.Invalid, "seed %d: %s", x.Seed, r.Reason)
		m.Reads, m.Stale, m.Age = m.Reads+f.Reads, m.Stale+f.Stale, max(m.Age, f.Age)
	}
	return m
}

// Guards keep late fills out, over a native cache and over Redis.
func TestGuards(t *testing.T) {
	guards := []cachekv.Strategy{leases, versions, {Guard: cachekv.Versioned, Write: cachekv.SetAfter}}
	for _, s := range tier.InRace(guards[:2], guards) {
		m := measure(t, test(s), tier.Seeds(t, 1, 2))
		assert.Zero(t, m.Stale, "%v: %v", s, m)
		assert.Greater(t, m.Reads, 1000)
		m = measure(t, testRedis(s), tier.Seeds(t, 1, 1))
		assert.Zero(t, m.Stale, "%v over Redis: %v", s, m)
	}
}

// Every strategy without a guard serves what an acknowledged write has replaced.
func TestUnguarded(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, s := range []cachekv.Strategy{
		{}, {Write: cachekv.SetAfter}, {Write: cachekv.DeleteBefore}, {Write: cachekv.LetExpire}, {FromReplica: true}, {Lose: 0.1},
		{Write: cachekv.DeleteBefore, Again: 500 * time.Millisecond},
	} {
		for _, x := range []capsize.Test{test(s), testRedis(s)} {
			x.Expect, x.Seed, x.Seeds = checker.Invalid, 1, 30
			capsize.Run(t, x)
		}
	}
}

// A copy that is not deleted is stale until it expires, and no longer.
func TestCopiesExpire(t *testing.T) {
	tier.SkipRepeats(t) // TestGuards
	for _, x := range []capsize.Test{test(cachekv.Strategy{Write: cachekv.LetExpire}), testRedis(cachekv.Strategy{Write: cachekv.LetExpire})} {
		m := measure(t, x, tier.Seeds(t, 1, 3))
		assert.Greater(t, m.Age, 4000*time.Millisecond)
		assert.Less(t, m.Age, 5500*time.Millisecond)
	}
}

// Leases hold while caches crash and the network is divided, since who can't delete does not acknowledge.
func TestLeasesUnderFaults(t *testing.T) {
	x := test(leases)
	x.Nemesis = nemesis.Every(2*time.Second, nemesis.Partitions(), nemesis.Crashes(), nemesis.Lossy(0.1), nemesis.Duplicates(0.1), nemesis.Pauses())
	assert.Zero(t, measure(t, x, tier.Seeds(t, 1, 3)).Stale)
	x = test(versions)
	x.Nemesis = nemesis.Every(2*time.Second, nemesis.Partitions(), nemesis.Crashes(), nemesis.Lossy(0.1), nemesis.Duplicates(0.1), nemesis.Pauses())
	assert.Zero(t, measure(t, x, tier.Seeds(t, 1, 1)).Stale)
}

func over(s cachekv.Strategy) capsize.Test {
	under, behind := raftkv.Store{}, raftkv.Store{Reads: raftkv.Anywhere}
	return overStore(cachekv.Over[*raftkv.Client]{Under: under, OpenKV: under.Open, OpenReplica: behind.Open, Strategy: s})
}

func overStore[C cachekv.Swapper](store cachekv.Over[C]) capsize.Test {
	store.TTL = 5 * time.Second
	return capsize.Test{Name: name(store.Strategy), System: store, Nodes: 3, Clients: 6, Rate: 60, Duration: run,
		Nemesis:  nemesis.Every(3*time.Second, nemesis.Partitions(), nemesis.Crashes(), nemesis.Latency(10*time.Millisecond, cluster.LongTail)),
		Workload: workloads.Copies(store.Open, load())}
}

// A Redis before a replicated store is as fresh as its strategy, and as the store, whatever happens to both.
func TestOver(t *testing.T) {
	chain, primary := chainkv.Store{}, primarykv.Store{}
	all := []capsize.Test{
		over(leases),
		overStore(cachekv.Over[*chainkv.Client]{Under: chain, OpenKV: chain.Open, Strategy: leases}),
		overStore(cachekv.Over[*primarykv.Client]{Under: primary, OpenKV: primary.Open, Strategy: leases}),
	}
	if testing.Short() {
		all = all[:1] // chains and primaries have tests of their own
	}
	for _, x := range all {
		x.Duration = tier.InRace(5*time.Second, x.Duration)
		assert.Zero(t, measure(t, x, tier.Seeds(t, 1, 1)).Stale)
	}
}

// It is no fresher than they are.
func TestOverStale(t *testing.T) {
	tier.SkipRepeats(t) // TestOver
	for _, x := range []capsize.Test{
		over(cachekv.Strategy{Write: cachekv.DeleteBefore}),
		over(cachekv.Strategy{Guard: cachekv.Leased, FromReplica: true}),
	} {
		x.Expect, x.Seed, x.Seeds = checker.Invalid, 1, 20
		capsize.Run(t, x)
	}
}

// brief shortens a run that is only to repeat.
func brief(x capsize.Test) capsize.Test {
	x.Duration = tier.InRace(4*time.Second, tier.For(10*time.Second, run))
	return x
}

func TestDeterminism(t *testing.T) {
	tier.SkipRepeats(t) // TestGuards and TestOver
	all := []cachekv.Strategy{leases, versions, {Write: cachekv.DeleteBefore, Again: 500 * time.Millisecond, Lose: 0.1}}
	if testing.Short() {
		all = all[:1]
	}
	for _, s := range all {
		capsize.CheckDeterminism(t, brief(test(s)))
		capsize.CheckDeterminism(t, brief(testRedis(s)))
	}
	capsize.CheckDeterminism(t, brief(over(leases)))
}

func TestConcurrentUsersAreDeterministic(t *testing.T) {
	many := cachekv.ConcurrentUsers{Of: cachekv.Store{Strategy: cachekv.Strategy{Guard: cachekv.Leased, Stampede: cachekv.StampedeProtection{Coalesce: true, Jitter: 0.1, Early: 1}}}, Users: 20}
	x := test(cachekv.Strategy{})
	x.System, x.Workload = many, workloads.Copies(many.Open, load())
	capsize.CheckDeterminism(t, brief(x))
}

// An observer finds in a cache, native or Redis, what readers were given from it.
func TestPeeks(t *testing.T) {
	l := load()
	l.Peeks = cachekv.Store{}.Caches()
	for _, x := range []capsize.Test{test(leases), testRedis(leases)} {
		switch store := x.System.(type) {
		case cachekv.Store:
			x.Workload = workloads.Copies(store.Open, l)
		case cachekv.Redis:
			x.Workload = workloads.Copies(store.Open, l)
		}
		x.Duration = tier.InRace(run/2, run)
		r, err := capsize.Exec(t.Context(), t, x)
		require.NoError(t, err)
		m, err := freshness.MeasureCopies(r.History)
		require.NoError(t, err)
		assert.Greater(t, m.Reads, 100)
		assert.Greater(t, m.Reads-m.Missing, 50)
		assert.Zero(t, m.Stale)
	}
}

// Impossible parameters are an error when a node boots.
func TestBadStores(t *testing.T) {
	for text, x := range map[string]capsize.Test{
		"1 regions take 3 nodes, and there are 5":   func() capsize.Test { x := test(cachekv.Strategy{}); x.Nodes = 5; return x }(),
		`there is no guard "leases"; there are`:     test(cachekv.Strategy{Guard: "leases"}),
		"guard set-after by versions":               test(cachekv.Strategy{Guard: cachekv.Leased, Write: cachekv.SetAfter}),
		"a chance of 2 to lose a delete is none":    test(cachekv.Strategy{Lose: 2}),
		"a marker is never taken away without":      test(cachekv.Strategy{Marker: true}),
		"a Redis does not tell when a copy expires": testRedis(cachekv.Strategy{Stampede: cachekv.StampedeProtection{Early: 1}}),
	} {
		r, err := capsize.Exec(t.Context(), t, x)
		require.NoError(t, err)
		require.NotEmpty(t, r.Findings, text)
		assert.Contains(t, r.Findings[0].What, text)
	}
}
