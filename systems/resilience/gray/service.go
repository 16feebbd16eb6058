package gray

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// BackendRole is the role of the backend, for a nemesis whose faults are to hit it alone.
const BackendRole = "backend"

// A Health is how an observer learns whether the backend is well.
type Health string

const (
	// Shallow asks an endpoint of the backend that says it is up.
	Shallow Health = "shallow"
	// Deep asks an endpoint of the backend that does what requests do.
	Deep Health = "deep"
	// Passive counts the outcomes of requests: after some that failed in a row the backend is not well, until one is answered.
	Passive Health = "passive"
)

// A Service is a frontend on n1, a [Backend] on n2 and a monitor on n3. The frontend answers /item with what the backend says, and
// /hello by itself.
type Service struct {
	Policy  Policy        // by which the frontend waits for the backend; default [NoTimeout]
	Limit   time.Duration // of the policy; default 1s
	Workers int           // of the frontend: how many requests it works for at a time; default 20
	Health  Health        // default [Shallow]
	Probe   time.Duration // how often the monitor asks, and how long it waits for an answer; default 500ms
	Backend Backend
}

// Routes are what the service answers: items, and what needs no backend.
var Routes = []string{"/item", "/hello"}

// failures is after how many failures in a row the passive health check says that the backend is not well.
const failures = 3

// Nodes is how many nodes the service needs.
func (Service) Nodes() int { return 3 }

// Run runs the part of the service that is on a node.
func (s Service) Run(ctx context.Context, h *cluster.Host) error {
	s = s.withDefaults()
	switch h.Name() {
	case "n1":
		return s.frontend(ctx, h)
	case "n2":
		h.SetRole(BackendRole)
		return s.Backend.Serve(ctx, h)
	}
	return s.monitor(ctx, h)
}

func (s Service) withDefaults() Service {
	if s.Limit == 0 {
		s.Limit = time.Second
	}
	if s.Workers == 0 {
		s.Workers = 20
	}
	if s.Health == "" {
		s.Health = Shallow
	}
	if s.Probe == 0 {
		s.Probe = 500 * time.Millisecond
	}
	return s
}

// frontend answers requests.
func (s Service) frontend(ctx context.Context, h *cluster.Host) error {
	c, transport := newCaller(ctx, h, s.Policy, s.Limit)
	defer transport.CloseIdleConnections()
	var seen passive
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/item", func(w http.ResponseWriter, r *http.Request) {
		err := c.call(r.Context(), "http://n2/item")
		if s.Health == Passive {
			seen.count(h, err)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusGatewayTimeout)
		}
	})
	return web.Serve(ctx, h, ":80", web.Handle(h, web.Workers(ctx, h, s.Workers, 0, mux)))
}

// A passive health check counts failures in a row.
type passive struct {
	mu     sync.Mutex
	failed int
}

// count notes the outcome of a request, and records a probe when that changes whether the backend is well.
func (p *passive) count(h *cluster.Host, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.failed
	if p.failed++; err == nil {
		p.failed = 0
	}
	if was < failures && p.failed == failures || was >= failures && p.failed == 0 {
		probe(h, p.failed == 0)
	}
}

// probe records what an observer found of the backend.
func probe(h *cluster.Host, up bool) {
	h.Begin(model.RequestOp{F: "probe", At: "n2", By: h.Name()}).End(model.Answer{Up: up}, nil)
}

// monitor asks the backend again and again whether it is well.
func (s Service) monitor(ctx context.Context, h *cluster.Host) error {
	path := map[Health]string{Shallow: "/health", Deep: "/deep"}[s.Health]
	if path == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	transport := web.Transport(h)
	defer transport.CloseIdleConnections()
	for {
		if err := h.Sleep(s.Probe); err != nil {
			return fmt.Errorf("gray: monitor: %w", err)
		}
		_ = h.Do(ctx, model.RequestOp{F: "probe", At: "n2", By: h.Name()}, func(ctx context.Context) (any, error) {
			ctx, cancel := h.WithTimeout(ctx, s.Probe)
			defer cancel()
			_, _, err := web.Get(ctx, web.Unseen(transport), "http://n2"+path)
			return model.Answer{Up: err == nil}, nil
		})
	}
}
