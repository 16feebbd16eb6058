package caching

import (
	"errors"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/cache/localcache"
	"github.com/capsize-go/capsize/workloads"
)

// CacheStaleFill is the scenario of a cache in the memory of one server that is filled by a load from before a write, after
// the write.
func CacheStaleFill() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "cache-stale-fill",
		Question: "can a slow load bring back what a write has just removed from a cache?",
		Shows: "with look, load and add it can, in every library, and the old row stays; with singleflight, reads that begin after the write even join " +
			"the old load; a loader that the cache knows of, and fills that are guarded by versions or leases, have no stale read",
		Seeds:   100,
		Columns: append([]scenarios.Column{{Title: "joined", Metric: "joined_reads", Format: scenarios.Count}}, staleColumns...),
		Meter:   func(scenarios.Variant) scenarios.Meter { return &Staleness{} },
		Holds:   staleFillHolds,
		Variants: []scenarios.Variant{
			fillVariant("lru", "golang-lru: look, load, add", localcache.LRU, checker.Invalid),
			fillVariant("lru-singleflight", "the same, and reads that miss at once share a load", localcache.Singleflight, checker.Invalid),
			fillVariant("lru-forget", "the same, and a write forgets the load: later reads do not join it, but it still fills the cache", localcache.Forgetting, checker.Invalid),
			fillVariant("ttlcache-loader", "ttlcache with its suppressed loader, which is singleflight", localcache.TTLCache, checker.Invalid),
			fillVariant("ristretto", "ristretto: look, load, set, wait until it is applied", localcache.Ristretto, checker.Invalid),
			fillVariant("otter-loader", "otter is given the load, and drops what it brings if the key was invalidated", localcache.Otter, checker.Valid),
			fillVariant("lru-versioned", "golang-lru with a tombstone for each key, which no older row passes", localcache.Versioned, checker.Valid),
			fillVariant("lru-leased", "golang-lru with a lease for each key: a read that missed before a write fills nothing after it", localcache.Leased, checker.Valid),
		},
	}
}

func fillVariant(name, doc string, cache func(*cluster.Host) localcache.Cache, expect checker.Verdict) scenarios.Variant {
	store := localcache.Store{Cache: cache}
	load := workloads.CacheLoad{Keys: 3, Writers: 2, Every: 4, Writes: 40}
	return scenarios.Variant{Name: name, Doc: doc, Fixed: expect == checker.Valid, Test: capsize.Test{
		Name: "cache-stale-fill " + name, System: store, Workload: workloads.Copies(store.Open, load),
		Nodes: 2, Clients: 8, Rate: 150, Duration: 15 * time.Second, Expect: expect,
	}}
}

func staleFillHolds(rows []scenarios.Row) error {
	var errs []error
	for _, r := range rows {
		joins := r.Variant == "lru-singleflight" || r.Variant == "ttlcache-loader"
		if joined := r.Metrics["joined_reads"] > 0; joined != joins {
			errs = append(errs, errors.New(r.Variant+": reads should join loads that are older than a write only with singleflight"))
		}
	}
	return errors.Join(append(errs, scenarios.OnlyWrong(rows, "stale_reads"))...)
}
