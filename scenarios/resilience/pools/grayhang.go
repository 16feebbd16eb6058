package pools

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/gray"
	"github.com/capsize-go/capsize/workloads"
)

// GrayHang is the scenario of a backend that is up and does not answer.
func GrayHang() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "gray-hang",
		Question: "a backend is up, its health endpoint is green, and it does not answer: which timeouts end the wait, and who notices?",
		Shows: "a deadline for the whole call answers every request in time, whatever hangs; a timeout of each read misses a drip, one of the head misses a " +
			"stalled body, and a cooperative one around a call that ignores its ctx misses all; a health endpoint that does not do what requests do is green " +
			"as long as users see errors",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "no outcome", Metric: "without_outcome", Format: scenarios.Count}, {Title: "slowest outcome", Metric: "slowest_outcome_ns", Format: scenarios.Span},
			{Title: "available", Metric: "availability", Format: scenarios.Fine}, {Title: "unrelated", Metric: "unrelated_availability", Format: scenarios.Fine},
			{Title: "left behind", Metric: "calls_left_behind", Format: scenarios.Count}, {Title: "detection gap", Metric: "detection_gap_ns", Format: scenarios.Span},
		},
		Meter:    func(scenarios.Variant) scenarios.Meter { return &grayMeter{freezeMeter: &freezeMeter{}} },
		Holds:    grayHangHolds,
		Picture:  grayPicture,
		Variants: append(timeoutVariants(), healthVariants()...),
	}
}

// The run of gray-hang: something is wrong with the backend from the third to the twelfth second.
const (
	grayRate     = 20.0
	grayRun      = 14 * time.Second
	graySettle   = 3 * time.Second
	grayBegin    = 3 * time.Second
	grayEnd      = 12 * time.Second
	grayLimit    = time.Second
	grayDeadline = 2500 * time.Millisecond
	grayPatience = 20 * time.Second
	grayTakes    = 300 * time.Millisecond
	grayNoticed  = 2500 * time.Millisecond // within which a health check must notice
)

const hungFsync = "hung-fsync"

// grayFaults are the ways in which the backend fails, by name.
var grayFaults = []string{
	string(cluster.AcceptAndHang), string(cluster.HeadersThenStall), string(cluster.OneByteASecond), string(cluster.StuckLock), hungFsync,
	string(cluster.DeadShard), string(cluster.SlowByTen),
}

// grayFault returns the fault of that name.
func grayFault(name string) nemesis.Fault {
	backend := nemesis.WithRole(gray.BackendRole)
	if name == hungFsync {
		return nemesis.DiskHangs(grayEnd-grayBegin, backend)
	}
	return nemesis.Degrades(cluster.Degradation(name), backend)
}

// timeoutVariants are callers under the faults that they are about.
func timeoutVariants() (all []scenarios.Variant) {
	hang, stall, drip, stuck := grayFaults[0], grayFaults[1], grayFaults[2], grayFaults[3]
	for _, v := range []struct {
		policy      gray.Policy
		doc         string
		miss, catch []string // faults that it does not and does end the wait of
	}{
		{gray.NoTimeout, "the frontend waits as long as it takes", grayFaults, nil},
		{gray.HeaderTimeout, "net/http's ResponseHeaderTimeout of 1 s", []string{stall, drip}, []string{hang}},
		{gray.ReadTimeout, "each read of the connection has 1 s; of a kept connection net/http tries a GET again on a new one", []string{drip}, []string{hang, stall}},
		{gray.Cooperative, "failsafe-go's timeout of 1 s around a call that ignores its ctx", []string{hang, stall, drip, stuck}, nil},
		{gray.FailsafeTimeout, "failsafe-go's timeout of 1 s around a call that looks at its ctx", nil, []string{hang, stall, drip}},
		{gray.Abandon, "a select on the call and 1 s, which leaves the call behind", nil, []string{hang, stall, drip}},
		{gray.ClientTimeout, "http.Client's Timeout of 1 s", nil, []string{hang, stall, drip}},
		{gray.Deadline, "a ctx with a deadline of 1 s for the whole call", nil, grayFaults},
	} {
		s := gray.Service{Policy: v.policy, Limit: grayLimit, Backend: gray.Backend{Takes: grayTakes}}
		rule := checker.All(resilience.Answered(time.Microsecond), resilience.Unrelated(freezeHello, resilience.Interval{}, helloRoute))
		for _, fault := range v.miss {
			all = append(all, grayVariant(string(v.policy), v.doc, s, fault, rule, false))
		}
		for _, fault := range v.catch {
			all = append(all, grayVariant(string(v.policy), v.doc, s, fault, rule, true))
		}
	}
	return all
}

