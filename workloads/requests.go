package workloads

import (
	"context"
	"io"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// An Asker is a client of services that answer requests; see [model.RequestOp]. It makes many calls at a time.
type Asker interface {
	// Ask makes a request, which has an ID of its own. The ctx ends by the timeout of the test only: to keep the deadline of the
	// request is up to the client.
	Ask(ctx context.Context, in model.RequestOp) (model.Answer, error)
	io.Closer
}

// A RequestLoad is the load that the clients of [Requests] make.
type RequestLoad struct {
	// Arrivals says how many requests arrive in a second of all clients together, by the time since the clients began; see
	// [Spec.Arrivals]. Required.
	Arrivals func(at time.Duration) float64

	Routes   []string      // that are asked for, in turn by the number of the request; default "/"
	Deadline time.Duration // by when each request wants its answer, from its beginning; default: no deadline

	// Next returns a request of its own in place of one of Routes. Its ID and deadline are set afterwards. Optional.
	Next func(t Turn[model.RequestOp, model.Answer]) model.RequestOp

	Checker checker.Checker // judges; the test may have one in its place
	MayFail []string        // kinds of which none needs to succeed; see [Spec.MayFail]
}

// Requests is a workload for services: requests arrive at a rate, whether or not earlier ones have been answered, as those of the users of
// a site do.
func Requests[C Asker](open func(ctx context.Context, h *cluster.Host) (C, error), load RequestLoad) Workload {
	if len(load.Routes) == 0 {
		load.Routes = []string{"/"}
	}
	return New(Spec[C, model.RequestOp, model.Answer]{
		Name:     "requests",
		Open:     open,
		Next:     load.next,
		Arrivals: load.Arrivals,
		Invoke:   func(ctx context.Context, c C, in model.RequestOp) (model.Answer, error) { return c.Ask(ctx, in) },
		Key:      func(in model.RequestOp) string { return in.Route },
		Checker:  load.Checker,
		MayFail:  load.MayFail,
	})
}

func (l RequestLoad) next(t Turn[model.RequestOp, model.Answer]) model.RequestOp {
	id := t.Number()
	in := model.RequestOp{F: "request", Route: l.Routes[id%len(l.Routes)]}
	if l.Next != nil {
		in = l.Next(t)
	}
	in.ID = id
	if l.Deadline > 0 {
		in.Deadline = t.Now + l.Deadline
	}
	return in
}
