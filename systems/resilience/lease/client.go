package lease

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/model"
)

// A Client increments the counter.
type Client struct {
	Service
	h *cluster.Host

	mu      sync.Mutex
	holding int // requests that have the lock, as they believe
}

// Open returns a client on a host.
func (s Service) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{Service: s.withDefaults(), h: h}, nil
}

// Close has nothing to close.
func (*Client) Close() error { return nil }

// retry is how long a client waits before it asks for the lock again, or reads the counter again, about.
const retry = 50 * time.Millisecond

// Ask adds one to the counter. For of the answer is the value before. It fails if that was not done by the deadline.
func (c *Client) Ask(ctx context.Context, in model.RequestOp) (model.Answer, error) {
	ctx, cancel := c.h.WithTimeout(ctx, in.Deadline-c.h.Clock().Monotonic())
	defer cancel()
	for try := range 1000 {
		before, done, err := c.increment(ctx, in)
		if err != nil || done {
			return model.Answer{For: strconv.Itoa(before), Version: before + 1}, err
		}
		part := keyed.New(0, "retry").Int(int64(in.ID), int64(try)).Float64()
		if err := c.sleep(ctx, time.Duration((0.5+part)*float64(retry)).Truncate(time.Microsecond)); err != nil {
			return model.Answer{}, cluster.Failed(err)
		}
	}
	return model.Answer{}, cluster.Failed(context.DeadlineExceeded)
}

// sleep waits, unless ctx ends before.
func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if err := c.h.Sleep(d); err != nil {
		return err
	}
	return ctx.Err()
}

// increment tries once. It is not done if something was refused; an error says that whether it was is not known.
func (c *Client) increment(ctx context.Context, in model.RequestOp) (before int, done bool, err error) {
	token := 0
	if c.Protection != Swapped {
		token, err = c.ask(ctx, "n1", acquire{})
		if err != nil {
			return 0, false, nil
		}
		defer c.held(ctx, in, token)()
	}
	until := c.h.Clock().Monotonic() + c.Lease
	before, err = c.ask(ctx, "n2", read{})
	if err != nil || c.sleep(ctx, c.Work) != nil {
		return 0, false, nil
	}
	if c.Protection == Checked && c.h.Clock().Monotonic() > until {
		return 0, false, nil
	}
	if c.sleep(ctx, c.Send) != nil { // the check is right, and does not help against a pause that comes now
		return 0, false, nil
	}
	answer, err := c.h.Call(ctx, "n2", write{before + 1, before, token})
	if err != nil {
		return 0, false, fmt.Errorf("lease: write: %w", err)
	}
	_, refused := answer.(refusal)
	return before, !refused, nil
}

// held records that the client has the lock, until the function that it returns gives it back.
func (c *Client) held(ctx context.Context, in model.RequestOp, token int) (end func()) {
	span := c.h.Begin(model.RequestOp{F: "hold", ID: in.ID, Route: in.Route, At: "lock"})
	c.hold(1)
	return func() {
		_, _ = c.ask(ctx, "n1", release{token}) // the lease ends by itself if this is lost
		c.hold(-1)
		span.End(model.Answer{}, nil)
	}
}

// hold counts the requests that have the lock, and sets the role.
func (c *Client) hold(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding += n
	role := ""
	if c.holding > 0 {
		role = HolderRole
	}
	c.h.SetRole(role)
}

// ask asks a node for a number.
func (c *Client) ask(ctx context.Context, node string, question any) (int, error) {
	answer, err := c.h.Call(ctx, node, question)
	if err != nil {
		return 0, err
	}
	if why, refused := answer.(refusal); refused {
		return 0, fmt.Errorf("lease: %s", why)
	}
	return answer.(int), nil
}
