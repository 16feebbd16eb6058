package edge

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/limit"
	"github.com/capsize-go/capsize/workloads"
)

// RateLimitTruth is the scenario of what "ten a second" means.
func RateLimitTruth() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "rate-limit-truth",
		Question: "how many requests does a limit of 10 a second admit in any one second?",
		Shows: "20 if it counts windows, 19 if it is a bucket of 10 tokens, as many times 10 as there are gateways that count for themselves, and more if they share a " +
			"count that they read and write in two steps; 10 if it saves up nothing, or remembers each request. The promises of libraries are seldom the number that one configured",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "admitted in any second", Metric: "admitted_in_any_second", Format: scenarios.Count}, {Title: "promised", Metric: "promised_in_any_second", Format: scenarios.Count},
			{Title: "refused", Metric: "refused_share", Format: scenarios.Percent}, {Title: "asked", Metric: "asked", Format: scenarios.Count},
		},
		Meter:    func(v scenarios.Variant) scenarios.Meter { return &admissions{promised: promises()[v.Name]} },
		Holds:    rateLimitTruthHolds,
		Variants: truthVariants(),
	}
}

// tenPerSecond is the limit that all variants are configured with.
var tenPerSecond = limit.Rate{Units: 10, Per: time.Second}

// A truth is a limiter, and what it does.
type truth struct {
	name, doc string
	system    limit.Gateways
	nodes     int
	waits     bool // it has requests wait, and refuses none
	promised  int  // in any second, by what its documentation says of a limit of 10 a second
	admitted  int  // in any second, as measured; at least so many if most is set
	most      int  // in any second, where the number hangs on who comes when; 0 if it does not
}

func truths() []truth {
	return []truth{
		{name: "fixed-window", doc: "counts the requests of each second of the clock", system: alone(limit.FixedWindow(tenPerSecond)), nodes: 1, promised: 10, admitted: 20},
		{name: "sliding-counter", doc: "estimates the last second from the counts of two seconds of the clock", system: alone(limit.SlidingCounter(tenPerSecond)), nodes: 1, promised: 10, admitted: 15, most: 20},
		{name: "sliding-log", doc: "remembers the time of each request", system: alone(limit.SlidingLog(tenPerSecond)), nodes: 1, promised: 10, admitted: 10},
		{name: "token-bucket", doc: "a bucket of 10 tokens, and a new one each 100 ms", system: alone(limit.TokenBucket(tenPerSecond, 10)), nodes: 1, promised: 19, admitted: 19},
		{name: "token-bucket-1", doc: "a bucket of one token", system: alone(limit.TokenBucket(tenPerSecond, 1)), nodes: 1, promised: 10, admitted: 10},
		{name: "leaky-bucket", doc: "a queue of five, of which one goes on each 100 ms", system: alone(limit.LeakyBucket(tenPerSecond, 5)), nodes: 1, promised: 10, admitted: 10},
		{name: "x-time-rate", doc: "golang.org/x/time/rate with a burst of 10: a rate with a maximum burst size", system: alone(limit.XTimeRate(tenPerSecond, 10)), nodes: 1, promised: 19, admitted: 19},
		{name: "x-time-rate-1", doc: "the same with a burst of 1", system: alone(limit.XTimeRate(tenPerSecond, 1)), nodes: 1, promised: 10, admitted: 10},
		{name: "failsafe-bursty", doc: "failsafe-go's NewBursty: up to 10 executions every second", system: alone(limit.FailsafeBursty(tenPerSecond)), nodes: 1, promised: 10, admitted: 20},
		{name: "failsafe-smooth", doc: "failsafe-go's NewSmooth: at a maximum rate of one every 100 ms", system: alone(limit.FailsafeSmooth(tenPerSecond)), nodes: 1, promised: 10, admitted: 11},
		{name: "throttled", doc: "throttled's GCRA with a MaxBurst of 9: a rate, and 9 in a burst beside", system: alone(limit.Throttled(tenPerSecond, 9)), nodes: 1, promised: 19, admitted: 19},
		{name: "throttled-0", doc: "the same with a MaxBurst of 0", system: alone(limit.Throttled(tenPerSecond, 0)), nodes: 1, promised: 10, admitted: 10},
		{name: "uber", doc: "go.uber.org/ratelimit: limits to the given rate, and has requests wait", system: alone(limit.Uber(tenPerSecond, 10)), nodes: 1, waits: true, promised: 10, admitted: 20},
		{name: "uber-strict", doc: "the same without slack", system: alone(limit.Uber(tenPerSecond, 0)), nodes: 1, waits: true, promised: 10, admitted: 10},
		{name: "each-gateway", doc: "golang.org/x/time/rate with a burst of 1, in each of three gateways", system: alone(limit.XTimeRate(tenPerSecond, 1)), nodes: limitGateways, promised: 10, admitted: 25, most: 30},
		{name: "redis-get-set", doc: "three gateways count in Redis by GET, add one, SET", system: shared(limit.RedisGetSet(tenPerSecond)), nodes: 1 + limitGateways, promised: 10, admitted: 21, most: 100},
		{name: "redis-incr", doc: "three gateways count in Redis by INCR", system: shared(limit.RedisIncr(tenPerSecond)), nodes: 1 + limitGateways, promised: 10, admitted: 20},
		{name: "redis-rate", doc: "redis_rate's PerSecond(10) in three gateways: 10 req/s (burst 10)", system: shared(limit.RedisRate(tenPerSecond, 10)), nodes: 1 + limitGateways, promised: 19, admitted: 19, most: 20},
		{name: "redis-rate-1", doc: "the same with a burst of 1", system: shared(limit.RedisRate(tenPerSecond, 1)), nodes: 1 + limitGateways, promised: 10, admitted: 10},
	}
}

