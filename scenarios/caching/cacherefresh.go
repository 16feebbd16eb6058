package caching

import (
	"context"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/cache/localcache"
	"github.com/capsize-go/capsize/workloads"
)

// CacheRefresh is the scenario of a cache that loads rows anew while it still serves the old ones, and of writes
// that put their rows into it meanwhile.
func CacheRefresh() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "cache-refresh",
		Question: "does a row that a write has put into a cache survive a refresh that was asked for before the write?",
		Shows: "not if the refresh puts what it brings over whatever is there; always if it replaces only the row for which it was asked. " +
			"otter-refresh is the version that go.mod names; realbugs/otter-refresh runs the same test with v2.3.0, which loses rows",
		Seeds: 100,
		Columns: append([]scenarios.Column{
			{Title: "sets", Metric: "sets", Format: scenarios.Count}, {Title: "lost", Metric: "lost_sets", Format: scenarios.Count}, {Title: "share", Metric: "lost_share", Format: scenarios.Fine},
		}, staleColumns...),
		Meter: func(scenarios.Variant) scenarios.Meter { return &setSurvival{} },
		Holds: func(rows []scenarios.Row) error { return scenarios.OnlyWrong(rows, "lost_sets") },
		Variants: []scenarios.Variant{
			refreshVariant("lru-refresh", "golang-lru with a refresh by hand, which keeps what it brings", localcache.Refresh, checker.Invalid),
			refreshVariant("lru-refresh-guarded", "the same, and it is kept only if the key was not written since it was asked for", localcache.GuardedRefresh, checker.Valid),
			refreshVariant("otter-refresh", "otter with refresh-ahead, one row at a time", localcache.OtterRefresh, checker.Valid),
		},
	}
}

// refreshVariant has one client write, so that no two writes race to put their rows into the cache. Rows are loaded from a
// replica, as is usual, which is behind by less than the time that a row counts as new.
func refreshVariant(name, doc string, cache func(*cluster.Host) localcache.Cache, expect checker.Verdict) scenarios.Variant {
	store := localcache.Store{Cache: cache, Puts: true, Lag: 500 * time.Millisecond}
	load := workloads.CacheLoad{Keys: 6, Writers: 1, Every: 4, Writes: 50}
	return scenarios.Variant{Name: name, Doc: doc, Fixed: expect == checker.Valid, Test: capsize.Test{
		Name: "cache-refresh " + name, System: store, Workload: workloads.Copies(store.Open, load),
		Nodes: 2, Clients: 8, Rate: 150, Duration: 20 * time.Second, Expect: expect,
	}}
}

// setSurvival counts the writes that a later read missed after they were acknowledged.
type setSurvival struct {
	Staleness
	sets, lost int
}

// Add counts one run.
func (s *setSurvival) Add(ctx context.Context, r *capsize.Result) error {
	var writes []survivor
	for call := range r.History.Calls() {
		in, _ := call.Invoke.Input.(model.CacheOp)
		out, ok := call.Complete.Output.(model.Copy)
		switch {
		case !ok:
		case in.F == "write":
			writes = append(writes, survivor{in.Key, out.Version, call.Complete.Index, false})
		case in.F == "read":
			for i := range writes {
				w := &writes[i]
				w.lost = w.lost || w.key == in.Key && w.acked < call.Invoke.Index && out.Version < w.version
			}
		}
	}
	s.sets += len(writes)
	for _, w := range writes {
		if w.lost {
			s.lost++
		}
	}
	return s.Staleness.Add(ctx, r)
}

type survivor struct {
	key            string
	version, acked int
	lost           bool
}

// Fill writes what was counted.
func (s *setSurvival) Fill(row *scenarios.Row) {
	s.Staleness.Fill(row)
	row.Metrics["sets"], row.Metrics["lost_sets"] = float64(s.sets), float64(s.lost)
	row.Metrics["lost_share"] = float64(s.lost) / float64(max(1, s.sets))
}
