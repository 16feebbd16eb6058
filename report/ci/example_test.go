package ci_test

import (
	"fmt"
	"os"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report/ci"
)

// The summary of a sweep of which one run failed.
func Example() {
	err := ci.Summary(os.Stdout, ci.Suite{Name: "capsize run", Cases: []ci.Case{
		{Class: "raftkv", Name: "seed 1"},
		{Class: "raftkv", Name: "seed 2", Verdict: checker.Invalid, Headline: "not linearizable", Reason: "process 4 read 56", Command: "capsize run --seed 2"},
	}})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// ### capsize run: 1 invalid, 1 valid
	//
	// | verdict | test | run | why | page |
	// |---|---|---|---|---|
	// | ❌ invalid | raftkv | seed 2 | not linearizable |  |
	// | ✅ valid | raftkv | seed 1 |  |  |
	//
	// **raftkv, seed 2**: process 4 read 56
	//
	// ```
	// capsize run --seed 2
	// ```
}
