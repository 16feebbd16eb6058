package caching

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/cache/cdn"
	"github.com/capsize-go/capsize/workloads"
)

const (
	cdnTTL = 30 * time.Second // how old answers may be that no purge reaches
	cdnSWR = 10 * time.Second // how long what is stale may be served, by an allowance
)

// CDNPurge is the scenario of a CDN that is asked to drop what has changed, while one of its points of presence is cut off.
func CDNPurge() scenarios.Scenario {
	const fresh, wrong = checker.Valid, checker.Invalid
	return scenarios.Scenario{
		Name:     "cdn-purge",
		Question: "when a purge is acknowledged, when is the last stale byte served?",
		Shows: "a purge that is acknowledged when it is sent is worth no more than the TTL where it did not arrive; one that all caches have to acknowledge, " +
			"the shield first and with an epoch that late fills are checked by, leaves nothing stale, and most writes are not acknowledged while a PoP is cut off. " +
			"A soft purge is as good, and cheaper, if no cache may serve what is stale",
		Seeds: 10,
		Least: 3,
		Columns: []scenarios.Column{
			{Title: "stale seeds", Metric: "stale_seeds", Format: scenarios.Count}, {Title: "stale reads", Metric: "stale_share", Format: scenarios.Fine},
			{Title: "last stale byte", Metric: "worst_age_ns", Format: scenarios.Span}, {Title: "p99", Metric: "purge_p99_ns", Format: scenarios.Span}, {Title: "after last write", Metric: "worst_age_quiet_ns", Format: scenarios.Span},
			{Title: "writes", Metric: "write_share", Format: scenarios.Percent}, {Title: "while cut", Metric: "write_share_cut", Format: scenarios.Percent}, {Title: "reads", Metric: "read_share", Format: scenarios.Fine},
			{Title: "loads", Metric: "origin_loads", Format: scenarios.Count}, {Title: "in 1 s", Metric: "peak_loads", Format: scenarios.Count},
		},
		Meter: func(scenarios.Variant) scenarios.Meter { return &edges{Staleness: Staleness{Window: time.Second}} },
		Holds: cdnPurgeHolds,
		Variants: []scenarios.Variant{
			purgeVariant("none", "no purge: what has changed shows when the TTL of 30 s is over", wrong, func(s *cdn.Stack) { s.Purge.Off = true }),
			purgeVariant("on-send", "each cache is sent the purge once, and the write is acknowledged at once", wrong, func(s *cdn.Stack) { s.Purge.AckOnSend = true }),
			purgeVariant("edge-first", "all caches acknowledge, the PoPs before the shield: a PoP fills up again from a shield that is stale", wrong,
				func(s *cdn.Stack) { s.Purge.OutsideIn = true }),
			purgeVariant("no-epoch", "all caches acknowledge, the shield first; what was being loaded meanwhile is stored after it", wrong,
				func(s *cdn.Stack) { s.Bugs = cdn.NoEpoch }),
			purgeVariant("soft-swr", "a soft purge, and 10 s of stale-while-revalidate: the shield hands a PoP what is stale, and the PoP takes it for fresh", wrong,
				softSWR),
			purgeVariant("soft-swr-edge", "the same, but the shield never serves what is stale: the first request is served stale, and none after 10 s", wrong,
				func(s *cdn.Stack) { softSWR(s); s.Layers[1].NoStale = true }),
			purgeVariant("soft-sie", "a soft purge, and 10 s of stale-if-error: a cache that cannot validate its copy serves it", wrong, func(s *cdn.Stack) {
				s.Purge.Soft, s.Origin.Control = true, "max-age=30, stale-if-error=10"
			}),
			purgeVariant("on-all", "a hard purge that all caches acknowledge, the shield first, with an epoch", fresh, func(*cdn.Stack) {}),
			purgeVariant("soft", "the same, but soft: what the caches have is validated before it is served", fresh, func(s *cdn.Stack) { s.Purge.Soft = true }),
			purgeVariant("everything", "a hard purge of all objects at each change", fresh, func(s *cdn.Stack) { s.Purge.Everything = true }),
			purgeVariant("no-shield", "the same, and no shield: each PoP asks the origin", fresh,
				func(s *cdn.Stack) { s.Purge.Everything, s.Layers = true, s.Layers[:1] }),
			purgeVariant("soft-everything", "a soft purge of all objects: what did not change is validated, and not made again", fresh,
				func(s *cdn.Stack) { s.Purge.Everything, s.Purge.Soft = true, true }),
		},
	}
}

func softSWR(s *cdn.Stack) {
	s.Purge.Soft, s.Origin.Control = true, "max-age=30, stale-while-revalidate=10"
}

func purgeVariant(name, doc string, expect checker.Verdict, change func(*cdn.Stack)) scenarios.Variant {
	stack := cdn.CDN()
	change(&stack)
	load := workloads.CacheLoad{Keys: 3, Writers: 3, Every: 8, Writes: 20}
	return scenarios.Variant{Name: name, Doc: doc, Fixed: expect == checker.Valid, Test: capsize.Test{
		Name: "cdn-purge " + name, System: stack, Workload: workloads.Copies(stack.Open, load), Nemesis: nemesis.Every(10*time.Second, popCutOff),
		Nodes: stack.Nodes(), Clients: 10, Rate: 60, Duration: time.Minute, Expect: expect,
	}}
}

// cdnPurgeHolds has what is fixed be fresh, and everything else stale for as long as it is said to be.
func cdnPurgeHolds(rows []scenarios.Row) error {
	if err := scenarios.OnlyWrong(rows, "stale_reads"); err != nil {
		return err
	}
	loads := map[string]float64{}
	for _, r := range rows {
		most := cdnTTL
		if r.Variant == "soft-swr-edge" || r.Variant == "soft-sie" {
			most = cdnSWR
		}
		loads[r.Variant] = r.Metrics["origin_loads"]
		switch age := time.Duration(r.Metrics["worst_age_ns"]); {
		case age > most:
			return fmt.Errorf("%s: what was read had been replaced for %s, and %s is the most", r.Variant, age, most)
		case r.Metrics["aged_reads"] > 0:
			return fmt.Errorf("%s: %.0f reads are older than they may be", r.Variant, r.Metrics["aged_reads"])
		case r.Fixed && r.Metrics["write_share_cut"] > 0.5:
			return fmt.Errorf("%s: %.0f %% of the writes were acknowledged while a PoP was cut off", r.Variant, 100*r.Metrics["write_share_cut"])
		}
	}
	for _, x := range []struct{ less, more string }{{"soft-everything", "everything"}, {"everything", "no-shield"}} {
		if more, ok := loads[x.more]; ok && loads[x.less] >= more {
			return fmt.Errorf("%s: %.0f loads, and %.0f of %s", x.less, loads[x.less], more, x.more)
		}
	}
	return nil
}
