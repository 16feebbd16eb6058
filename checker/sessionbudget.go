package checker

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/history"
)

// defaultWithin is how long a check may take, if nobody says.
const defaultWithin = 30 * time.Second

// noContext never ends: counter-examples are small.
var noContext = context.Background()

// bounded lets a checker work for some time.
func bounded(c Checker, d time.Duration) Checker {
	return Func(func(ctx context.Context, h *history.History) Result {
		ctx, cancel := context.WithTimeoutCause(ctx, d, fmt.Errorf("the %v for this check ended", d))
		defer cancel()
		return c.Check(ctx, h)
	})
}
