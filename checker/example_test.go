package checker_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// A checker is a function of a history.
func ExampleFunc() {
	short := checker.Func(func(_ context.Context, h *history.History) checker.Result {
		if h.Len() > 2 {
			return checker.Result{Checker: "short", Verdict: checker.Invalid, Reason: "more than two ops"}
		}
		return checker.Result{Checker: "short", Reason: "two ops at most"}
	})
	r := checker.All(short).Check(context.Background(), history.Of(history.Op{}, history.Op{}, history.Op{}))
	fmt.Println(r.Verdict, "-", r.Reason)
	// Output: invalid - more than two ops
}
