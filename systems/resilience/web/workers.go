package web

import (
	"context"
	"net/http"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// Detached returns a ctx with the values of ctx that ends with the process: code with it goes on when its client has gone.
func Detached(process, ctx context.Context) context.Context {
	return detached{process, context.WithoutCancel(ctx)}
}

type detached struct {
	context.Context
	values context.Context
}

// Value returns what the other ctx has.
func (d detached) Value(key any) any { return d.values.Value(key) }

// Bounded returns a ctx like [Detached], which also ends after a timeout, unless that is 0.
func Bounded(process context.Context, h *cluster.Host, ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx = Detached(process, ctx)
	if timeout == 0 {
		return ctx, func() {}
	}
	return h.WithTimeout(ctx, timeout)
}

// Workers returns next with at most n requests worked for at a time, as in a service with n threads. The others wait in the order of
// their arrival, recorded as waits for "workers", until the timeout or, if that is 0, as long as it takes; then they are
// refused with status 503. If n is 0 it returns next.
func Workers(process context.Context, h *cluster.Host, n int, timeout time.Duration, next http.Handler) http.Handler {
	if n == 0 {
		return next
	}
	workers := NewSlots(h, n)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h.Do(r.Context(), In(r.Context(), "wait", "workers"), func(ctx context.Context) (any, error) {
			ctx, cancel := Bounded(process, h, ctx, timeout)
			defer cancel()
			if err := workers.Acquire(ctx); err != nil {
				return nil, cluster.Failed(err)
			}
			return model.Answer{}, nil
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		defer workers.Release()
		next.ServeHTTP(w, r)
	})
}
