package result_test

import (
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/result"
)

// The result of a run that a report shows.
func Example() {
	r := result.Of(report.Run{
		Title: "TestStore", System: "store", Workload: "register", Seed: 3, Verdict: checker.Invalid,
		Checks: []checker.Result{{Checker: "linearizable", Verdict: checker.Invalid, Reason: "process 2 read 0", Broken: "not linearizable"}},
	})
	fmt.Println(r.Seed, r.Verdict, r.Headline)
	fmt.Println(r.Reason)
	// Output:
	// 3 invalid not linearizable
	// process 2 read 0
}
