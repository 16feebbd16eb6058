package edge

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/limit"
	"github.com/capsize-go/capsize/workloads"
)

// RateLimitPartition is the scenario of gateways that can't reach the store of their common limit.
func RateLimitPartition() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "rate-limit-partition",
		Question: "what does a shared rate limit admit when gateways can't reach its store?",
		Shows: "everything if they fail open, nothing if they fail closed, and the limit divided by the number of gateways for each if they have a local share: then " +
			"no client is cut off, at most the shares are admitted beside the limit, and a gateway with more than its share of the traffic refuses what the store would have admitted",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "admitted in any second", Metric: "admitted_in_any_second", Format: scenarios.Count}, {Title: "admitted while cut", Metric: "admitted_cut", Format: scenarios.Count},
			{Title: "refused while cut", Metric: "refused_share_cut", Format: scenarios.Percent}, {Title: "refused else", Metric: "refused_share_calm", Format: scenarios.Percent},
		},
		Meter:    func(scenarios.Variant) scenarios.Meter { return &cutAdmissions{} },
		Holds:    rateLimitPartitionHolds,
		Variants: partitionVariants(),
	}
}

var (
	sharedLimit = limit.Rate{Units: 12, Per: time.Second}
	localShare  = limit.Rate{Units: sharedLimit.Units / limitGateways, Per: time.Second}
)

const (
	storeCutAt  = 4 * time.Second
	storeCutFor = 8 * time.Second
	storeWithin = 50 * time.Millisecond // by which the store has to answer

	above = 45.0 // requests a second: more than the limit
	below = 9.0  // fewer than the limit

	lastRoute = "/c" // goes to the last gateway
)

// storeCut cuts all gateways off from the store, and gatewayCut only the last one.
var (
	storeCut   = newStoreCut("store cut off", func(nodes []string) []string { return nodes[1:] })
	gatewayCut = newStoreCut("store cut off from one", func(nodes []string) []string { return nodes[len(nodes)-1:] })
)

func newStoreCut(name string, pick func(nodes []string) []string) nemesis.Fault {
	return nemesis.New(name, func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
		nodes := c.Nodes()
		cut := pick(nodes)
		return fmt.Sprintf("%s | %v", nodes[0], cut), c.Partition(nodes[:1], cut), nil
	})
}

func partitionVariants() (all []scenarios.Variant) {
	for _, x := range []struct {
		name, doc string
		otherwise limit.Maker
		fixed     bool
	}{
		{"open", "gateways that can't reach the store admit everything", limit.Fixed(limit.Always(true)), false},
		{"closed", "gateways that can't reach the store refuse everything", limit.Fixed(limit.Always(false)), false},
		{"local-share", "gateways that can't reach the store admit their share of the limit, a third", limit.TokenBucket(localShare, 1), true},
	} {
		all = append(all, partitionVariant(x.name, x.doc, "store cut off", storeCut, x.otherwise, x.fixed),
			partitionVariant(x.name, x.doc, "store cut off from one", gatewayCut, x.otherwise, x.fixed))
	}
	return append(all, unevenVariant())
}

func partitionVariant(name, doc, what string, fault nemesis.Fault, otherwise limit.Maker, fixed bool) scenarios.Variant {
	s := shared(limit.Fallback(limit.RedisRate(sharedLimit, 1), storeWithin, otherwise))
	s.Pick = byRoute
	return scenarios.Variant{Name: name, Doc: doc, Fault: what, Fixed: fixed, Test: capsize.Test{
		Name: "rate-limit-partition " + name + ", " + what, System: s, Nodes: 1 + limitGateways, Clients: 2 + 2*limitGateways, Duration: 16 * time.Second,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(above), Routes: []string{"/a", "/b", lastRoute}}),
		Nemesis:  nemesis.At(storeCutAt, storeCutFor, fault),
		Checker:  checker.All(resilience.AtMost(2*sharedLimit.Units, time.Second), answeredMeanwhile(0.05, lastRoute)), Expect: scenarios.Expected(fixed),
	}}
}

// unevenVariant has less traffic than the limit, and all of it at one gateway. So that the limit refuses no request before the cut, it has a
// burst.
func unevenVariant() scenarios.Variant {
	const doc = "the same with a burst of 4, and with less traffic than the limit, all of it at one gateway"
	v := partitionVariant("local-share-uneven", doc, "store cut off", storeCut, nil, false)
	s := shared(limit.Fallback(limit.RedisRate(sharedLimit, 4), storeWithin, limit.TokenBucket(localShare, 1)))
	s.Pick = byRoute
	v.Test.System = s
	v.Test.Workload = workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(below), Routes: []string{lastRoute}})
	v.Test.Checker = checker.All(resilience.AtMost(2*sharedLimit.Units, time.Second), answeredMeanwhile(0.9, lastRoute))
	return v
}

// byRoute has each route go to a gateway of its own.
func byRoute(in model.RequestOp, gateways []string) string {
	return gateways[slices.Index([]string{"/a", "/b", lastRoute}, in.Route)]
}

// cutAdmissions is a Meter of limiters whose store is cut off.
type cutAdmissions struct{ all, cut admissions }

// Add counts one run.
func (m *cutAdmissions) Add(ctx context.Context, r *capsize.Result) error {
	cut, err := resilience.MeasureAdmitted(r.History, time.Second, faultSpan(r.History))
	if err != nil {
		return err
	}
	m.cut.asked, m.cut.refused = m.cut.asked+cut.Asked, m.cut.refused+cut.Refused
	return m.all.Add(ctx, r)
}

// Fill writes what was counted.
func (m *cutAdmissions) Fill(row *scenarios.Row) {
	m.all.promised = sharedLimit.Units
	m.all.Fill(row)
	row.Metrics["admitted_cut"] = float64(m.cut.asked - m.cut.refused)
	row.Metrics["refused_share_cut"] = scenarios.Ratio(m.cut.refused, m.cut.asked)
	row.Metrics["refused_share_calm"] = scenarios.Ratio(m.all.refused-m.cut.refused, m.all.asked-m.cut.asked)
}

func rateLimitPartitionHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		refused, inOne := r.Metrics["refused_share_cut"], r.Metrics["admitted_in_any_second"]
		bad := false
		switch {
		case r.Variant == "open" && r.Fault == "store cut off":
			bad = refused > 0.01 || inOne < 3*float64(sharedLimit.Units)
		case r.Variant == "closed" && r.Fault == "store cut off":
			bad = refused < 0.98
		case r.Variant == "local-share":
			bad = inOne > float64(2*sharedLimit.Units) || refused == 1
		case r.Variant == "local-share-uneven":
			bad = refused < 0.3 || r.Metrics["refused_share_calm"] > 0.1
		}
		if bad || r.Fixed != (r.Invalid == 0) {
			return fmt.Errorf("%s under %s: %.0f admitted in a second, %.2f refused while cut, %d of %d seeds invalid", r.Variant, r.Fault, inOne, refused, r.Invalid, r.Seeds)
		}
	}
	return nil
}
