package limit

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Limiter decides whether one more request of its one principal may pass.
type Limiter interface {
	// Allow reports whether a request may pass now. A limiter that has requests wait returns when the wait is over. An error says
	// that it could not decide, as when the store that it shares with other gateways does not answer.
	Allow(ctx context.Context) (bool, error)
}

// A Func is a [Limiter] that is a function.
type Func func(ctx context.Context) (bool, error)

// Allow calls the function.
func (f Func) Allow(ctx context.Context) (bool, error) { return f(ctx) }

// Always returns a limiter that gives everybody the same answer.
func Always(allowed bool) Limiter {
	return Func(func(context.Context) (bool, error) { return allowed, nil })
}

// A Maker makes the limiter of a gateway when it starts. What the limiter holds must end with ctx.
type Maker func(ctx context.Context, h *cluster.Host) (Limiter, error)

// A Rate is a limit as its user means it: so many units in any such time.
type Rate struct {
	Units int
	Per   time.Duration
}

// interval returns the time from one unit to the next if they are evenly spaced.
func (r Rate) interval() time.Duration { return r.Per / time.Duration(r.Units) }

// local returns the maker of a limiter that needs nothing but the clock of its host.
func local(make func(now func() time.Time) Limiter) Maker {
	return func(_ context.Context, h *cluster.Host) (Limiter, error) { return make(h.Clock().Now), nil }
}

// serial returns a limiter of a function that takes no time and is called by one goroutine at a time.
func serial(allow func() bool) Limiter {
	lock := make(chan struct{}, 1)
	return Func(func(context.Context) (bool, error) {
		lock <- struct{}{}
		defer func() { <-lock }()
		return allow(), nil
	})
}
