package caching

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/cache/cachekv"
	"github.com/capsize-go/capsize/workloads"
)

// CacheRegions is the scenario of how the cache of another region hears that a copy has been replaced.
func CacheRegions() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "cache-regions",
		Question: "how long does a cache in another region hold what has been replaced?",
		Shows: "until it expires, if the invalidation may be lost, may arrive before the write, or may be undone by a late fill; and for as long as the " +
			"regions are cut off and a moment more, if the replica beside the cache sends it until it is answered, and nothing older is let in. " +
			"A client there reads its own writes only by a marker",
		Seeds: 30,
		Columns: []scenarios.Column{
			{Title: "stale copies", Metric: "stale_copies", Format: scenarios.Count}, {Title: "worst age", Metric: "worst_copy_age_ns", Format: scenarios.Span}, {Title: "after last write", Metric: "worst_copy_age_quiet_ns", Format: scenarios.Span},
			{Title: "nines at 100ms", Metric: "nines_100ms", Format: nines}, {Title: "at 1s", Metric: "nines_1s", Format: nines}, {Title: "at 10s", Metric: "nines_10s", Format: nines},
			{Title: "own writes missed", Metric: "own_reads", Format: scenarios.Count}, {Title: "went back", Metric: "back_reads", Format: scenarios.Count},
		},
		Meter:    func(scenarios.Variant) scenarios.Meter { return &copiesMeter{} },
		Holds:    cacheRegionsHold,
		Variants: regionVariants(),
	}
}

const (
	regionTTL  = 30 * time.Second
	regionRun  = 45 * time.Second
	regionSoon = 2 * time.Second // within which a pipeline must have invalidated all copies that it can reach
	regionCut  = 5 * time.Second
	cutAt      = 4 * time.Second
)

func regionVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		name, doc string
		pipeline  cachekv.Pipeline
		guard     cachekv.Guard
		marker    bool
	}{
		{"silence", "no invalidation: copies expire", cachekv.NoPipeline, cachekv.Unguarded, false},
		{"fire-and-forget", "the database sends each cache a message, once", cachekv.FireAndForget, cachekv.Unguarded, false},
		{"at-least-once", "the database sends it until it is answered, and it may come before the write itself does", cachekv.AtLeastOnce, cachekv.Unguarded, false},
		{"change-capture", "the replica beside the cache sends it, when it has the write", cachekv.ChangeCapture, cachekv.Unguarded, false},
		{"versions", "the same, and the cache lets in nothing that is older", cachekv.ChangeCapture, cachekv.Versioned, false},
		{"marker", "the same, and a miss reads the database itself until the replica has the write", cachekv.ChangeCapture, cachekv.Versioned, true},
	} {
		store := cachekv.Store{Regions: 2, TTL: regionTTL, Pipeline: v.pipeline,
			Strategy: cachekv.Strategy{FromReplica: true, Guard: v.guard, Marker: v.marker}}
		for _, f := range regionFaults {
			rules := freshness.New(freshness.Promise{Within: f.within, Peeks: true})
			if v.marker {
				rules = checker.All(rules, freshness.OwnWrites())
			}
			all = append(all, scenarios.Variant{Name: v.name, Doc: v.doc, Fault: f.name, Fixed: v.guard == cachekv.Versioned, Test: capsize.Test{
				Name: "cache-regions " + v.name, System: store, Nodes: store.Nodes(), Clients: 10, Rate: 60, Duration: regionRun,
				Nemesis: f.nemesis, Expect: scenarios.Expected(v.guard == cachekv.Versioned),
				Workload: workloads.Copies(store.Open, workloads.CacheLoad{
					Keys: 3, Writers: 5, Every: 12, Writes: 5, Peeks: store.Caches(), Checker: rules,
				}),
			}})
		}
	}
	return all
}

// regionFaults are the faults between regions, and within which time copies must be right all the same.
var regionFaults = []struct {
	name    string
	nemesis nemesis.Nemesis
	within  time.Duration
}{
	{"bad links", badLinks(), regionSoon},
	{"region cut off", nemesis.Together(
		nemesis.Part{Number: 1, Name: "slow", Nemesis: slowLinks(regionRun)},
		nemesis.Part{Number: 2, Name: "cut", Nemesis: nemesis.At(cutAt, regionCut, cutRegion)},
	), regionCut + regionSoon},
}

// badLinks lose, double, reorder and delay what is sent, all the time.
func badLinks() nemesis.Nemesis {
	parts := []nemesis.Part{{Number: 1, Name: "slow", Nemesis: slowLinks(regionRun)}}
	for i, f := range []nemesis.Fault{nemesis.Lossy(0.05), nemesis.Duplicates(0.05), nemesis.Reorders(0.05)} {
		parts = append(parts, nemesis.Part{Number: i + 2, Name: nemesis.Kind(f), Nemesis: nemesis.At(time.Duration(i+2)*time.Millisecond, regionRun, f)})
	}
	return nemesis.Together(parts...)
}

// cutRegion cuts the second region off from the first, clients included.
var cutRegion = nemesis.New("cache region", func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	var regions [2][]string
	for _, h := range c.Hosts() {
		r := cachekv.RegionOf(c.Bound(h))
		regions[r] = append(regions[r], h)
	}
	return "the second region is cut off", c.Partition(regions[0], regions[1]), nil
})

// copiesMeter counts what caches hold, and what sessions are answered.
type copiesMeter struct {
	peeks, stale int
	age, quiet   time.Duration
	late         map[time.Duration]int
	Staleness
}

// polarisBounds are those for which nines are shown.
var polarisBounds = map[string]time.Duration{"nines_100ms": 100 * time.Millisecond, "nines_1s": time.Second, "nines_10s": 10 * time.Second}

// Add counts one run.
func (m *copiesMeter) Add(ctx context.Context, r *capsize.Result) error {
	c, err := freshness.MeasureCopies(r.History)
	if err != nil {
		return err
	}
	m.peeks, m.stale = m.peeks+c.Reads, m.stale+c.Stale
	m.age, m.quiet = max(m.age, c.Age), max(m.quiet, c.AgeAfterLastWrite)
	if m.late == nil {
		m.late = map[time.Duration]int{}
	}
	for _, d := range polarisBounds {
		m.late[d] += c.Late(d)
	}
	return m.Staleness.Add(ctx, r)
}

// Fill writes what was counted.
func (m *copiesMeter) Fill(row *scenarios.Row) {
	m.Staleness.Fill(row)
	row.Metrics["copies"], row.Metrics["stale_copies"] = float64(m.peeks), float64(m.stale)
	row.Metrics["worst_copy_age_ns"], row.Metrics["worst_copy_age_quiet_ns"] = float64(m.age), float64(m.quiet)
	for metric, d := range polarisBounds {
		row.Metrics[metric] = freshness.Nines(m.late[d], m.peeks)
	}
}

func nines(x float64) string { return fmt.Sprintf("%.1f", x) }

func cacheRegionsHold(rows []scenarios.Row) error {
	for _, r := range rows {
		if r.Fixed && r.Invalid+r.Unknown > 0 || !r.Fixed && r.Invalid == 0 {
			return fmt.Errorf("%s under %s: %d of %d seeds are invalid", r.Variant, r.Fault, r.Invalid, r.Seeds)
		}
		if own := r.Metrics["own_reads"]; (own == 0) != (r.Variant == "marker") {
			return fmt.Errorf("%s under %s: %.0f reads missed a write of their own", r.Variant, r.Fault, own)
		}
	}
	return nil
}
