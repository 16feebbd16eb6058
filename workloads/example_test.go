package workloads_test

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/workloads"
)

// A Tickets hands out numbers.
type Tickets interface {
	Next(ctx context.Context) (int, error)
	io.Closer
}

// A workload of one's own: clients take tickets, and no two may get the same.
func ExampleNew() {
	open := func(context.Context, *cluster.Host) (Tickets, error) { // of the system under test
		return nil, errors.New("not here")
	}
	w := workloads.New(workloads.Spec[Tickets, string, int]{
		Name:   "tickets",
		Open:   open,
		Next:   func(workloads.Turn[string, int]) string { return "next" },
		Invoke: func(ctx context.Context, c Tickets, _ string) (int, error) { return c.Next(ctx) },
		Checker: checker.Func(func(_ context.Context, h *history.History) checker.Result {
			r := checker.Result{Checker: "tickets", Reason: "all tickets differ"}
			seen := map[any]bool{}
			for c := range h.Calls() {
				if c.Complete.Type == history.OK && seen[c.Complete.Output] {
					r.Verdict, r.Reason = checker.Invalid, fmt.Sprintf("ticket %v was given twice", c.Complete.Output)
				}
				seen[c.Complete.Output] = true
			}
			return r
		}),
	})
	fmt.Println(w.Name)
	// Output: tickets
}

// An error of an unknown kind leaves open whether the operation happened.
func ExampleOutcome() {
	fmt.Println(workloads.Outcome(nil))
	fmt.Println(workloads.Outcome(errors.New("connection reset by peer")))
	fmt.Println(workloads.Outcome(fmt.Errorf("no quorum: %w", workloads.ErrFail)))
	// Output:
	// ok
	// info
	// fail
}
