package caching

import (
	"fmt"
	"math"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/cache/cdn"
	"github.com/capsize-go/capsize/workloads"
)

// What clients do in the variants without a purge, whose bounds are approached as far as luck has it.
const (
	layersClients = 96
	layersRate    = 96.0 // operations a second
	layersKeys    = 2
	layersFor     = 10 * time.Minute
)

// layersWorst is how long an answer may have been replaced, by variant: the lifetimes of the layers that keep it, and where
// these count the age that an answer had when it came, the longest.
var layersWorst = map[string]time.Duration{
	"age-ignored":    60*time.Second + 60*time.Second + 30*time.Second + 10*time.Second + 30*time.Second,
	"age-honoured":   60 * time.Second,
	"outside-in":     60 * time.Second,
	"browser-keeps":  60 * time.Second,
	"forgets-shared": 60*time.Second + 30*time.Second + 10*time.Second + 30*time.Second,
	"forgets-proxy":  60*time.Second + 30*time.Second,
	"forgets-cdn":    60 * time.Second,
}

// FiveLayers is the scenario of caches on caches: of the browser, the CDN, reverse proxies, and the application, which has one in
// each process and one that they share, in front of the database.
func FiveLayers() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "five-layers",
		Question: "how old can an answer be that has gone through five caches, and how does one get it out of all of them?",
		Shows: "lifetimes of 60, 60, 30, 10 and 30 s add up, to 190 s, unless each cache counts the age that an answer had when it came: then the longest of them is all; " +
			"after a purge from the outside in, outer caches fill up again from inner ones that are stale; after one from the inside out nothing is stale that it reaches",
		Seeds: 8,
		Least: 1,
		Columns: []scenarios.Column{
			{Title: "stale seeds", Metric: "stale_seeds", Format: scenarios.Count}, {Title: "stale reads", Metric: "stale_share", Format: scenarios.Fine}, {Title: "worst age", Metric: "worst_age_ns", Format: scenarios.Span},
			{Title: "after last write", Metric: "worst_age_quiet_ns", Format: scenarios.Span}, {Title: "browser", Metric: "from_browser", Format: scenarios.Fine}, {Title: "CDN", Metric: "from_cdn", Format: scenarios.Fine}, {Title: "proxy", Metric: "from_proxy", Format: scenarios.Fine},
			{Title: "process", Metric: "from_process", Format: scenarios.Fine}, {Title: "shared", Metric: "from_shared", Format: scenarios.Fine}, {Title: "loads", Metric: "origin_loads", Format: scenarios.Count},
		},
		Meter: func(scenarios.Variant) scenarios.Meter {
			return &edges{Staleness: Staleness{Window: time.Second}, Layers: []string{"browser", "cdn", "proxy", "process", "shared"}}
		},
		Holds: fiveLayersHold,
		Variants: []scenarios.Variant{
			layersVariant("age-ignored", "no purge; each cache counts from when an answer reached it", func(s *cdn.Stack) { s.Bugs, s.Purge.Off = cdn.IgnoreAge, true }),
			layersVariant("age-honoured", "no purge; each cache counts the age that an answer had when it came", func(s *cdn.Stack) { s.Purge.Off = true }),
			purgedLayers("outside-in", "a purge of the CDN first, and of the cache next to the database last", func(s *cdn.Stack) { s.Purge.OutsideIn = true }),
			purgedLayers("forgets-shared", "a purge from the inside out that leaves out the cache that the application shares; ages are ignored",
				func(s *cdn.Stack) { s.Purge.Forgets, s.Bugs = "shared", cdn.IgnoreAge }),
			purgedLayers("forgets-proxy", "the same, but it leaves out the reverse proxies", func(s *cdn.Stack) { s.Purge.Forgets, s.Bugs = "proxy", cdn.IgnoreAge }),
			purgedLayers("forgets-cdn", "the same, but it leaves out the CDN", func(s *cdn.Stack) { s.Purge.Forgets, s.Bugs = "cdn", cdn.IgnoreAge }),
			purgedLayers("browser-keeps", "a purge from the inside out, of all that it reaches; browsers may keep answers for 60 s",
				func(s *cdn.Stack) { s.Origin.Control = "max-age=60" }),
			purgedLayers("inside-out", "a purge from the inside out, and browsers ask each time whether what they have is right", func(*cdn.Stack) {}),
		},
	}
}

