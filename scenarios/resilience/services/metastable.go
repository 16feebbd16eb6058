package services

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/service"
	"github.com/capsize-go/capsize/workloads"
)

// Metastable is the scenario of an overload that outlives its cause: retries keep a service busy with requests whose clients have given up.
func Metastable() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "metastable",
		Question: "does a service that can answer 100 requests a second, and is asked 70 times, recover from a pause of 10 s?",
		Shows: "with three tries and a queue of 1000 places it never does; a retry budget, a circuit breaker, a short queue, the last first, and to drop what " +
			"can't be done in time each bring it back; to drop only what has expired does not",
		Seeds: 2,
		Columns: []scenarios.Column{
			{Title: "before", Metric: "goodput_before", Format: tenths}, {Title: "during", Metric: "goodput_during", Format: tenths},
			{Title: "after", Metric: "goodput_after", Format: tenths}, {Title: "attempts after", Metric: "attempts_after", Format: tenths},
			{Title: "60/s up", Metric: "goodput_up_60", Format: tenths}, {Title: "60/s down", Metric: "goodput_down_60", Format: tenths},
		},
		Meter: func(v scenarios.Variant) scenarios.Meter {
			if v.Fault == loopFault {
				return &loopMeter{}
			}
			return &hysteresisMeter{}
		},
		Holds:    metastableHolds,
		Picture:  drawMetastable,
		Variants: append(pauseVariants(), loopVariants()...),
	}
}

func tenths(x float64) string { return fmt.Sprintf("%.1f", x) }

// The service answers 100 requests a second.
const (
	metaWorkers = 10
	metaTime    = 100 * time.Millisecond
	metaRate    = 70.0
	metaAttempt = time.Second // after which a client gives up a try
	metaTries   = 3           // in all
	metaQueue   = 1000        // places: ten seconds of work

	pauseFault  = "pause of 10 s"
	pauseBegin  = 10 * time.Second
	pauseLength = 10 * time.Second
	pauseLater  = 20 * time.Second // after the pause, when the goodput counts again
	pauseRun    = 50 * time.Second
)

var (
	paused     = resilience.Interval{From: pauseBegin, To: pauseBegin + pauseLength}
	afterPause = resilience.Interval{From: paused.To + pauseLater, To: pauseRun}
)

// A cure is what the clients do, and how the service queues.
type cure struct {
	name, doc string
	fixed     bool
	client    policy.Policy
	queue     service.Queue
}

func cures() []cure {
	timeout := policy.Timeout(metaAttempt)
	retry := policy.Retry{Attempts: metaTries, Backoff: policy.Backoff{Base: 50 * time.Millisecond, Max: 500 * time.Millisecond, Jitter: policy.FullJitter}}
	budgeted := retry
	budgeted.Budget = policy.Budget{Ratio: 0.1}
	breaker := policy.Breaker{Share: 0.5, Least: 20, Within: 5 * time.Second, Open: 5 * time.Second}
	three := policy.Chain(policy.FailsafeRetry(retry), timeout)
	return []cure{
		{"three-tries", "clients try three times, a second each, and 1000 requests may wait", false, three, service.Queue{}},
		{"drop-expired", "the same, and the service drops requests whose deadline has passed", false, three, service.Queue{Drop: service.DropExpired}},
		{"one-try", "clients try once", true, timeout, service.Queue{}},
		{"budget", "three tries within a budget of one retry for ten requests", true, policy.Chain(policy.FailsafeRetry(budgeted), timeout), service.Queue{}},
		{"breaker-failsafe", "three tries through the circuit breaker of failsafe-go", true,
			policy.Chain(policy.FailsafeRetry(retry), policy.FailsafeBreaker(breaker), timeout), service.Queue{}},
		{"breaker-gobreaker", "three tries through sony/gobreaker", true, policy.Chain(policy.FailsafeRetry(retry), policy.GoBreaker(breaker), timeout), service.Queue{}},
		{"queue-bound", "three tries, and the service refuses a request when 50 wait", true, three, service.Queue{Bound: 50}},
		{"last-first", "three tries, and the service serves the request that came last", true, three, service.Queue{Last: true}},
		{"drop-late", "three tries, and the service drops requests whose deadline passes before they can be done", true, three, service.Queue{Drop: service.DropLate}},
	}
}

// test returns the test of a cure under a load.
func (c cure) test(arrivals func(time.Duration) float64, judge checker.Checker) capsize.Test {
	c.queue.Bound = cmp.Or(c.queue.Bound, metaQueue)
	system := service.System{Propagate: true, Client: c.client, Services: []service.Service{
		{Role: "backend", Workers: metaWorkers, Time: metaTime, Queue: c.queue}}}
	return capsize.Test{
		Name: "metastable " + c.name, System: system, Nodes: 1, Clients: 1, Timeout: 10 * time.Second, Expect: scenarios.Expected(c.fixed),
		Workload: workloads.Requests(system.Open, workloads.RequestLoad{Arrivals: arrivals, Deadline: 5 * time.Second, Checker: judge}),
	}
}

func pauseVariants() (all []scenarios.Variant) {
	for _, c := range cures() {
		test := c.test(workloads.Constant(metaRate), resilience.Recovers(paused, pauseLater, 0.9))
		test.Duration, test.Settle = pauseRun, time.Second
		test.Nemesis = nemesis.At(pauseBegin, pauseLength, nemesis.Pauses(nemesis.WithRole("backend")))
		all = append(all, scenarios.Variant{Name: c.name, Doc: c.doc, Fault: pauseFault, Fixed: c.fixed, Test: test})
	}
	return all
}

