package compare_test

import (
	"fmt"
	"os"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/compare"
	"github.com/capsize-go/capsize/report/result"
)

// The same seed with and without a bug.
func Example() {
	buggy := compare.Side{
		Name: "buggy", Judged: true, Params: []report.KV{{Name: "bug", Value: "lease-reads"}}, Lines: []byte("{\"index\":0}\n{\"index\":1,\"output\":56}\n"),
		Result: result.Result{Verdict: checker.Invalid, Headline: "not linearizable", Reason: "process 4 read 56"},
	}
	fixed := compare.Side{Name: "fixed", Judged: true, Lines: []byte("{\"index\":0}\n{\"index\":1,\"output\":59}\n")}
	c := compare.Compare(buggy, fixed)
	if err := c.Text(os.Stdout, 80); err != nil {
		fmt.Println(err)
	}
	// Output:
	// A  buggy (invalid: not linearizable)
	// B  fixed (valid)
	//
	// Parameters: 1 of 1 differs
	//   bug
	//     A  lease-reads
	//     B  –
	//
	// Histories: the same up to line 1, and line 2 is the first that differs
	//   A  {"index":1,"output":56}
	//   B  {"index":1,"output":59}
}
