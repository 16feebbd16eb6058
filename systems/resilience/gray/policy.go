package gray

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Policy is how long a caller waits for a backend.
type Policy string

const (
	// NoTimeout waits as long as it takes.
	NoTimeout Policy = "none"
	// ReadTimeout waits so long for each read of the connection. An answer that comes byte by byte never lets it pass.
	ReadTimeout Policy = "read-timeout"
	// HeaderTimeout is the ResponseHeaderTimeout of net/http: it waits so long for the head of the answer, and for ever for its body.
	HeaderTimeout Policy = "header-timeout"
	// Cooperative is the timeout of failsafe-go around a call that does not look at its ctx. It ends the ctx in time, and returns when
	// the call does.
	Cooperative Policy = "cooperative-timeout"
	// FailsafeTimeout is the same around a call that looks at its ctx.
	FailsafeTimeout Policy = "failsafe-timeout"
	// Deadline is a ctx with a deadline for the whole call.
	Deadline Policy = "deadline"
	// ClientTimeout is the Timeout of an http.Client: it includes the body.
	ClientTimeout Policy = "client-timeout"
	// Abandon leaves a call that does not look at its ctx behind, in a goroutine of its own.
	Abandon Policy = "abandon"
)

// A caller asks the backend by a policy.
type caller struct {
	policy  Policy
	limit   time.Duration
	process context.Context
	h       *cluster.Host
	rt      http.RoundTripper // records attempts
	http    http.Client       // for ClientTimeout
}

// newCaller returns a caller on a host, and the transport to close in the end.
func newCaller(process context.Context, h *cluster.Host, p Policy, limit time.Duration) (*caller, *http.Transport) {
	t := web.Transport(h)
	switch p {
	case ReadTimeout:
		t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := h.DialContext(ctx, network, addr)
			return idleConn{c, h, limit}, err
		}
	case HeaderTimeout:
		t.ResponseHeaderTimeout = limit
	}
	c := &caller{policy: p, limit: limit, process: process, h: h, rt: web.Recorded(h, t)}
	if p == ClientTimeout {
		c.rt = web.Recorded(h, oneError{t})
		c.http = http.Client{Transport: c.rt, Timeout: limit}
	}
	return c, t
}

// A oneError is a transport whose requests end with one and the same error when their client's time is over. The client sets a deadline and
// a timer for that instant; which comes first is chance, and so is the error.
type oneError struct{ next http.RoundTripper }

// errTime is that error.
var errTime = errors.New("the time of the client is over")

// RoundTrip sends a request.
func (t oneError) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, timeOver(r.Context(), err)
	}
	answer.Body = oneErrorBody{answer.Body, r.Context()}
	return answer, nil
}

// timeOver returns errTime in place of an error that is due to the end of ctx, or to the timer.
func timeOver(ctx context.Context, err error) error {
	if err != nil && (ctx.Err() != nil || strings.Contains(err.Error(), "request canceled")) {
		return errTime
	}
	return err
}

// A oneErrorBody is the body of an answer to such a request.
type oneErrorBody struct {
	io.ReadCloser
	ctx context.Context
}

// Read reads on.
func (b oneErrorBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	return n, timeOver(b.ctx, err)
}

// An idleConn gives up a read that gets nothing for a while.
type idleConn struct {
	net.Conn
	h     *cluster.Host
	limit time.Duration
}

// Read reads what comes.
func (c idleConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(c.h.Clock().Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// errAbandoned is the error of a call that was left behind.
var errAbandoned = errors.New("gray: given up: the call goes on")

// call asks a URL for the request in ctx. The ctx itself does not end while the process is there.
func (c *caller) call(ctx context.Context, url string) error {
	ctx = web.Detached(c.process, ctx)
	switch c.policy {
	case Deadline:
		bounded, cancel := c.h.WithTimeout(ctx, c.limit)
		defer cancel()
		return c.get(bounded, url)
	case ClientTimeout:
		return c.getByClient(ctx, url)
	case Cooperative:
		return failsafe.With(timeout.New[any](c.limit)).Run(func() error { return c.get(ctx, url) })
	case FailsafeTimeout:
		return failsafe.With(timeout.New[any](c.limit)).WithContext(ctx).RunWithExecution(func(e failsafe.Execution[any]) error { return c.get(e.Context(), url) })
	case Abandon:
		return c.abandon(ctx, url)
	}
	return c.get(ctx, url)
}

func (c *caller) get(ctx context.Context, url string) error {
	_, _, err := web.Get(ctx, c.rt, url)
	return err
}

// getByClient asks through the http.Client.
func (c *caller) getByClient(ctx context.Context, url string) error {
	_, _, err := web.Get(ctx, clientTripper{&c.http}, url)
	return err
}

// A clientTripper is an http.Client as a RoundTripper.
type clientTripper struct{ c *http.Client }

// RoundTrip asks.
func (t clientTripper) RoundTrip(r *http.Request) (*http.Response, error) { return t.c.Do(r) }

// abandon waits for a call in a goroutine of its own, and leaves it behind when its time is over.
func (c *caller) abandon(ctx context.Context, url string) error {
	done := make(chan error, 1)
	go func() { done <- c.get(ctx, url) }()
	bounded, cancel := c.h.WithTimeout(ctx, c.limit)
	defer cancel()
	select {
	case err := <-done:
		return err
	case <-bounded.Done():
		if errors.Is(bounded.Err(), context.DeadlineExceeded) {
			c.h.Count("calls left behind")
		}
		return fmt.Errorf("%w: %w", errAbandoned, bounded.Err())
	}
}
