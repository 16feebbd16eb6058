package balance

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A worker is a life of a backend.
type worker struct {
	Service
	h     *cluster.Host
	plain http.RoundTripper // for probes
	rt    http.RoundTripper // for users

	mu     sync.Mutex // never held over a wait
	served int
	cache  map[string][]byte
	rows   rows

	workers *web.Slots
}

// serveBackend runs a backend.
func (s Service) serveBackend(ctx context.Context, h *cluster.Host) error {
	transport := web.Transport(h)
	defer transport.CloseIdleConnections()
	b := &worker{Service: s, h: h, plain: transport, rt: web.Recorded(h, transport), cache: map[string][]byte{}, workers: web.NewSlots(h, s.Workers)}
	mux := http.NewServeMux()
	mux.HandleFunc(Shallow, func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc(Deep, b.ready)
	mux.HandleFunc(replicatePath, b.replicated)
	mux.Handle(sessionPath, web.Handle(h, b.session(ctx)))
	mux.Handle("/", web.Handle(h, http.HandlerFunc(b.serve)))
	return web.Serve(ctx, h, ":80", mux)
}

// serve answers a user.
func (b *worker) serve(w http.ResponseWriter, r *http.Request) {
	body, err := b.work(r.Context(), r.URL.Path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(body)
}

// ready answers a probe that wants to know whether users are served.
func (b *worker) ready(w http.ResponseWriter, r *http.Request) {
	err := b.suffer(r.Context(), 0)
	if err == nil && b.depends() {
		_, err = b.ask(r.Context(), b.plain, Deep)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// work does what a route is about.
func (b *worker) work(ctx context.Context, route string) ([]byte, error) {
	if b.Workers > 0 {
		if err := b.workers.Acquire(ctx); err != nil {
			return nil, err
		}
		defer b.workers.Release()
	}
	if err := b.suffer(ctx, b.took(web.Of(ctx).ID)); err != nil {
		return nil, err
	}
	if !b.needs(route) {
		return []byte(route), nil
	}
	return b.fetch(ctx, route)
}

// took returns how long the backend works for a request: half of the mean to one and a half of it.
func (b *worker) took(id int) time.Duration {
	mean := b.Work
	if mean == 0 {
		mean = defaultWork
	}
	d := time.Duration(float64(mean) * (0.5 + keyed.New(uint64(id), "work").Float64()))
	if b.cold() {
		d *= coldTimes
	}
	return d
}

// coldTimes is how much longer work takes on a backend with cold caches.
const coldTimes = 5

// cold reports whether the backend has joined, and has not served enough yet to be warm. Those that were there from the start are warm.
func (b *worker) cold() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.served++
	return b.served <= b.Cold && slices.Index(b.Names(), b.h.Name()) >= b.members(0)
}

var errTrouble = errors.New("balance: the backend can't do this at present")

// suffer takes as long as the work does, or what the node's trouble makes of it.
func (b *worker) suffer(ctx context.Context, took time.Duration) error {
	switch b.troubleAt(b.h.Name(), b.h.Clock().Monotonic()) {
	case FailsFast:
		return errors.Join(errTrouble, sleep(ctx, b.h, time.Millisecond))
	case Hangs:
		<-ctx.Done()
		return ctx.Err()
	case Slow:
		took *= 10
	}
	return sleep(ctx, b.h, took)
}

// sleep waits for d. Work that has begun is done to its end, whether or not a client waits: so it is with most handlers.
func sleep(_ context.Context, h *cluster.Host, d time.Duration) error {
	if d == 0 {
		return nil
	}
	return h.Sleep(d)
}

// fetch asks the dependency, or the cache.
func (b *worker) fetch(ctx context.Context, route string) ([]byte, error) {
	b.mu.Lock()
	body, ok := b.cache[route]
	b.mu.Unlock()
	if ok {
		return body, nil
	}
	body, err := b.ask(ctx, b.rt, route)
	if err == nil && b.Caches {
		b.mu.Lock()
		b.cache[route] = body
		b.mu.Unlock()
	}
	return body, err
}

// ask asks the dependency.
func (b *worker) ask(ctx context.Context, rt http.RoundTripper, route string) ([]byte, error) {
	ctx, cancel := b.h.WithTimeout(ctx, b.timeout()/2)
	defer cancel()
	_, body, err := web.Get(ctx, rt, "http://"+b.Dependency()+route)
	return body, err
}

// serveDependency runs what all backends depend on.
func (s Service) serveDependency(ctx context.Context, h *cluster.Host) error {
	b := &worker{Service: s, h: h}
	return web.Serve(ctx, h, ":80", web.Handle(h, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := b.suffer(r.Context(), dependencyWork); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte(r.URL.Path))
	})))
}

// dependencyWork is how long the dependency works for a request.
const dependencyWork = 5 * time.Millisecond
