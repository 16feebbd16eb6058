package pools

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/pool"
	"github.com/capsize-go/capsize/workloads"
)

// PoolFreeze is the scenario of a pool that runs out of connections.
func PoolFreeze() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "pool-freeze",
		Question: "when a connection pool has run out, who waits for how long, and what else stops?",
		Shows: "without an acquire timeout the requests wait for ever, take all workers, and stop an endpoint that needs no database; with one " +
			"each is refused at exactly that time and the other endpoint goes on; rows that are closed never let it come to that",
		Seeds:    5,
		Columns:  freezeColumns,
		Meter:    func(scenarios.Variant) scenarios.Meter { return &freezeMeter{} },
		Holds:    poolFreezeHolds,
		Picture:  freezePicture,
		Variants: freezeVariants(),
	}
}

// The service of pool-freeze: every tenth order leaks a connection, or the database is slow for a while.
const (
	freezeLeak     = "leak"
	freezeSlow     = "slow database"
	freezeSize     = 5
	freezeWorkers  = 20
	freezeRate     = 20.0
	freezeRun      = 14 * time.Second
	freezeSettle   = 4 * time.Second
	freezeAcquire  = 500 * time.Millisecond
	freezeDeadline = 2 * time.Second
	freezePatience = 15 * time.Second // how long clients wait
	freezeBegin    = 2 * time.Second
	freezeEnd      = 12 * time.Second
	freezeHello    = 0.99 // the least availability of what needs no database
	freezeTakes    = 80 * time.Millisecond
	helloRoute     = "/hello"
)

func freezeVariants() (all []scenarios.Variant) {
	patient := pool.Service{Size: freezeSize, Workers: freezeWorkers, Takes: freezeTakes}
	bounded := patient
	bounded.AcquireTimeout = freezeAcquire
	leaking := func(s pool.Service, library pool.Library) pool.Service {
		s.LeakEvery, s.Library = 10, library
		return s
	}
	for _, v := range []struct {
		name, doc string
		service   pool.Service
		fault     string
		fixed     bool
	}{
		{"sql", "database/sql; the wait for a connection has no timeout", leaking(patient, pool.DatabaseSQL), freezeLeak, false},
		{"sql-timeout", "the same with an acquire timeout of 500 ms", leaking(bounded, pool.DatabaseSQL), freezeLeak, true},
		{"puddle", "jackc/puddle; the wait for a connection has no timeout", leaking(patient, pool.JackcPuddle), freezeLeak, false},
		{"puddle-timeout", "the same with an acquire timeout of 500 ms", leaking(bounded, pool.JackcPuddle), freezeLeak, true},
		{"sql-closed", "database/sql without a timeout; rows are closed on every path", patient, freezeLeak, true},
		{"sql", "", patient, freezeSlow, false},
		{"sql-timeout", "", bounded, freezeSlow, true},
	} {
		t := poolTest("pool-freeze "+v.name, v.service, v.fixed)
		t.Checker = checker.All(resilience.Answered(time.Microsecond), resilience.Unrelated(freezeHello, resilience.Interval{}, helloRoute))
		if v.fault == freezeSlow {
			t.Nemesis = nemesis.At(freezeBegin, freezeEnd-freezeBegin, nemesis.Degrades(cluster.SlowByTen, nemesis.WithRole(pool.DatabaseRole)))
		}
		all = append(all, scenarios.Variant{Name: v.name, Doc: v.doc, Fault: v.fault, Fixed: v.fixed, Test: t})
	}
	return all
}

// poolTest is a test of a service that needs a pool.
func poolTest(name string, s pool.Service, fixed bool) capsize.Test {
	return capsize.Test{
		Name: name, System: s, Nodes: s.Nodes(), Clients: 1, Duration: freezeRun, Settle: freezeSettle, Timeout: freezePatience,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(freezeRate), Routes: pool.Routes, Deadline: freezeDeadline}),
		Expect:   scenarios.Expected(fixed),
	}
}

func poolFreezeHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		switch {
		case r.Fixed && r.Valid != r.Seeds:
			return fmt.Errorf("%s under %s: %d of %d seeds are valid", r.Variant, r.Fault, r.Valid, r.Seeds)
		case r.Fixed && r.Metrics["without_outcome"] != 0:
			return fmt.Errorf("%s under %s: %.0f requests without an outcome", r.Variant, r.Fault, r.Metrics["without_outcome"])
		case !r.Fixed && r.Invalid != r.Seeds:
			return fmt.Errorf("%s under %s: %d of %d seeds are invalid", r.Variant, r.Fault, r.Invalid, r.Seeds)
		case !r.Fixed && r.Fault == freezeLeak && r.Metrics["freezes_with_stack"] != float64(r.Seeds):
			return fmt.Errorf("%s: a stack is known in %.0f of %d seeds", r.Variant, r.Metrics["freezes_with_stack"], r.Seeds)
		}
		if bounded := r.Variant != "sql-closed"; r.Fixed && bounded && r.Metrics["slowest_wait_ns"] != float64(freezeAcquire) {
			return fmt.Errorf("%s under %s: the slowest wait took %.0f ns, and must take %d", r.Variant, r.Fault, r.Metrics["slowest_wait_ns"], freezeAcquire)
		}
		if r.Fixed && r.Metrics["unrelated_availability"] < freezeHello {
			return fmt.Errorf("%s under %s: unrelated availability is %.4f", r.Variant, r.Fault, r.Metrics["unrelated_availability"])
		}
	}
	return nil
}