// layersVariant is a variant without a purge.
func layersVariant(name, doc string, change func(*cdn.Stack)) scenarios.Variant {
	load := workloads.CacheLoad{Keys: layersKeys, Writers: 4, Every: 1, Writes: 400}
	return inLayers(name, doc, load, capsize.Test{Clients: layersClients, Rate: layersRate, Duration: layersFor}, change)
}

// purgedLayers is a variant with a purge, and with browsers that validate what they have, as what no purge reaches must.
func purgedLayers(name, doc string, change func(*cdn.Stack)) scenarios.Variant {
	load := workloads.CacheLoad{Keys: layersKeys, Writers: 2, Every: 20, Writes: 8}
	return inLayers(name, doc, load, capsize.Test{Clients: 48, Rate: 32, Duration: 6 * time.Minute}, func(s *cdn.Stack) {
		s.Origin.Control = "max-age=0, s-maxage=60"
		change(s)
	})
}

func inLayers(name, doc string, load workloads.CacheLoad, test capsize.Test, change func(*cdn.Stack)) scenarios.Variant {
	stack := cdn.FiveLayers()
	change(&stack)
	test.Name, test.System, test.Workload, test.Nodes = "five-layers "+name, stack, workloads.Copies(stack.Open, load), stack.Nodes()
	_, stale := layersWorst[name]
	if stale {
		test.Expect = checker.Invalid
	}
	return scenarios.Variant{Name: name, Doc: doc, Fixed: !stale, Test: test}
}

// fiveLayersHold has each variant be stale for as long as it may be, and those without a purge for nearly as long.
func fiveLayersHold(rows []scenarios.Row) error {
	if err := scenarios.OnlyWrong(rows, "stale_reads"); err != nil {
		return err
	}
	for _, r := range rows {
		const onTheWay = time.Second // what all layers take to ask each other
		age, most := time.Duration(r.Metrics["worst_age_ns"]), layersWorst[r.Variant]
		least := time.Duration(0)
		switch r.Variant {
		case "age-ignored":
			least = most - luck(r)
		case "age-honoured":
			least = most - 2*time.Second
			if aged := r.Metrics["aged_reads"]; aged > 0 {
				return fmt.Errorf("%s: %.0f reads are older than they may be", r.Variant, aged)
			}
		}
		if age > most+onTheWay || age < least {
			return fmt.Errorf("%s: what was read had been replaced for %s, which must be from %s to %s", r.Variant, age, least, most)
		}
	}
	return nil
}

// luck returns by how much the worst age may fall short of the sum of the lifetimes. An answer is that old if each layer asks the
// one below in the last moment of the copy there, and the user stays. Layers ask at random: n copies of the innermost cache are the
// first in n·r₁r₂r₃r₄·s⁴/4! chains that miss no more than s, each layer asking for r of the copies of the one below in a second. Where
// seven such chains are expected there is one, but for one time in a thousand. To that comes how
// seldom a key is read in a browser, and written.
func luck(r scenarios.Row) time.Duration {
	stack := cdn.FiveLayers()
	seconds := float64(r.Seeds) * layersFor.Seconds() * layersKeys
	asks := r.Metrics["reads"]
	chains := r.Metrics["origin_loads"] * math.Exp(-time.Minute.Seconds()/stack.Visits.Seconds())
	for i, layer := range []string{"browser", "cdn", "proxy", "process"} {
		asks -= r.Metrics["reads"] * r.Metrics["from_"+layer]
		chains *= asks / seconds / float64(max(1, stack.Layers[i].Nodes))
	}
	missed := math.Pow(7*4*3*2/chains, 1.0/4)
	return time.Duration((missed + 2*layersKeys*layersClients/layersRate) * float64(time.Second))
}
