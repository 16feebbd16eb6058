// Package example has a real case as data, for examples and tests: a stale read of a raft store whose leader was cut off.
package example

import (
	"bytes"
	_ "embed"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/report/internal/account"
)

//go:embed lease-reads.jsonl
var leaseReads []byte

// LeaseReads is what was recorded of seed 3 of a store of five nodes whose leader answers reads by a lease.
func LeaseReads() (account.Case, error) {
	t, err := trace.Read(bytes.NewReader(leaseReads))
	if err != nil {
		return account.Case{}, fmt.Errorf("read the trace of the example: %w", err)
	}
	h := leaseReadsHistory()
	why := &checker.Counterexample{Key: "k3", Reason: "process 31 read 2791 from k3, but 3013 had replaced it 29.68ms before that read began", Core: []int{1, 2}, Blamed: 2, Judged: 1168}
	for c := range h.Calls() {
		why.Calls = append(why.Calls, c)
	}
	return account.Case{
		Checker: "linearizable", Verdict: checker.Invalid, Reason: "1 of 5 keys is not linearizable", Why: why, History: h, Trace: t,
		Faults: []account.Fault{{From: 33521375006, To: 37_600 * time.Millisecond, Name: "n2 | n1 n3 n4 n5"}},
		Nodes:  5, Clients: 10, End: 65 * time.Second,
	}, nil
}

func leaseReadsHistory() *history.History {
	ask := func(at time.Duration, process int, node string, in model.RegisterOp) history.Op {
		in.Key = "k3"
		return history.Op{Time: at, Process: process, Node: node, Type: history.Invoke, Key: "k3", Input: in}
	}
	done := func(at time.Duration, process int, node string, out int) history.Op {
		return history.Op{Time: at, Process: process, Node: node, Type: history.OK, Key: "k3", Output: out}
	}
	return history.Of(
		ask(33483306693, 40, "n1", model.RegisterOp{F: "write", Value: 2791}),
		done(33489270693, 40, "n1", 0),
		history.Op{Time: 33521375006, Process: history.Nemesis, Type: history.Invoke, Key: "step 4", Input: "n2 | n1 n3 n4 n5"},
		ask(34082337083, 42, "n3", model.RegisterOp{F: "write", Value: 3013}),
		done(34087020083, 42, "n3", 0),
		ask(34116695887, 31, "n2", model.RegisterOp{F: "read"}),
		done(34118484887, 31, "n2", 2791),
	)
}
