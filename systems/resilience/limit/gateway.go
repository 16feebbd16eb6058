package limit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/cache/cachekv"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// Gateways is a system of gateways that admit requests by a limiter, and answer those that they admit. With a store, n1 is a
// Redis, and the gateways are the nodes after it.
type Gateways struct {
	Limiter Maker // of each gateway
	Store   bool  // whether they share a Redis

	// Pick returns the gateway that a request goes to, of those there are. Optional: by default they take turns.
	Pick func(in model.RequestOp, gateways []string) string
}

// Principal is the one whose requests are limited.
const Principal = "tenant"

// Run runs one node until ctx is done.
func (s Gateways) Run(ctx context.Context, h *cluster.Host) error {
	if s.Store && h.Name() == store {
		return cachekv.ServeRedis(ctx, h)
	}
	l, err := s.Limiter(ctx, h)
	if err != nil {
		return fmt.Errorf("limit: make the limiter: %w", err)
	}
	return web.Serve(ctx, h, ":80", web.Handle(h, Limited(h, l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))))
}

// Limited returns next for those requests that the limiter admits. The others are answered with status 429, or with 503 if the
// limiter could not decide. Each decision is recorded as a call of kind admit.
func Limited(h *cluster.Host, l Limiter, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := web.In(r.Context(), "admit", h.Name())
		in.By = Principal
		span := h.Begin(in)
		ok, err := l.Allow(r.Context())
		switch {
		case err != nil:
			span.End(nil, cluster.Failed(err))
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		case !ok:
			span.End(nil, cluster.Failed(errRefused))
			http.Error(w, errRefused.Error(), http.StatusTooManyRequests)
		default:
			span.End(model.Answer{From: h.Name()}, nil)
			next.ServeHTTP(w, r)
		}
	})
}

var errRefused = errors.New("above the rate limit")

// A Caller is a client of the gateways.
type Caller struct {
	h         *cluster.Host
	s         Gateways
	transport *http.Transport
}

// Open makes a client.
func (s Gateways) Open(_ context.Context, h *cluster.Host) (Caller, error) {
	return Caller{h, s, web.Transport(h)}, nil
}

// Ask sends a request to one of the gateways.
func (c Caller) Ask(ctx context.Context, in model.RequestOp) (model.Answer, error) {
	ctx = web.With(ctx, web.Call{ID: in.ID, Route: in.Route})
	out, _, err := web.Get(ctx, web.Recorded(c.h, c.transport), "http://"+c.pick(in)+in.Route)
	return out, err
}

func (c Caller) pick(in model.RequestOp) string {
	gateways := slices.Clone(c.h.Nodes())
	if c.s.Store {
		gateways = gateways[1:]
	}
	if c.s.Pick != nil {
		return c.s.Pick(in, gateways)
	}
	return gateways[in.ID%len(gateways)]
}

// Close closes the connections of the client.
func (c Caller) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}
