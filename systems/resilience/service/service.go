package service

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Service is what one node runs. Under [cluster.SlowByTen] a request takes it ten times as long, and under [cluster.AcceptAndHang] until it has
// recovered; see [github.com/capsize-go/capsize/nemesis.Degrades].
type Service struct {
	Role    string        // faults find it by that
	Workers int           // requests that it works for at a time; 0: no bound
	Time    time.Duration // that a request takes it, without what it asks of others
	Tail    Tail          // some take longer
	Queue   Queue         // of requests that no worker is free for

	Detached bool // it goes on with a request whose client has gone away, as a thread does that waits

	Stores bool // it writes each request to its disk, and fails those that it can't write

	Asks   []Ask         // what it asks of others for a request, one after the other
	Policy policy.Policy // with which it does; default: [policy.None]
}

// A Tail is the slow requests of a service that is well: those that meet a garbage collection, or a cold page.
type Tail struct {
	Share float64       // of the requests, from 0 to 1; drawn for each attempt
	Time  time.Duration // that they take
}

// An Ask is a request that a service makes of another one.
type Ask struct {
	Node     string // that is asked
	Route    string // of the client's requests for which it is asked; default: all
	Optional bool   // without its answer the service still answers, and says that a part is missing
	Silent   bool   // and it does not even say so
}

// A running is a service on its host.
type running struct {
	Service
	h    *cluster.Host
	pool *pool
	file *cluster.File // of a service that stores
	rt   http.RoundTripper
	ctx  context.Context // of the life of the host
	key  keyed.Key       // of its draws
	hung atomic.Int64    // requests that hung so far
}

// run serves until ctx is done.
func (s Service) run(ctx context.Context, h *cluster.Host, rt http.RoundTripper) error {
	if s.Role != "" {
		h.SetRole(s.Role)
	}
	r := &running{Service: s, h: h, pool: newPool(h, s), rt: rt, ctx: ctx, key: keyed.New(h.Rand().Uint64(), "service")}
	if s.Stores {
		var err error
		if r.file, err = h.Disk().Open("requests"); err != nil {
			return fmt.Errorf("service: open the store of %s: %w", h.Name(), err)
		}
	}
	return web.Serve(ctx, h, ":80", web.Handle(h, http.HandlerFunc(r.serve)))
}

// serve answers one request.
func (s *running) serve(w http.ResponseWriter, r *http.Request) {
	hold, err := s.pool.acquire(s.ctx, r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	answer, err := s.work(r)
	s.pool.release(hold)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	if answer.Missing > 0 {
		_ = json.NewEncoder(w).Encode(answer) // a client that is gone does not mind
	}
}

// work does what a request asks for, and returns which parts of the answer are missing.
func (s *running) work(r *http.Request) (answer model.Answer, err error) {
	c := web.Of(r.Context())
	if err := cmp.Or(s.hang(), s.h.Sleep(s.h.Slowed(s.takes(c)))); err != nil {
		return answer, err
	}
	if s.file != nil {
		if _, err := fmt.Fprintln(s.file, c.ID); err != nil {
			return answer, fmt.Errorf("service: store request %d: %w", c.ID, err)
		}
	}
	ctx := r.Context()
	if s.Detached {
		ctx = context.WithoutCancel(ctx)
	}
	for _, ask := range s.Asks {
		if ask.Route != "" && ask.Route != c.Route {
			continue
		}
		_, _, err := web.Get(ctx, s.rt, "http://"+ask.Node+"/")
		switch {
		case err == nil:
		case !ask.Optional && !ask.Silent:
			return answer, fmt.Errorf("service: %s asks %s: %w", s.h.Name(), ask.Node, err)
		default:
			answer.Missing++
			answer.Partial = answer.Partial || ask.Optional
		}
	}
	return answer, nil
}

// hang waits while a fault has the service hang. Those that hung go on one after the other: at one instant their order would be chance.
func (s *running) hang() error {
	if !s.h.Degraded(cluster.AcceptAndHang) {
		return nil
	}
	place := s.hung.Add(1)
	return cmp.Or(s.h.AwaitRecovery(s.ctx, cluster.AcceptAndHang), s.h.Sleep(time.Duration(place)*time.Microsecond))
}

// takes returns how long a request takes a service that is well.
func (s *running) takes(c web.Call) time.Duration {
	if s.Tail.Share > 0 && s.key.Int(int64(c.ID), int64(s.h.Clock().Monotonic())).Float64() < s.Tail.Share {
		return s.Tail.Time
	}
	return s.Time
}
