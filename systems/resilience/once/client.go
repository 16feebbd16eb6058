package once

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Client asks for payments, and asks again when it has no answer.
type Client struct {
	Service
	h         *cluster.Host
	transport *http.Transport
	recorded  http.RoundTripper
}

// Open makes a client on a host.
func (s Service) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	t := web.Transport(h)
	return &Client{s.withDefaults(), h, t, web.Recorded(h, keyedRequests{t})}, nil
}

// keyedRequests sends the number of the request as its idempotency key.
type keyedRequests struct{ next http.RoundTripper }

// RoundTrip sends a request.
func (t keyedRequests) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Idempotency-Key", fmt.Sprint(web.Of(r.Context()).ID))
	return t.next.RoundTrip(r)
}

// Close closes the connections.
func (c *Client) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}

// backoff is how long a client waits before the second attempt, about; before each further one twice as long.
const backoff = 100 * time.Millisecond

// Ask asks for a payment.
func (c *Client) Ask(ctx context.Context, in model.RequestOp) (model.Answer, error) {
	ctx = web.With(ctx, web.Call{ID: in.ID, Route: in.Route})
	var failed error
	for try := range c.Attempts {
		if try > 0 {
			part := keyed.New(0, "backoff").Int(int64(in.ID), int64(try)).Float64()
			wait := time.Duration((0.5 + part) * float64(backoff<<(try-1)))
			if err := c.h.Sleep(wait.Truncate(time.Microsecond)); err != nil {
				return model.Answer{}, err
			}
		}
		out, err := c.attempt(ctx)
		if err == nil {
			return out, nil
		}
		failed = errors.Join(failed, err)
	}
	return model.Answer{}, failed
}

func (c *Client) attempt(ctx context.Context) (model.Answer, error) {
	ctx, cancel := c.h.WithTimeout(ctx, c.Timeout)
	defer cancel()
	out, _, err := web.Do(ctx, c.recorded, http.MethodPost, "http://n1/pay", http.NoBody)
	return out, err
}
