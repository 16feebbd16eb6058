package caching

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/cache/cachekv"
	"github.com/capsize-go/capsize/workloads"
)

// CacheStrategies is the scenario of how application servers keep a shared cache in step with the database.
func CacheStrategies() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "cache-strategies",
		Question: "which ways of keeping a shared cache in step with the database serve what an acknowledged write has replaced?",
		Shows: "leases and versions have no stale read, and all others do: what a race leaves in the cache stays until it expires if no other " +
			"write follows. A second delete bounds the age and makes more reads stale, since a write is acknowledged before it",
		Seeds: 200,
		Columns: []scenarios.Column{
			{Title: "stale seeds", Metric: "stale_seeds", Format: scenarios.Count}, {Title: "stale reads", Metric: "stale_share_active", Format: scenarios.Fine}, {Title: "worst age", Metric: "worst_age_ns", Format: scenarios.Span},
			{Title: "after last write", Metric: "worst_age_quiet_ns", Format: scenarios.Span}, {Title: "behind", Metric: "versions_behind", Format: scenarios.Count}, {Title: "loads/read", Metric: "loads_per_read", Format: scenarios.Fine},
		},
		Meter:    func(scenarios.Variant) scenarios.Meter { return &Staleness{} },
		Holds:    cacheStrategiesHold,
		Variants: cacheVariants(),
	}
}

// A keeping is a way to keep a cache in step.
type keeping struct {
	name, doc string
	strategy  cachekv.Strategy
	fixed     bool
}

// keepings are in the order of how many reads they make stale.
var keepings = []keeping{
	{"set-after-write", "write the database, then set the copy: two writers can set theirs in the other order",
		cachekv.Strategy{Write: cachekv.SetAfter}, false},
	{"cache-aside", "write the database, then delete the copy: a read that loaded before the write can fill after the delete",
		cachekv.Strategy{}, false},
	{"lost-deletes", "cache-aside of which one delete in a hundred is forgotten",
		cachekv.Strategy{Lose: 0.01}, false},
	{"double-delete", "delete, write, and delete once more half a second after the write was acknowledged",
		cachekv.Strategy{Write: cachekv.DeleteBefore, Again: 500 * time.Millisecond}, false},
	{"delete-before-write", "delete the copy, then write the database: a read between the two fills what is about to be replaced",
		cachekv.Strategy{Write: cachekv.DeleteBefore}, false},
	{"double-delete-replica", "the same as double-delete with a second between, and misses load from a replica that is 200 ms behind",
		cachekv.Strategy{Write: cachekv.DeleteBefore, Again: time.Second, FromReplica: true}, false},
	{"replica-fill", "cache-aside whose misses load from a replica that is 200 ms behind",
		cachekv.Strategy{FromReplica: true}, false},
	{"leases", "a miss gets a lease to fill with, which a delete revokes",
		cachekv.Strategy{Guard: cachekv.Leased}, true},
	{"versions", "a delete leaves the version that it made room for, and nothing older is let in",
		cachekv.Strategy{Guard: cachekv.Versioned}, true},
}

// onRedis is what the names of variants end with whose cache is Redis.
const onRedis = "-redis"

const (
	cacheTTL  = 5 * time.Second
	cacheRun  = 22 * time.Second
	cacheSlow = 20 * time.Millisecond // a query
)

func cacheVariants() (all []scenarios.Variant) {
	for _, k := range keepings {
		store := cachekv.Store{Strategy: k.strategy, TTL: cacheTTL, Slow: cacheSlow}
		all = append(all, cacheVariant(k, k.name, store, store.Open))
	}
	for _, k := range keepings {
		store := cachekv.Redis{Of: cachekv.Store{Strategy: k.strategy, TTL: cacheTTL, Slow: cacheSlow}}
		k.doc = k.name + " over Redis"
		all = append(all, cacheVariant(k, k.name+onRedis, store, store.Open))
	}
	return all
}

type openApp func(ctx context.Context, h *cluster.Host) (*cachekv.App, error)

// cacheVariant has two of eight clients write, until the last third of the run. Links are slow at times, as by a pause or a retransmission.
func cacheVariant(k keeping, name string, system cluster.System, open openApp) scenarios.Variant {
	return scenarios.Variant{Name: name, Doc: k.doc, Fixed: k.fixed, Test: capsize.Test{
		Name: "cache-strategies " + name, System: system, Nodes: cachekv.Store{}.Nodes(), Clients: 8, Rate: 80, Duration: cacheRun,
		Workload: workloads.Copies(open, workloads.CacheLoad{Writers: 2, Every: 12, Writes: 12}),
		Nemesis:  slowLinks(cacheRun),
		Expect:   scenarios.Expected(k.fixed),
	}}
}

// slowLinks has every message take 10 ms more in the mean, most of them much less and few much more.
func slowLinks(d time.Duration) nemesis.Nemesis {
	return nemesis.At(time.Millisecond, d, nemesis.Latency(10*time.Millisecond, cluster.LongTail))
}

// enoughSeeds is how many it takes for shares to be in order.
const enoughSeeds = 50

func cacheStrategiesHold(rows []scenarios.Row) error {
	if err := scenarios.OnlyWrong(rows, "stale_reads"); err != nil {
		return err
	}
	for i, r := range rows {
		if i == 0 || r.Fixed || rows[i-1].Fixed || r.Seeds < enoughSeeds {
			continue
		}
		if before := rows[i-1]; before.Metrics["stale_share_active"] >= r.Metrics["stale_share_active"] {
			return fmt.Errorf("%s has %s of its reads stale, and %s no more than %s", before.Variant, scenarios.Fine(before.Metrics["stale_share_active"]),
				r.Variant, scenarios.Fine(r.Metrics["stale_share_active"]))
		}
	}
	return nil
}
