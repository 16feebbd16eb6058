package wording_test

import (
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/wording"
)

func Example() {
	r := wording.Worded(checker.Result{Verdict: checker.Invalid}, "fresh")
	fmt.Println(r.Headline())
	// Output: stale reads
}
