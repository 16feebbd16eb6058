package services

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/chart"
	"github.com/capsize-go/capsize/internal/rowpicture"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/service"
	"github.com/capsize-go/capsize/workloads"
)

// LoadShedding is the scenario of a service that is asked more than it can do.
func LoadShedding() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "load-shedding",
		Question: "a service can answer 100 requests a second, and is asked 150 times: how many does it answer in time?",
		Shows: "none if all wait their turn, since each turn then comes too late; close to 100 a second if it refuses what it can't do in time, at its queue or at the client, " +
			"and fewer where the limit is not the capacity",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "in time a second", Metric: "goodput_during", Format: tenths}, {Title: "of all", Metric: "availability", Format: scenarios.Fine},
			{Title: "median", Metric: "p50_ns", Format: scenarios.Span}, {Title: "p99", Metric: "p99_ns", Format: scenarios.Span},
			{Title: "attempts a request", Metric: "attempts_per_request", Format: hundredths},
		},
		Meter: func(scenarios.Variant) scenarios.Meter { return &serviceMeter{during: overload} },
		Picture: rowpicture.Bars("150 requests a second at a service that can answer 100", chart.Axis{Label: "answered in time", Unit: "1/s"},
			[]chart.Level{{At: metaWorkers / metaTime.Seconds(), Name: "capacity"}}, rowpicture.Measure{Metric: "goodput_during"}),
		Holds:    shedHolds,
		Variants: shedVariants(),
	}
}

const (
	shedRate     = 150.0
	shedDeadline = time.Second
	shedEnd      = 12 * time.Second
	shedRun      = 14 * time.Second
	shedLeast    = 75.0 // of the 100 a second that the service can do
)

// overload is when the goodput counts: after the queue has filled.
var overload = resilience.Interval{From: 4 * time.Second, To: shedEnd}

func shedArrivals(at time.Duration) float64 {
	if at < shedEnd {
		return shedRate
	}
	return 20
}

func shedVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		name, doc string
		fixed     bool
		client    policy.Policy
		queue     service.Queue
	}{
		{"wait", "1000 may wait, and the first is served first", false, nil, service.Queue{Bound: metaQueue}},
		{"drop-expired", "the same, and the service drops requests whose deadline has passed", false, nil, service.Queue{Bound: metaQueue, Drop: service.DropExpired}},
		{"queue-bound", "50 may wait", true, nil, service.Queue{Bound: 50}},
		{"last-first", "1000 may wait, and the last is served first", true, nil, service.Queue{Bound: metaQueue, Last: true}},
		{"drop-late", "the service drops requests whose deadline passes before they can be done", true, nil, service.Queue{Bound: metaQueue, Drop: service.DropLate}},
		{"rate-limit", "the client sends 95 requests a second (x/time/rate)", true, policy.RateLimit(95, 10), service.Queue{Bound: metaQueue}},
		{"concurrency-limit", "the client has 20 requests under way (failsafe-go's bulkhead)", true, policy.FailsafeBulkhead(20), service.Queue{Bound: metaQueue}},
		{"adaptive-limit", "the client finds out how many it may have under way (failsafe-go)", true, policy.FailsafeLimiter(1, 200, 20), service.Queue{Bound: metaQueue}},
	} {
		system := service.System{Propagate: true, Client: v.client, Services: []service.Service{{Workers: metaWorkers, Time: metaTime, Queue: v.queue}}}
		all = append(all, scenarios.Variant{Name: v.name, Doc: v.doc, Fixed: v.fixed, Test: capsize.Test{
			Name: "load-shedding " + v.name, System: system, Nodes: 1, Clients: 1, Duration: shedRun, Settle: 2 * time.Second, Timeout: 5 * time.Second,
			Workload: workloads.Requests(system.Open, workloads.RequestLoad{Arrivals: shedArrivals, Deadline: shedDeadline, Checker: answersAtLeast(shedLeast, overload)}),
			Expect:   scenarios.Expected(v.fixed),
		}})
	}
	return all
}

// answersAtLeast returns the checker of goodput: so many requests a second are answered in time in a span.
func answersAtLeast(least float64, s resilience.Interval) checker.Checker {
	return checker.Func(func(_ context.Context, h *history.History) checker.Result {
		res := checker.Result{Checker: "goodput", Broken: "too few requests were answered in time"}
		m, err := resilience.MeasureOutcomes(h, s)
		if err != nil {
			res.Verdict, res.Reason = checker.Unknown, err.Error()
			return res
		}
		rate := float64(m.OK) / (s.To - s.From).Seconds()
		res.Reason = fmt.Sprintf("%.1f requests a second were answered in time %v, and %.0f must be", rate, s, least)
		if rate < least {
			res.Verdict = checker.Invalid
		}
		return res
	})
}

func shedHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if r.Fixed != (r.Invalid == 0) || r.Unknown > 0 {
			return fmt.Errorf("%s: %d of %d seeds are invalid", r.Variant, r.Invalid, r.Seeds)
		}
		if rate := r.Metrics["goodput_during"]; !r.Fixed && rate > 10 || rate > 106 {
			return fmt.Errorf("%s: %.1f answers a second in time", r.Variant, rate)
		}
	}
	return nil
}
