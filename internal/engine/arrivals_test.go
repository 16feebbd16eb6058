package engine

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// slowClient takes two seconds for each request, and waits for ever for one whose ID is stuck.
type slowClient struct {
	h     *cluster.Host
	stuck int
}

func (c slowClient) Close() error { return nil }

func (c slowClient) call(ctx context.Context, in model.RequestOp) (out model.Answer, err error) {
	if in.ID == c.stuck {
		c.h.Begin(model.RequestOp{F: "hold", ID: in.ID, At: "seat"}) // and never gives it back
		go c.h.Do(context.WithoutCancel(ctx), model.RequestOp{F: "wait", ID: in.ID, At: "door"}, waitForever)
	}
	return out, c.h.Do(ctx, model.RequestOp{F: "work", ID: in.ID, At: c.h.Name()}, func(context.Context) (any, error) {
		return nil, c.h.Sleep(2 * time.Second)
	})
}

func waitForever(context.Context) (any, error) {
	<-make(chan struct{})
	return nil, nil
}

func runOpen(t *testing.T, stuck int, seed uint64, faults ...nemesis.Step) *Record {
	idle := cluster.Func(func(ctx context.Context, _ *cluster.Host) error { <-ctx.Done(); return nil })
	r, err := Run(t.Context(), t, Config{
		System: idle, Nodes: 1, Clients: 2, Seed: seed, Duration: 5 * time.Second, Timeout: 10 * time.Second, Settle: time.Second, Stall: time.Minute, Plan: faults,
		Workload: workloads.New(workloads.Spec[slowClient, model.RequestOp, model.Answer]{
			Name: "open", Arrivals: workloads.Constant(20),
			Open: func(_ context.Context, h *cluster.Host) (slowClient, error) { return slowClient{h, stuck}, nil },
			Next: func(t workloads.Turn[model.RequestOp, model.Answer]) model.RequestOp {
				return model.RequestOp{F: "request", ID: t.Number()}
			},
			Invoke: func(ctx context.Context, c slowClient, in model.RequestOp) (model.Answer, error) {
				return c.call(ctx, in)
			},
		}),
	})
	require.NoError(t, err)
	return r
}

// TestOpenLoad shows that requests arrive at the rate that was asked for, though each takes far longer than from one to the next.
func TestOpenLoad(t *testing.T) {
	r := runOpen(t, -1, 1)
	requests, busy := 0, map[int]bool{}
	for op := range r.History.Ops() {
		switch {
		case op.Type == history.Invoke:
			require.False(t, busy[op.Process], "process %d has two open calls", op.Process)
			busy[op.Process] = true
			if op.Input.(model.RequestOp).F == "request" {
				requests++
			}
		default:
			require.Equal(t, history.OK, op.Type, "%v", op)
			busy[op.Process] = false
		}
	}
	require.InDelta(t, 6*20, requests, 6)
	require.Empty(t, r.Findings)
	again := runOpen(t, -1, 1)
	require.Equal(t, r.History, again.History)
	require.NotEqual(t, r.History, runOpen(t, -1, 2).History)
}

// TestSpansThatDoNotEnd shows that the history says where a call waits that never ends, and that a resource which is never given back stays held.
func TestSpansThatDoNotEnd(t *testing.T) {
	r := runOpen(t, 7, 1)
	calls := map[string]history.Call{}
	for c := range r.History.Calls() {
		if in := c.Invoke.Input.(model.RequestOp); in.ID == 7 {
			calls[in.F] = c
		}
	}
	require.Equal(t, history.OK, calls["request"].Complete.Type)
	require.Equal(t, history.Info, calls["wait"].Complete.Type)
	require.Contains(t, calls["wait"].Complete.Err, "still waits in engine.waitForever (arrivals_test.go:")
	require.Equal(t, "seat", calls["hold"].Invoke.Input.(model.RequestOp).At)
	require.True(t, calls["hold"].Open(), "it never ended")
}

// TestArrivalsAfterPause shows that requests which were due while their client was paused arrive one by one.
func TestArrivalsAfterPause(t *testing.T) {
	r := runOpen(t, -1, 1, nemesis.Step{ID: 1, At: time.Second, For: 2 * time.Second, Fault: nemesis.Pauses(nemesis.EveryClient)})
	began := map[time.Duration]int{}
	late := 0
	for op := range r.History.Ops() {
		if in, ok := op.Input.(model.RequestOp); ok && in.F == "request" {
			began[op.Time]++
			require.Equal(t, 1, began[op.Time], "two requests arrived at %v", op.Time)
			if op.Time > 3*time.Second && op.Time < 3100*time.Millisecond {
				late++
			}
		}
	}
	require.Greater(t, late, 20)
}
