package balance

import (
	"context"
	"net/http"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Client asks the balancer.
type Client struct {
	h         *cluster.Host
	transport *http.Transport
	rt        http.RoundTripper
}

// Open returns a client.
func (s Service) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	transport := web.Transport(h)
	return &Client{h: h, transport: transport, rt: web.Unseen(transport)}, nil
}

// Ask asks the balancer for a route, until the deadline. Its answer is from the backend.
func (c *Client) Ask(ctx context.Context, in model.RequestOp) (model.Answer, error) {
	ctx, cancel := web.Until(ctx, c.h, in.Deadline)
	defer cancel()
	out, _, err := web.Get(web.With(ctx, web.Call{ID: in.ID, Route: in.Route}), c.rt, "http://"+Balancer+in.Route)
	return out, err
}

// Close closes the connections.
func (c *Client) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}
