package caching

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/cache/cachekv"
	"github.com/capsize-go/capsize/workloads"
)

// CacheHerd is the scenario of a thousand users who want the same when its copy expires.
func CacheHerd() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "cache-herd",
		Question: "how often is the database asked for what a thousand users want, when the copy has expired?",
		Shows: "a thousand times if loads are not coalesced, once for each application server if its users share a load, and once if the " +
			"cache gives out one lease; copies that were made together expire together unless their TTLs differ",
		Seeds: 10,
		Least: 3,
		Columns: []scenarios.Column{
			{Title: "loads at once", Metric: "loads_at_once", Format: scenarios.Count}, {Title: "of all keys", Metric: "peak_loads", Format: scenarios.Count}, {Title: "loads", Metric: "origin_loads", Format: scenarios.Count},
			{Title: "slowest read", Metric: "slowest_read_ns", Format: scenarios.Span},
		},
		Meter: func(v scenarios.Variant) scenarios.Meter {
			return &stampedeMeter{Staleness: Staleness{Window: windowOf(v)}}
		},
		Holds:    cacheStampedeHolds,
		Variants: stampedeVariants(),
	}
}

const (
	stampedeServers = 10
	stampedeUsers   = 100 // of each
	stampedeLife    = 5 * time.Second
	stampedeQuery   = time.Second
	stampedeRun     = 8 * time.Second

	manyKeys   = 100
	manyWindow = 500 * time.Millisecond
	manyMost   = 40 // loads of all keys within that
)

func stampedeVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		name, doc string
		strategy  cachekv.Strategy
		most      int // loads at once that it promises
		fixed     bool
	}{
		{"none", "each miss loads", cachekv.Strategy{}, 1, false},
		{"early", "a read reloads before the copy expires, with a chance that grows towards that instant (XFetch)", cachekv.Strategy{Stampede: cachekv.StampedeProtection{Early: 1}}, 1, false},
		{"shared", "the users of an application server share a load (singleflight)", cachekv.Strategy{Stampede: cachekv.StampedeProtection{Coalesce: true}}, stampedeServers, true},
		{"lease", "the cache lets one load, and the others wait", cachekv.Strategy{Guard: cachekv.Leased}, 1, true},
		{"shared-lease", "both", cachekv.Strategy{Guard: cachekv.Leased, Stampede: cachekv.StampedeProtection{Coalesce: true}}, 1, true},
		{"stale", "the cache lets one load, and gives the others what has expired (stale-while-revalidate)",
			cachekv.Strategy{Stampede: cachekv.StampedeProtection{Stale: stampedeLife}}, 1, true},
	} {
		store := cachekv.ConcurrentUsers{Of: cachekv.Store{Strategy: v.strategy, TTL: stampedeLife, Slow: stampedeQuery}, Users: stampedeUsers}
		all = append(all, scenarios.Variant{Name: v.name, Doc: v.doc, Fixed: v.fixed, Test: capsize.Test{
			Name: "cache-herd " + v.name, System: store, Nodes: store.Of.Nodes(), Clients: stampedeServers, Rate: 2 * stampedeServers, Duration: stampedeRun,
			Timeout: 5 * time.Second, Workload: workloads.Copies(store.Open, workloads.CacheLoad{Writers: -1}),
			Checker: freshness.Coalesced(freshness.LoadLimit{Window: stampedeWindow, OfOne: v.most}), Expect: scenarios.Expected(v.fixed),
		}})
	}
	return append(all, manyVariant("one-life", "a hundred keys whose copies have the same TTL", 0, false),
		manyVariant("many-lives", "a hundred keys whose copies have TTLs up to half longer or shorter", 0.5, true))
}

// stampedeWindow is shorter than from one expiry to the next, and longer than from the first load to the last one for an expiry.
const stampedeWindow = stampedeLife - time.Second

// manyVariant reads many keys that were all made when the run began.
func manyVariant(name, doc string, jitter float64, fixed bool) scenarios.Variant {
	store := cachekv.Store{Strategy: cachekv.Strategy{Guard: cachekv.Leased, Stampede: cachekv.StampedeProtection{Jitter: jitter}}, TTL: stampedeLife, Slow: 10 * time.Millisecond}
	return scenarios.Variant{Name: name, Doc: doc, Fixed: fixed, Test: capsize.Test{
		Name: "cache-herd " + name, System: store, Nodes: store.Nodes(), Clients: 2 * stampedeServers, Rate: 1000, Duration: stampedeRun,
		Workload: workloads.Copies(store.Open, workloads.CacheLoad{Writers: -1, Keys: manyKeys}),
		Checker:  freshness.Coalesced(freshness.LoadLimit{Window: manyWindow, OfOne: 1, Expired: manyMost}), Expect: scenarios.Expected(fixed),
	}}
}

// windowOf returns how long the loads of a stampede are counted together.
func windowOf(v scenarios.Variant) time.Duration {
	if v.Name == "one-life" || v.Name == "many-lives" {
		return manyWindow
	}
	return stampedeWindow
}

// A stampedeMeter also measures how long reads took.
type stampedeMeter struct {
	Staleness
	slowest time.Duration
}

// Add counts one run.
func (m *stampedeMeter) Add(ctx context.Context, r *capsize.Result) error {
	for c := range r.History.Calls() {
		if in, ok := c.Invoke.Input.(model.CacheOp); ok && in.F == "read" && c.Complete.Type == history.OK {
			m.slowest = max(m.slowest, c.Complete.Time-c.Invoke.Time)
		}
	}
	return m.Staleness.Add(ctx, r)
}

// Fill writes what was counted.
func (m *stampedeMeter) Fill(row *scenarios.Row) {
	m.Staleness.Fill(row)
	row.Metrics["slowest_read_ns"] = float64(m.slowest)
}

func cacheStampedeHolds(rows []scenarios.Row) error {
	want := map[string]float64{"none": stampedeServers * stampedeUsers, "shared": stampedeServers, "lease": 1, "shared-lease": 1, "stale": 1}
	for _, r := range rows {
		if n, ok := want[r.Variant]; ok && r.Metrics["loads_at_once"] != n {
			return fmt.Errorf("%s: %.0f loads at once, and there must be %.0f", r.Variant, r.Metrics["loads_at_once"], n)
		}
		if r.Fixed != (r.Invalid == 0) {
			return fmt.Errorf("%s: %d of %d seeds are invalid", r.Variant, r.Invalid, r.Seeds)
		}
	}
	return nil
}
