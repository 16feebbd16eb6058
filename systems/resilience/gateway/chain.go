package gateway

import (
	"context"
	"net/http"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Chain is a gateway (n1), a service (n2) that it passes requests to, and one (n3) that the service asks, which computes for
// a while. Most requests are fast; each one in five is slow.
type Chain struct {
	Gateway time.Duration // for how long the gateway waits for the service; 0: for ever
	Service time.Duration // for how long the service waits for the last one; 0: for ever
	Tries   int           // of the service, at the last one; default 1

	// Heed has the service and the last one stop when the ctx of their request ends, as it does when the one that asked closes the
	// connection. By default they go on, as code does that computes, waits for a database or has been handed to a queue.
	Heed bool
	// Propagate has everybody send the deadline of the client with the request. The services do nothing that can't be done by then.
	Propagate bool

	Fast, Slow time.Duration // of the computation; default 50 ms and 3 s
}

// Step is how often the last service of a [Chain] looks whether it is still to go on.
const Step = 10 * time.Millisecond

// Return is what each service that knows the deadline leaves of it for the way of its answer back to the one that asked.
const Return = 20 * time.Millisecond

// Nodes returns how many nodes it takes.
func (Chain) Nodes() int { return 3 }

// Open makes a client, which asks the gateway.
func (s Chain) Open(_ context.Context, h *cluster.Host) (Caller, error) {
	return newCaller(h, s.Propagate, get("n1")), nil
}

// Run runs one node until ctx is done.
func (s Chain) Run(ctx context.Context, h *cluster.Host) error {
	t := web.Transport(h)
	rt := web.Recorded(h, t)
	if s.Propagate {
		rt = web.Propagate(h, rt)
	}
	switch h.Name() {
	case "n1":
		p := proxy(h, "n2", within(h, s.Gateway, rt))
		return serve(ctx, h, t, s.bounded(h, p.ServeHTTP))
	case "n2":
		return serve(ctx, h, t, s.bounded(h, s.ask(h, within(h, s.Service, rt))))
	}
	return serve(ctx, h, t, s.bounded(h, s.compute(h)))
}

// bounded returns a handler whose ctx ends a little before the deadline that was sent with the request.
func (s Chain) bounded(h *cluster.Host, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := web.Of(r.Context())
		if c.Deadline == 0 {
			next(w, r)
			return
		}
		left := c.Deadline - Return - h.Clock().Monotonic()
		if left <= 0 {
			http.Error(w, "too late to begin", http.StatusServiceUnavailable)
			return
		}
		ctx, cancel := h.WithTimeout(r.Context(), left)
		defer cancel()
		next(w, r.WithContext(ctx))
	}
}

// ask is the handler of the service in the middle.
func (s Chain) ask(h *cluster.Host, rt http.RoundTripper) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx := s.own(r.Context())
		var err error
		for try := range max(1, s.Tries) {
			if try > 0 && wait(ctx, h, retryPause) != nil {
				break
			}
			if _, _, err = web.Get(ctx, rt, "http://n3"+r.URL.Path); err == nil {
				break
			}
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}
}

// own returns the ctx that a service works by.
func (s Chain) own(ctx context.Context) context.Context {
	if s.Heed || s.Propagate {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// compute is the handler of the last service. It looks between two steps whether it is to go on.
func (s Chain) compute(h *cluster.Host) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx := s.own(r.Context())
		for left := s.cost(web.Of(ctx).ID); left > 0; left -= Step {
			if deadline, ok := ctx.Deadline(); ctx.Err() != nil || ok && h.Clock().Now().Add(Step).After(deadline) {
				http.Error(w, "the client does not wait for it any more", http.StatusServiceUnavailable)
				return
			}
			if h.Sleep(Step) != nil {
				return
			}
		}
	}
}

// cost returns how long the last service computes for a request.
func (s Chain) cost(id int) time.Duration {
	fast, slow := s.Fast, s.Slow
	if fast == 0 {
		fast = 50 * time.Millisecond
	}
	if slow == 0 {
		slow = 3 * time.Second
	}
	if id%5 == 0 {
		return slow
	}
	return fast
}
