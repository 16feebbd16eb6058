package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A System is services, of which node n1 runs the first, and clients of n1.
type System struct {
	Services  []Service
	Client    policy.Policy // of the clients; default: [policy.None]
	Propagate bool          // each caller sends its deadline with a request, and what a service asks of others for it ends by then
	Patient   bool          // the clients wait for an answer as long as it takes, so that what they see is what the services do; default: to the deadline of the request
}

// Chain returns services of which each asks the next one.
func Chain(services ...Service) []Service {
	for i := range services[:len(services)-1] {
		services[i].Asks = []Ask{{Node: fmt.Sprint("n", i+2)}}
	}
	return services
}

// Nodes returns how many nodes the system has.
func (s System) Nodes() int { return len(s.Services) }

// Run runs the service of a node.
func (s System) Run(ctx context.Context, h *cluster.Host) error {
	for i, service := range s.Services {
		if h.Name() == fmt.Sprint("n", i+1) {
			rt, idle := s.transport(h, service.Policy)
			defer context.AfterFunc(ctx, idle)()
			return service.run(ctx, h, rt)
		}
	}
	<-ctx.Done() // a node without a service
	return ctx.Err()
}

// keptConnections is how many connections to a node are kept when idle: with the two of net/http's default each peak would dial.
const keptConnections = 256

// transport returns the transport of a caller with its policy, and what closes its idle connections.
func (s System) transport(h *cluster.Host, p policy.Policy) (rt http.RoundTripper, idle func()) {
	if p == nil {
		p = policy.None
	}
	base := web.Transport(h)
	base.MaxIdleConnsPerHost = keptConnections
	var next http.RoundTripper = &afterCancel{h: h, next: base}
	if s.Propagate {
		next = web.Propagate(h, next)
	}
	return p(h, policy.Whole(web.Recorded(h, next))), base.CloseIdleConnections
}

// An afterCancel lets a round trip that was cancelled end a few microseconds later, so that the history has it after what cancelled it: a hedge
// that lost after the answer that won. At the same instant the order would be chance, as would be that of two that were cancelled together.
type afterCancel struct {
	h     *cluster.Host
	next  http.RoundTripper
	begun atomic.Int64
}

// RoundTrip makes a round trip.
func (t *afterCancel) RoundTrip(r *http.Request) (*http.Response, error) {
	place := t.begun.Add(1) % 1000
	answer, err := t.next.RoundTrip(r)
	if err != nil && errors.Is(r.Context().Err(), context.Canceled) {
		_ = t.h.Sleep(time.Duration(1+place) * time.Microsecond) // a host that crashed has nothing to wait for
	}
	return answer, err
}

// A Client is a user of the first service.
type Client struct {
	h       *cluster.Host
	rt      http.RoundTripper
	patient bool
	idle    func()
}

// Open returns a client; it asks n1, whichever node the host is bound to.
func (s System) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	rt, idle := s.transport(h, s.Client)
	return &Client{h, rt, s.Patient, idle}, nil
}

// Ask makes a request, and returns its answer or, at the deadline of the request and unless the client is patient, an error.
func (c *Client) Ask(ctx context.Context, in model.RequestOp) (model.Answer, error) {
	if !c.patient {
		timeout, cancel := web.Until(ctx, c.h, in.Deadline)
		defer cancel()
		ctx = timeout
	}
	out, body, err := web.Get(web.With(ctx, web.Call{ID: in.ID, Route: in.Route}), c.rt, "http://n1"+in.Route)
	if err != nil {
		return out, err
	}
	if len(body) > 0 {
		err = json.Unmarshal(body, &out)
	}
	return out, err
}

// Close closes the connections that are idle.
func (c *Client) Close() error {
	c.idle()
	return nil
}
