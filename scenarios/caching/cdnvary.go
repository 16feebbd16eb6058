package caching

import (
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/cache/cdn"
	"github.com/capsize-go/capsize/workloads"
)

// CDNVary is the scenario of answers that are for one user, in caches that all users share.
func CDNVary() scenarios.Scenario {
	const fixed, wrong = checker.Valid, checker.Invalid
	return scenarios.Scenario{
		Name:     "cdn-vary",
		Question: "does any user get an answer that was made for another one?",
		Shows: "yes, if a cache leaves out of its key what the answer depends on, stores private answers, or coalesces requests for them; " +
			"a cache that obeys the headers gives out none, and has fewer hits",
		Seeds: 10,
		Least: 3,
		Columns: []scenarios.Column{
			{Title: "foreign reads", Metric: "foreign_reads", Format: scenarios.Count}, {Title: "of", Metric: "reads", Format: scenarios.Count}, {Title: "from a PoP", Metric: "from_pop", Format: scenarios.Percent},
			{Title: "from the shield", Metric: "from_shield", Format: scenarios.Percent}, {Title: "loads", Metric: "origin_loads", Format: scenarios.Count},
		},
		Meter: func(scenarios.Variant) scenarios.Meter { return &edges{Layers: []string{"pop", "shield"}} },
		Holds: func(rows []scenarios.Row) error { return scenarios.OnlyWrong(rows, "foreign_reads") },
		Variants: []scenarios.Variant{
			varyVariant("ignore-vary", "the origin says that answers depend on the cookie; the caches do not care", wrong,
				func(s *cdn.Stack) { s.Origin.Vary, s.Bugs = "Cookie", cdn.IgnoreVary }),
			varyVariant("no-vary", "the origin does not say that answers depend on the cookie, and the cache key is the URL", wrong, func(*cdn.Stack) {}),
			varyVariant("store-private", "the origin says that answers are private; a rule has the caches store everything", wrong,
				func(s *cdn.Stack) { s.Origin.Control, s.Bugs = "private, max-age=30", cdn.StorePrivate }),
			varyVariant("coalesce-private", "the origin says that answers are private, and nothing is stored; but all requests that wait for one load get its answer",
				wrong, func(s *cdn.Stack) { s.Origin.Control, s.Bugs = "private, max-age=30", cdn.CoalescePrivate }),
			varyVariant("vary", "the origin says that answers depend on the cookie", fixed, func(s *cdn.Stack) { s.Origin.Vary = "Cookie" }),
			varyVariant("key", "the origin does not say so, and the cookie is part of the cache key", fixed, func(s *cdn.Stack) {
				for i := range s.Layers {
					s.Layers[i].KeyBy = []string{"Cookie"}
				}
			}),
			varyVariant("private", "the origin says that answers are private: only browsers may store them", fixed,
				func(s *cdn.Stack) { s.Origin.Control = "private, max-age=30" }),
		},
	}
}

func varyVariant(name, doc string, expect checker.Verdict, change func(*cdn.Stack)) scenarios.Variant {
	stack := cdn.CDN()
	stack.Origin.Personal = true
	change(&stack)
	load := workloads.CacheLoad{Keys: 3, Writers: 2, Every: 10, Writes: 5, As: []string{"ann", "bob", "cyd", "dan"}}
	return scenarios.Variant{Name: name, Doc: doc, Fixed: expect == checker.Valid, Test: capsize.Test{
		Name: "cdn-vary " + name, System: stack, Workload: workloads.Copies(stack.Open, load), Checker: freshness.CrossUser(),
		Nodes: stack.Nodes(), Clients: 12, Rate: 60, Duration: 40 * time.Second, Expect: expect,
	}}
}
