package gateway

import (
	"context"
	"net/http"
	"net/http/httputil"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// Bulkheads is a gateway (n1) with so many workers, before a service that is slow (n2, route /reports) and one that is fast (n3, route
// /orders). A request waits for a worker in the order of arrival, and has it until the service has answered, whether or not the client still
// waits: as with a thread for each request.
type Bulkheads struct {
	Workers  int  // default 8
	PerRoute bool // whether each route has half of them for itself
}

// backends are the services of [Bulkheads] by route, and for how long each works.
var backends = map[string]struct {
	node  string
	takes time.Duration
}{"/reports": {"n2", 5 * time.Second}, "/orders": {"n3", 20 * time.Millisecond}}

// Nodes returns how many nodes it takes.
func (Bulkheads) Nodes() int { return 3 }

// Open makes a client, which asks the gateway.
func (Bulkheads) Open(_ context.Context, h *cluster.Host) (Caller, error) {
	return newCaller(h, false, get("n1")), nil
}

// Run runs one node until ctx is done.
func (s Bulkheads) Run(ctx context.Context, h *cluster.Host) error {
	for _, b := range backends { // order: at most one is this node
		if b.node == h.Name() {
			return serve(ctx, h, nil, func(http.ResponseWriter, *http.Request) { _ = h.Sleep(b.takes) })
		}
	}
	if s.Workers == 0 {
		s.Workers = 8
	}
	t := web.Transport(h)
	rt := web.Recorded(h, t)
	all := workers{ctx, h, "workers", web.NewSlots(h, s.Workers)}
	pools, proxies := map[string]workers{}, map[string]*httputil.ReverseProxy{}
	for route, b := range backends { // order: each entry by itself
		pools[route], proxies[route] = all, proxy(h, b.node, rt)
		if s.PerRoute {
			pools[route] = workers{ctx, h, "workers of " + route, web.NewSlots(h, s.Workers/len(backends))}
		}
	}
	return serve(ctx, h, t, func(w http.ResponseWriter, r *http.Request) {
		if p, ok := proxies[r.URL.Path]; ok {
			pools[r.URL.Path].run(w, r, p)
			return
		}
		http.NotFound(w, r)
	})
}

// workers is a bounded number of requests that are worked for at a time.
type workers struct {
	ctx  context.Context // of the node
	h    *cluster.Host
	name string
	free *web.Slots
}

// run runs a handler when a worker is free, or not at all if the client goes away before.
func (p workers) run(w http.ResponseWriter, r *http.Request, next http.Handler) {
	wait := p.h.Begin(web.In(r.Context(), "wait", p.name))
	if err := p.free.Acquire(r.Context()); err != nil {
		wait.End(nil, cluster.Failed(err))
		http.Error(w, "no worker is free", http.StatusServiceUnavailable)
		return
	}
	defer p.free.Release()
	if p.ctx.Err() != nil {
		return
	}
	wait.End(nil, nil)
	hold := p.h.Begin(web.In(r.Context(), "hold", p.name))
	defer hold.End(nil, nil)
	next.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
}