// healthVariants are health checks, beside callers that all have a deadline.
func healthVariants() (all []scenarios.Variant) {
	for _, v := range []struct {
		health gray.Health
		doc    string
		fixed  bool
	}{
		{gray.Shallow, "a monitor asks a health endpoint twice a second that answers by itself", false},
		{gray.Deep, "it asks one that does what requests do", true},
		{gray.Passive, "the frontend counts: three failures in a row and the backend is unhealthy", true},
	} {
		s := gray.Service{Policy: gray.Deadline, Limit: grayLimit, Health: v.health, Backend: gray.Backend{Takes: grayTakes}}
		for _, fault := range []string{string(cluster.AcceptAndHang), string(cluster.StuckLock)} {
			all = append(all, grayVariant("health-"+string(v.health), v.doc, s, fault, resilience.Detected(grayNoticed), v.fixed))
		}
	}
	return all
}

func grayVariant(name, doc string, s gray.Service, fault string, rule checker.Checker, fixed bool) scenarios.Variant {
	return scenarios.Variant{Name: name, Doc: doc, Fault: fault, Fixed: fixed, Test: capsize.Test{
		Name: "gray-hang " + name, System: s, Nodes: s.Nodes(), Clients: 1, Duration: grayRun, Settle: graySettle, Timeout: grayPatience,
		Nemesis:  nemesis.At(grayBegin, grayEnd-grayBegin, grayFault(fault)),
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(grayRate), Routes: gray.Routes, Deadline: grayDeadline}),
		Checker:  rule, Expect: scenarios.Expected(fixed),
	}}
}

// A grayMeter also measures when the failure was noticed, and what was left behind.
type grayMeter struct {
	*freezeMeter
	gap    time.Duration
	missed int // runs in which no observer noticed
	left   int // calls
}

// Add counts one run.
func (m *grayMeter) Add(ctx context.Context, r *capsize.Result) error {
	d, err := resilience.MeasureDetection(r.History)
	if err != nil {
		return err
	}
	m.gap = max(m.gap, d.Gap)
	m.missed += d.Missed
	m.left += r.Exercised.Marks["calls left behind"]
	return m.freezeMeter.Add(ctx, r)
}

// Fill writes what was counted.
func (m *grayMeter) Fill(row *scenarios.Row) {
	m.freezeMeter.Fill(row)
	row.Metrics["detection_gap_ns"], row.Metrics["never_detected"], row.Metrics["calls_left_behind"] = float64(m.gap), float64(m.missed), float64(m.left)
}

func grayHangHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		switch {
		case r.Fixed && r.Valid != r.Seeds, !r.Fixed && r.Invalid != r.Seeds:
			return fmt.Errorf("%s under %s: %d of %d seeds are valid and %d invalid", r.Variant, r.Fault, r.Valid, r.Seeds, r.Invalid)
		case r.Fixed && r.Metrics["without_outcome"] != 0:
			return fmt.Errorf("%s under %s: %.0f requests without an outcome", r.Variant, r.Fault, r.Metrics["without_outcome"])
		case r.Fixed && r.Metrics["unrelated_availability"] < freezeHello:
			return fmt.Errorf("%s under %s: unrelated availability is %.4f", r.Variant, r.Fault, r.Metrics["unrelated_availability"])
		}
	}
	return nil
}