func promises() map[string]int {
	of := map[string]int{}
	for _, x := range truths() {
		of[x.name] = x.promised
	}
	return of
}

func truthVariants() (all []scenarios.Variant) {
	for _, x := range truths() {
		fixed := x.admitted <= tenPerSecond.Units
		test := capsize.Test{
			Name: "rate-limit-truth " + x.name, System: x.system, Nodes: x.nodes, Clients: 2 * x.nodes, Duration: 20 * time.Second,
			Workload: workloads.Requests(x.system.Open, workloads.RequestLoad{Arrivals: floods(2700 * time.Millisecond)}),
			Checker:  resilience.AtMost(tenPerSecond.Units, time.Second), Expect: scenarios.Expected(fixed),
		}
		if x.waits { // each flood has to be over before the limiter is idle
			test.Duration, test.Settle, test.Timeout = 48*time.Second, 20*time.Second, 30*time.Second
			test.Workload.Arrivals = floods(16300 * time.Millisecond)
		}
		all = append(all, scenarios.Variant{Name: x.name, Doc: x.doc, Fixed: fixed, Test: test})
	}
	return all
}

// floods returns arrivals of 100 a second for 1.3 s, again and again: long enough that what a limiter has saved up is used up, and
// so far apart that it can save up again. They come at ever other times of a second.
func floods(every time.Duration) func(at time.Duration) float64 {
	return func(at time.Duration) float64 {
		if at%every < 1300*time.Millisecond {
			return 100
		}
		return 0
	}
}

// rateLimitTruthHolds has each limiter admit what was measured of it.
func rateLimitTruthHolds(rows []scenarios.Row) error {
	for _, x := range truths() {
		for _, r := range rows {
			if r.Variant != x.name {
				continue
			}
			got := int(r.Metrics["admitted_in_any_second"])
			if most := max(x.admitted, x.most); got < x.admitted || got > most {
				return fmt.Errorf("%s: %d were admitted in a second, and %d to %d must be", x.name, got, x.admitted, most)
			}
			if r.Fixed != (r.Invalid == 0) {
				return fmt.Errorf("%s: %d of %d seeds are invalid", r.Variant, r.Invalid, r.Seeds)
			}
		}
	}
	return nil
}