// A hysteresisMeter measures the goodput before, in and long after the pause.
type hysteresisMeter struct {
	seeds int
	sum   map[string]float64
	first resilience.Goodput // of the first seed, for the picture
}

// Add measures one run.
func (m *hysteresisMeter) Add(_ context.Context, r *capsize.Result) error {
	g, err := resilience.MeasureGoodput(r.History, time.Second)
	if err != nil {
		return err
	}
	if m.seeds == 0 {
		m.first, m.sum = g, map[string]float64{}
	}
	m.seeds++
	m.sum["goodput_before"] += g.Rate(resilience.Interval{From: time.Second, To: paused.From})
	m.sum["goodput_during"] += g.Rate(resilience.Interval{From: paused.From + time.Second, To: paused.To})
	m.sum["goodput_after"] += g.Rate(afterPause)
	m.sum["attempts_after"] += g.AttemptRate(afterPause)
	return nil
}

// Fill writes the means, and what the first seed shows in each second but the last, in which the history ends.
func (m *hysteresisMeter) Fill(row *scenarios.Row) {
	row.SetSeries("goodput", m.first.OK[:max(len(m.first.OK)-1, 0)])
	row.SetSeries("attempts", m.first.Attempts[:max(len(m.first.Attempts)-1, 0)])
	for name, x := range m.sum {
		row.Metrics[name] = x / float64(m.seeds)
	}
}

// The loop: the offered load goes up beyond the capacity and down again, in steps.
const (
	loopFault = "load up and down"
	loopStep  = 6 * time.Second
	loopMost  = 120 // requests a second, by 20 from step to step
	loopBy    = 20
	loopJudge = 60 // at and below this load both ways must be alike: a backlog needs its time nearer to the capacity
	loopSteps = 2*loopMost/loopBy - 1
	loopRun   = loopSteps * loopStep
)

// loopLoad returns the offered load of a step, from 0.
func loopLoad(step int) int {
	return min(step+1, loopSteps-step) * loopBy
}

func loopArrivals(at time.Duration) float64 {
	return float64(loopLoad(min(int(at/loopStep), loopSteps-1)))
}

func loopVariants() (all []scenarios.Variant) {
	for _, c := range cures() {
		switch c.name {
		case "three-tries", "budget", "drop-late":
			test := c.test(loopArrivals, returns(0.9))
			test.Duration, test.Settle = loopRun, time.Second
			all = append(all, scenarios.Variant{Name: c.name, Doc: c.doc, Fault: loopFault, Fixed: c.fixed, Test: test})
		}
	}
	return all
}

// loopGoodput returns the goodput of the second half of each step.
func loopGoodput(h *history.History) ([loopSteps]float64, error) {
	var all [loopSteps]float64
	g, err := resilience.MeasureGoodput(h, time.Second)
	for i := range all {
		end := time.Duration(i+1) * loopStep
		all[i] = g.Rate(resilience.Interval{From: end - loopStep/2, To: end})
	}
	return all, err
}

// returns returns the checker of the loop: well below the capacity, the goodput on the way down is at least that share of the goodput at the same load
// on the way up.
func returns(share float64) checker.Checker {
	return checker.Func(func(_ context.Context, h *history.History) checker.Result {
		res := checker.Result{Checker: "hysteresis", Broken: "goodput stayed low after the load fell", Reason: "the goodput on the way down was that on the way up"}
		all, err := loopGoodput(h)
		if err != nil {
			res.Verdict, res.Reason = checker.Unknown, err.Error()
			return res
		}
		for up := range loopSteps / 2 {
			down := loopSteps - 1 - up
			switch {
			case loopLoad(up) > loopJudge:
			case all[up] == 0:
				res.Verdict, res.Reason = checker.Unknown, fmt.Sprintf("at %d requests a second none was answered on the way up", loopLoad(up))
				return res
			case all[down] < share*all[up]:
				res.Verdict = checker.Invalid
				res.Reason = fmt.Sprintf("at %d requests a second %.1f were answered on the way up, and %.1f on the way down", loopLoad(up), all[up], all[down])
			}
		}
		return res
	})
}

// A loopMeter measures the goodput at each load, on the way up and on the way down.
type loopMeter struct {
	seeds int
	sum   [loopSteps]float64
}

// Add measures one run.
func (m *loopMeter) Add(_ context.Context, r *capsize.Result) error {
	all, err := loopGoodput(r.History)
	m.seeds++
	for i, x := range all {
		m.sum[i] += x
	}
	return err
}

// Fill writes the means.
func (m *loopMeter) Fill(row *scenarios.Row) {
	for i, x := range m.sum {
		way := "up"
		if i > loopSteps/2 {
			way = "down"
		}
		row.Metrics[loopMetric(way, loopLoad(i))] = x / float64(m.seeds)
	}
}

func loopMetric(way string, load int) string { return fmt.Sprintf("goodput_%s_%d", way, load) }

func metastableHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if r.Fixed != (r.Invalid == 0) || r.Unknown > 0 {
			return fmt.Errorf("%s, %s: %d of %d seeds are invalid", r.Variant, r.Fault, r.Invalid, r.Seeds)
		}
		before, during, after := r.Metrics["goodput_before"], r.Metrics["goodput_during"], r.Metrics["goodput_after"]
		switch {
		case r.Fault == loopFault:
		case before < 66 || before > 74 || during > 2:
			return fmt.Errorf("%s: goodput %.1f before and %.1f in the pause, and must be about 70 and 0", r.Variant, before, during)
		case r.Fixed && after < 66, !r.Fixed && after > 1:
			return fmt.Errorf("%s: goodput %.1f long after the pause", r.Variant, after)
		}
	}
	return nil
}
