package report_test

import (
	"fmt"
	"os"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report"
)

// A counterexample of three calls, as a terminal shows it.
func ExampleText() {
	at := func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }
	h := history.Of(
		history.Op{Time: at(1428), Process: 2, Node: "n3", Type: history.Invoke, Key: "k2", Input: "write 23"},
		history.Op{Time: at(1434), Process: 2, Node: "n3", Type: history.OK, Key: "k2"},
		history.Op{Time: at(1436), Process: 3, Node: "n1", Type: history.Invoke, Key: "k2", Input: "write 78"},
		history.Op{Time: at(1440), Process: 3, Node: "n1", Type: history.OK, Key: "k2"},
		history.Op{Time: at(1450), Process: 1, Node: "n2", Type: history.Invoke, Key: "k2", Input: "read"},
		history.Op{Time: at(1462), Process: 1, Node: "n2", Type: history.OK, Key: "k2", Output: 23},
	)
	why := &checker.Counterexample{
		Key: "k2", Reason: "process 1 read 23, but 78 had replaced it 10ms before that read began",
		Blamed: 2, Judged: 3009,
	}
	for c := range h.Calls() {
		why.Calls = append(why.Calls, c)
	}
	run := report.Run{
		System: "stalekv", Workload: "register", Verdict: checker.Invalid, History: h, Virtual: 30 * time.Second,
		Checks: []checker.Result{{Checker: "linearizable", Broken: "not linearizable", Verdict: checker.Invalid, Counterexample: why}},
		Rerun:  "go test -run='^TestStore$/^2f8e513f$' ./examples/stalekv",
	}
	if err := report.Text(os.Stdout, run, report.Style{Width: 80}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// register on stalekv: not linearizable
	//
	//     k2: process 1 read 23, but 78 had replaced it 10ms before that read began
	//
	//     1.428s  process 2 n3  ├write 23┤
	//     1.436s  process 3 n1              ├─────┤ write 78
	//     1.450s  process 1 n2                                   ├────read → 23────┤ ✗
	//             nemesis       (no fault was active)
	//
	//     1  1.428s  Process 2 wrote 23 at n3, and it was acknowledged.
	//     2  1.436s  Process 3 wrote 78 at n1, and it was acknowledged.
	//     3  1.450s  Process 1 read 23 at n2, which 78 had replaced 10ms before.
	//
	//     3 of 3,009 calls; found at 1.46s of 30s
	//
	//     To re-run:
	//     go test -run='^TestStore$/^2f8e513f$' ./examples/stalekv
}
