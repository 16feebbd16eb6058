package main

import (
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/resilience/lease"
	"github.com/capsize-go/capsize/systems/resilience/once"
	"github.com/capsize-go/capsize/workloads"
)

// services are the systems of systems/resilience whose mistakes a rule decides, and not a limit that one may set.
func services() []bug {
	var list []bug
	for _, x := range []struct {
		name, does string
		table      once.Table
	}{
		{"no-table", "a payment is done again when it is asked for again", once.NoTable},
		{"table-lost", "the table of what was done is not in the snapshot from which the service starts", once.Lost},
		{"table-expires", "the table forgets a payment after a second, and its client asks for longer", once.Expiring},
		{none, "a table that is written with the payment", once.Kept},
	} {
		b := bug{System: "once", Name: x.name, Does: x.does, Precedent: precedents["once/"+x.name]}
		b.Searches = underBoth(b.id(), "crashes", onceTest(x.table))
		list = append(list, b)
	}
	b := bug{System: "lease", Name: "outlived", Does: "a client that was paused goes on with a lock that another one has by now", Precedent: precedents["lease/outlived"]}
	b.Searches = underBoth(b.id(), "holder paused", leaseTest(nemesis.Every(2*time.Second, nemesis.Pauses(nemesis.ClientWithRole(lease.HolderRole)))))
	return append(list, b)
}

func onceTest(table once.Table) capsize.Test {
	s := once.Service{Table: table}
	return capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 1, Duration: 7 * time.Second, Settle: 4 * time.Second, Timeout: 10 * time.Second,
		Nemesis: nemesis.Every(2*time.Second, nemesis.Crashes()),
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{
			Arrivals: workloads.Constant(20), Routes: []string{"/pay"}, Deadline: 8 * time.Second, Checker: resilience.OnceEach()}),
	}
}

func leaseTest(n nemesis.Nemesis) capsize.Test {
	s := lease.Service{}
	return capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 3, Duration: 10 * time.Second, Settle: time.Second, Timeout: 10 * time.Second, Nemesis: n,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{
			Arrivals: workloads.Constant(5), Routes: []string{"/increment"}, Deadline: 2 * time.Second, Checker: resilience.Capped(1, "lock")}),
	}
}
