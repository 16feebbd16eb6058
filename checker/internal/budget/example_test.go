package budget_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker/internal/budget"
)

func Example() {
	m := budget.New(context.Background(), 3, "this check")
	for m.Step() {
	}
	fmt.Println(m.Why())
	// Output: the budget of 3 steps for this check ended
}
