package pool

import (
	"context"
	"net/http"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Client asks a [Service] and waits for its answer as long as it takes: so what it sees is what the service does.
type Client struct {
	transport *http.Transport
	recorded  http.RoundTripper
}

// Open makes a client on a host.
func (s Service) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	t := web.Transport(h)
	return &Client{t, web.Recorded(h, t)}, nil
}

// Ask asks n1 for a route. The answer says for which request the row of the database is, if it has one.
func (c *Client) Ask(ctx context.Context, in model.RequestOp) (model.Answer, error) {
	out, body, err := web.Get(web.With(ctx, web.Call{ID: in.ID, Route: in.Route}), c.recorded, "http://n1"+in.Route)
	if err == nil {
		out.For = string(body)
	}
	return out, err
}

// Close closes the connections.
func (c *Client) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}
