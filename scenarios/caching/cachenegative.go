package caching

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/cache/cachekv"
	"github.com/capsize-go/capsize/workloads"
)

// CacheNegative is the scenario of a cache that remembers, or does not, that the database has no such key.
func CacheNegative() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "cache-negative",
		Question: "what does it cost to cache that the database has no such key (negative caching)?",
		Shows: "if it is not cached, every such read goes to the database; if it is, a key that was created stays hidden until the entry expires, " +
			"unless the client that creates it invalidates the entry by a lease or a version",
		Seeds: 50,
		Columns: []scenarios.Column{
			{Title: "stale seeds", Metric: "stale_seeds", Format: scenarios.Count}, {Title: "stale reads", Metric: "stale_share", Format: scenarios.Fine}, {Title: "worst age", Metric: "worst_age_ns", Format: scenarios.Span},
			{Title: "loads of a key at once", Metric: "loads_at_once", Format: scenarios.Count}, {Title: "loads/read", Metric: "loads_per_read", Format: scenarios.Fine},
		},
		Meter:    func(scenarios.Variant) scenarios.Meter { return &Staleness{Window: negativeWindow} },
		Holds:    cacheNegativeHolds,
		Variants: negativeVariants(),
	}
}

const (
	negativeKeys   = 30
	negativeTTL    = time.Second
	negativeWindow = cacheTTL - time.Second

	// negativeMost is how often a key may be loaded within that window: whenever it has expired, and after a write, by
	// some who miss at the same time.
	negativeMost = 24
)

func negativeVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		name, doc string
		strategy  cachekv.Strategy
		fixed     bool
	}{
		{"forgotten", "misses of the database are not cached: penetration", cachekv.Strategy{Guard: cachekv.Versioned, Negative: -1}, false},
		{"remembered", "the negative entry stays until it expires", cachekv.Strategy{Write: cachekv.LetExpire, Negative: negativeTTL}, false},
		{"deleted", "the client that creates the key deletes the negative entry", cachekv.Strategy{Negative: negativeTTL}, false},
		{"leased", "the same, and it revokes the leases of reads that are about to fill one", cachekv.Strategy{Guard: cachekv.Leased, Negative: negativeTTL}, true},
		{"versioned", "the same, and it leaves the version of the created row", cachekv.Strategy{Guard: cachekv.Versioned, Negative: negativeTTL}, true},
	} {
		store := cachekv.Store{Strategy: v.strategy, TTL: cacheTTL, Slow: cacheSlow}
		all = append(all, scenarios.Variant{Name: v.name, Doc: v.doc, Fixed: v.fixed, Test: capsize.Test{
			Name: "cache-negative " + v.name, System: store, Nodes: store.Nodes(), Clients: 8, Rate: 400, Duration: cacheRun,
			Workload: workloads.Copies(store.Open, workloads.CacheLoad{Keys: negativeKeys, Every: 60, Writes: 12}),
			Nemesis:  slowLinks(cacheRun),
			Checker:  freshness.Coalesced(freshness.LoadLimit{Window: negativeWindow, OfOne: negativeMost}),
			Expect:   scenarios.Expected(v.fixed),
		}})
	}
	return all
}

func cacheNegativeHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if stale := r.Metrics["stale_reads"] > 0; stale != (r.Variant == "remembered" || r.Variant == "deleted") {
			return fmt.Errorf("%s: %.0f reads are stale", r.Variant, r.Metrics["stale_reads"])
		}
		if often := r.Metrics["loads_at_once"] > negativeMost; often != (r.Variant == "forgotten") {
			return fmt.Errorf("%s: a key was loaded %.0f times within %s", r.Variant, r.Metrics["loads_at_once"], negativeWindow)
		}
	}
	return nil
}
