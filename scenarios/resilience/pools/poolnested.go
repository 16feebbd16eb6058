package pools

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/pool"
	"github.com/capsize-go/capsize/workloads"
)

// PoolNested is the scenario of requests that take a second connection while they hold the first.
func PoolNested() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "pool-nested",
		Question: "how large must a pool be whose users take several connections each, one while they hold another?",
		Shows: "T users of C connections freeze in a pool of T(C-1), where each holds all but its last one, and never in a pool of T(C-1)+1; " +
			"an acquire timeout ends the freeze, and one connection for all queries of a request needs no formula",
		Seeds:   5,
		Columns: append([]scenarios.Column{{Title: "size", Metric: "pool_size", Format: scenarios.Count}, {Title: "freezes", Metric: "freezes", Format: scenarios.Count}}, freezeColumns[:4]...),
		Meter: func(v scenarios.Variant) scenarios.Meter {
			return nestedMeter{&freezeMeter{}, v.Test.System.(pool.Service)}
		},
		Holds:    poolNestedHolds,
		Variants: nestedVariants(),
	}
}

const (
	nestedLeast, nestedMost = 2, 5 // of T and of C
	nestedTakes             = 40 * time.Millisecond
	nestedSpread            = 0.3
	nestedRun               = 8 * time.Second
	nestedSettle            = 2 * time.Second
	nestedPatience          = 6 * time.Second
	nestedDeadline          = 4 * time.Second
	nestedBurst             = 50 * time.Millisecond // of each second
	nestedAcquire           = 500 * time.Millisecond
)

// boundary is the size at which a pool still freezes.
func boundary(workers, connections int) int { return workers * (connections - 1) }

func nestedVariants() (all []scenarios.Variant) {
	for t := nestedLeast; t <= nestedMost; t++ {
		for c := nestedLeast; c <= nestedMost; c++ {
			s := pool.Service{Library: pool.JackcPuddle, Workers: t, Connections: c, Size: boundary(t, c)}
			all = append(all, nestedVariant("", fmt.Sprintf("puddle: %d workers that take %d connections each, and T(C-1) connections", t, c), s, false))
			s.Size++
			all = append(all, nestedVariant("", "the same with one connection more", s, true))
		}
	}
	sql := pool.Service{Workers: 3, Connections: 3, Size: boundary(3, 3)}
	more, bounded, one := sql, sql, sql
	more.Size++
	bounded.AcquireTimeout = nestedAcquire
	one.Connections, one.Size, one.Takes = 1, 3, 3*nestedTakes
	return append(all,
		nestedVariant("sql-", "database/sql: 3 workers that take 3 connections each, and T(C-1) connections", sql, false),
		nestedVariant("sql-", "the same with one connection more", more, true),
		nestedVariant("sql-timeout-", "T(C-1) connections, and an acquire timeout of 500 ms: what would freeze is refused", bounded, true),
		nestedVariant("sql-one-", "all queries of a request by one connection", one, true))
}

func nestedVariant(prefix, doc string, s pool.Service, fixed bool) scenarios.Variant {
	if s.Takes == 0 {
		s.Takes = nestedTakes
	}
	s.Spread = nestedSpread
	name := fmt.Sprintf("%st%d-c%d-size%d", prefix, s.Workers, s.Connections, s.Size)
	return scenarios.Variant{Name: name, Doc: doc, Fixed: fixed, Test: capsize.Test{
		Name: "pool-nested " + name, System: s, Nodes: s.Nodes(), Clients: 1, Duration: nestedRun, Settle: nestedSettle, Timeout: nestedPatience,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: bursts(s.Workers), Routes: pool.Routes, Deadline: nestedDeadline}),
		Checker:  resilience.Answered(time.Microsecond), Expect: scenarios.Expected(fixed),
	}}
}

// bursts has about twice as many orders arrive as there are workers, together with as many requests for what needs no database, within a short
// time of each second.
func bursts(workers int) func(at time.Duration) float64 {
	return func(at time.Duration) float64 {
		if at%time.Second < nestedBurst {
			return float64(4*workers) / nestedBurst.Seconds()
		}
		return 0
	}
}

// A nestedMeter also knows the size of the pool.
type nestedMeter struct {
	*freezeMeter
	service pool.Service
}

// Fill writes what was counted.
func (m nestedMeter) Fill(row *scenarios.Row) {
	m.freezeMeter.Fill(row)
	row.Metrics["workers"], row.Metrics["connections"], row.Metrics["pool_size"] = float64(m.service.Workers), float64(m.service.Connections), float64(m.service.Size)
}

func poolNestedHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		switch freezes := r.Metrics["freezes"]; {
		case r.Fixed && (freezes > 0 || r.Valid != r.Seeds):
			return fmt.Errorf("%s: it froze in %.0f of %d seeds, and %d are valid", r.Variant, freezes, r.Seeds, r.Valid)
		case !r.Fixed && (freezes == 0 || r.Invalid == 0):
			return fmt.Errorf("%s: it froze in %.0f of %d seeds, and %d are invalid", r.Variant, freezes, r.Seeds, r.Invalid)
		}
	}
	return nil
}
