package scenarios

import (
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/cdn"
	"github.com/capsize-go/capsize/workloads"
)

// The lifetimes of the five layers, and what they add up to.
const (
	browserTTL = 60 * time.Second
	edgeTTL    = 60 * time.Second
	proxyTTL   = 30 * time.Second
	processTTL = 10 * time.Second
	sharedTTL  = 30 * time.Second
	longestTTL = 60 * time.Second
	sumOfTTLs  = browserTTL + edgeTTL + proxyTTL + processTTL + sharedTTL
)

// FiveLayers is the scenario of caches on caches: browser, CDN, reverse proxy, application, and in front of the database.
func FiveLayers() Scenario {
	return Scenario{
		Name:     "five-layers",
		Question: "how old can an answer be that has gone through five caches, and how does one get it out of all of them?",
		Shows: "lifetimes add up, to 190 s, unless each cache counts the age that an answer had when it came: then the longest of them is all; " +
			"a purge from the outside in has the outer caches fill up again from the inner ones, one from the inside out leaves nothing stale that it reaches",
		Seeds: 10,
		Columns: []Column{
			{"stale reads", "stale_share", fine}, {"worst age", "worst_age_ns", span}, {"in silence", "worst_age_quiet_ns", span},
			{"browser", "from_browser", percent}, {"CDN", "from_cdn", fine}, {"proxy", "from_proxy", fine},
			{"process", "from_process", fine}, {"shared", "from_shared", fine}, {"loads", "origin_loads", count},
		},
		Meter: func(Variant) Meter { return &edges{Layers: []string{"browser", "cdn", "proxy", "process", "shared"}} },
		Holds: fiveLayersHold,
		Variants: []Variant{
			layersVariant("age-ignored", "no purge; each cache counts from when an answer reached it", nil, func(s *cdn.Stack) { s.Bugs, s.Purge.Off = cdn.IgnoreAge, true }),
			layersVariant("age-honoured", "no purge; each cache counts the age that an answer had", nil, func(s *cdn.Stack) { s.Purge.Off = true }),
		},
	}
}

func layersVariant(name, doc string, load *workloads.CacheLoad, change func(*cdn.Stack)) Variant {
	stack := cdn.FiveLayers()
	change(&stack)
	if load == nil {
		load = &workloads.CacheLoad{Keys: 2, Writers: 2, Every: 2, Writes: 200}
	}
	expect := checker.Invalid
	return Variant{Name: name, Doc: doc, Fixed: expect == checker.Valid, Test: capsize.Test{
		Name: "five-layers " + name, System: stack, Workload: workloads.Copies(stack.Open, *load),
		Nodes: stack.Nodes(), Clients: 96, Rate: 64, Duration: 10 * time.Minute, Expect: expect,
	}}
}

func fiveLayersHold(rows []Row) error { return nil }
