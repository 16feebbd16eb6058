package index_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report/index"
	"github.com/capsize-go/capsize/report/result"
)

// Two runs of one seed are in the index of their folder, and are a pair.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for _, r := range []result.Result{
		{System: "raftkv", Seed: 3, Headline: "valid"},
		{System: "raftkv", Bug: "lease-reads", Seed: 3, Verdict: checker.Invalid, Headline: "not linearizable", Reason: "process 4 read 56"},
	} {
		folder := filepath.Join(dir, "run"+r.Bug)
		if err := os.Mkdir(folder, 0o755); err != nil {
			fmt.Println(err)
			return
		}
		if err := index.Keep(folder, r); err != nil {
			fmt.Println(err)
			return
		}
	}
	f := index.Scan(dir)
	fmt.Println(len(f.Runs), "runs,", len(f.Pairs()), "pair")
	for _, g := range f.Groups() {
		fmt.Println(g.Headline, len(g.Members))
	}
	// Output:
	// 2 runs, 1 pair
	// not linearizable 1
}
