package web

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/capsize-go/capsize/model"
)

// A Call is what a service knows of the request that it works for.
type Call struct {
	ID       int           // of the client's request
	Depth    int           // how many services are between it and the client: 0 at the client itself
	Route    string        // what the client asked for
	Deadline time.Duration // by when the client wants its answer, since the start of the run; 0 if it is not known here
	tries    *atomic.Int64 // that this service has made for it, of all kinds
}

type callKey struct{}

// With returns a ctx with the call in it.
func With(ctx context.Context, c Call) context.Context {
	if c.tries == nil {
		c.tries = new(atomic.Int64)
	}
	return context.WithValue(ctx, callKey{}, c)
}

// Of returns the call in a ctx, or a call without a number.
func Of(ctx context.Context) Call {
	c, ok := ctx.Value(callKey{}).(Call)
	if !ok {
		c.tries = new(atomic.Int64)
	}
	return c
}

// In returns the input of a span for the call in a ctx: what is done for it, and at which node or resource.
func In(ctx context.Context, f, at string) model.RequestOp {
	c := Of(ctx)
	return model.RequestOp{F: f, ID: c.ID, Route: c.Route, At: at, Depth: c.Depth}
}

// The headers that carry a call to the next service. Number, depth and route are for the recording and always sent. The deadline is sent
// only by who propagates it: see [Propagate].
const (
	headerID       = "Request-Number"
	headerDepth    = "Request-Depth"
	headerRoute    = "Request-Route"
	headerDeadline = "Request-Deadline"
)

// mark returns a copy of an outgoing request with what the next service is to know of its call.
func mark(r *http.Request, c Call) *http.Request {
	r = r.Clone(r.Context())
	r.Header.Set(headerID, strconv.Itoa(c.ID))
	r.Header.Set(headerDepth, strconv.Itoa(c.Depth+1))
	r.Header.Set(headerRoute, c.Route)
	return r
}

// received returns the call that an incoming request belongs to.
func received(r *http.Request) Call {
	c := Call{Route: r.Header.Get(headerRoute)}
	c.ID, _ = strconv.Atoi(r.Header.Get(headerID))
	c.Depth, _ = strconv.Atoi(r.Header.Get(headerDepth))
	if ns, err := strconv.ParseInt(r.Header.Get(headerDeadline), 10, 64); err == nil {
		c.Deadline = time.Duration(ns)
	}
	if c.Route == "" {
		c.Route = r.URL.Path
	}
	return c
}
