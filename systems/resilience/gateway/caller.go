package gateway

import (
	"context"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Caller is a client of a gateway. It gives up at the deadline of a request.
type Caller struct {
	h         *cluster.Host
	transport *http.Transport
	rt        http.RoundTripper
	ask       func(ctx context.Context, c Caller, in model.RequestOp) (model.Answer, error)
}

// newCaller returns a client that asks so; propagate has it send its deadline.
func newCaller(h *cluster.Host, propagate bool, ask func(ctx context.Context, c Caller, in model.RequestOp) (model.Answer, error)) Caller {
	c := Caller{h: h, transport: web.Transport(h), ask: ask}
	c.rt = web.Recorded(h, c.transport)
	if propagate {
		c.rt = web.Propagate(h, c.rt)
	}
	return c
}

// Ask makes a request.
func (c Caller) Ask(ctx context.Context, in model.RequestOp) (model.Answer, error) {
	ctx, cancel := web.Until(ctx, c.h, in.Deadline)
	defer cancel()
	return c.ask(web.With(ctx, web.Call{ID: in.ID, Route: in.Route}), c, in)
}

// Close closes the connections of the client.
func (c Caller) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}

// get is how most clients ask: by GET of the route, at one node.
func get(node string) func(ctx context.Context, c Caller, in model.RequestOp) (model.Answer, error) {
	return func(ctx context.Context, c Caller, in model.RequestOp) (model.Answer, error) {
		out, _, err := web.Get(ctx, c.rt, "http://"+node+in.Route)
		return out, err
	}
}

// proxy returns a reverse proxy to a node.
func proxy(h *cluster.Host, node string, rt http.RoundTripper) *httputil.ReverseProxy {
	to := &url.URL{Scheme: "http", Host: node}
	return &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: rt,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			h.Log().Info("the backend does not answer", "node", node, "err", err)
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
}

// serve answers requests with a handler until ctx is done, and then closes the connections of a transport.
func serve(ctx context.Context, h *cluster.Host, t *http.Transport, handler http.HandlerFunc) error {
	if t != nil {
		defer t.CloseIdleConnections()
	}
	return web.Serve(ctx, h, ":80", web.Handle(h, handler))
}

// retryPause is how long who tries again waits before it. A try that begins at the very instant at which the one before it is given up would
// race with the end of its connection.
const retryPause = 10 * time.Millisecond

// within bounds a round trip by a timeout of its own.
func within(h *cluster.Host, d time.Duration, next http.RoundTripper) http.RoundTripper {
	if d == 0 {
		return next
	}
	return timeLimited{h, d, next}
}

type timeLimited struct {
	h    *cluster.Host
	d    time.Duration
	next http.RoundTripper
}

// RoundTrip makes one attempt. Its timeout includes the body of the answer.
func (t timeLimited) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := t.h.WithTimeout(r.Context(), t.d)
	answer, err := t.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	answer.Body = cancelled{answer.Body, cancel}
	return answer, nil
}

// A header is a transport that sets a header of each request.
type header struct {
	name, value string
	next        http.RoundTripper
}

// RoundTrip makes one attempt.
func (t header) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(t.name, t.value)
	return t.next.RoundTrip(r)
}
