package web_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
	"github.com/capsize-go/capsize/workloads"
)

// chain is three services, of which each asks the next one.
type chain struct{ propagate bool }

func (s chain) Run(ctx context.Context, h *cluster.Host) error {
	next := map[string]string{"n1": "http://n2/", "n2": "http://n3/"}[h.Name()]
	rt := s.transport(h)
	return web.Serve(ctx, h, ":80", web.Handle(h, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if next == "" {
			end := web.Of(r.Context()).Deadline // a client that closes its connection is not noticed by this service
			if h.Sleep(100*time.Millisecond) != nil || end > 0 && h.Clock().Monotonic() >= end {
				return
			}
			h.Begin(web.In(r.Context(), "effect", h.Name())).End(nil, nil)
			return
		}
		if _, _, err := web.Get(r.Context(), rt, next); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})))
}

func (s chain) transport(h *cluster.Host) http.RoundTripper {
	rt := web.Recorded(h, web.Transport(h))
	if s.propagate {
		return web.Propagate(h, rt)
	}
	return rt
}

type asker struct {
	h  *cluster.Host
	rt http.RoundTripper
}

func (s chain) Open(_ context.Context, h *cluster.Host) (asker, error) {
	return asker{h, s.transport(h)}, nil
}

func (a asker) Ask(ctx context.Context, in model.RequestOp) (model.Answer, error) {
	ctx, cancel := a.h.WithTimeout(ctx, in.Deadline-a.h.Clock().Monotonic())
	defer cancel()
	out, _, err := web.Get(web.With(ctx, web.Call{ID: in.ID, Route: in.Route}), a.rt, "http://n1/")
	return out, err
}

func (asker) Close() error { return nil }

func runChain(t *testing.T, s chain, deadline time.Duration) *capsize.Result {
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: s, Nodes: 3, Clients: 2, Duration: 5 * time.Second, Settle: time.Second, Seed: 1, Timeout: 10 * time.Second,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(20), Routes: []string{"/a", "/b"}, Deadline: deadline}),
	})
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	return r
}

// TestChainIsRecorded shows that the history has each attempt and all work of a request under its number, at its depth.
func TestChainIsRecorded(t *testing.T) {
	r := runChain(t, chain{}, time.Second)
	type kind struct {
		f     string
		depth int
		at    string
	}
	seen := map[int]map[kind]int{}
	for c := range r.History.Calls() {
		in := c.Invoke.Input.(model.RequestOp)
		require.Equal(t, history.OK, c.Complete.Type, "%v: %v", c.Invoke, c.Complete)
		if seen[in.ID] == nil {
			seen[in.ID] = map[kind]int{}
		}
		seen[in.ID][kind{in.F, in.Depth, in.At}]++
		require.Equal(t, []string{"/a", "/b"}[in.ID%2], in.Route)
	}
	require.InDelta(t, 120, len(seen), 6)
	for _, kinds := range seen {
		require.Equal(t, map[kind]int{
			{"request", 0, ""}: 1, {"attempt", 1, "n1"}: 1, {"work", 1, "n1"}: 1, {"attempt", 2, "n2"}: 1, {"work", 2, "n2"}: 1, {"attempt", 3, "n3"}: 1,
			{"work", 3, "n3"}: 1, {"effect", 3, "n3"}: 1,
		}, kinds)
	}
	again := runChain(t, chain{}, time.Second)
	require.Empty(t, r.Diff(again))
}

// TestDeadlines shows that a deadline which is propagated ends the work, and that an answer which comes too late fails its request at the deadline.
func TestDeadlines(t *testing.T) {
	for _, propagate := range []bool{false, true} {
		r := runChain(t, chain{propagate}, 50*time.Millisecond)
		effects := 0
		for c := range r.History.Calls() {
			in := c.Invoke.Input.(model.RequestOp)
			switch in.F {
			case "request":
				require.Equal(t, history.Info, c.Complete.Type)
				require.Equal(t, in.Deadline.Truncate(time.Microsecond), c.Complete.Time.Truncate(time.Microsecond))
			case "effect":
				effects++
			}
		}
		require.Equal(t, !propagate, effects > 0, "%d effects", effects)
	}
}
