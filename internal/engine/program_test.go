package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/engine"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/workloads"
)

// TestProgram runs a server of net/http that knows nothing of the simulation, and clients of net/http, under faults.
func TestProgram(t *testing.T) {
	if !detrt.Active() {
		t.Skip("needs the deterministic runtime: run it with capsize test")
	}
	first, again := runProgram(t), runProgram(t)
	assert.Empty(t, first.Findings)
	assert.Equal(t, first.Trace, again.Trace)
	ok := 0
	for op := range first.History.Ops() {
		if op.Type == history.OK && op.Process != history.Nemesis {
			ok++
		}
	}
	assert.Greater(t, ok, 100)
	faults := map[string]bool{}
	for _, e := range first.Effects {
		faults[e.Fault] = true
	}
	assert.Len(t, faults, 3, "each fault has hit something: %v %v", first.Effects, first.Skipped)
}

func runProgram(t *testing.T) *engine.Record {
	t.Helper()
	end, err := engine.TakeTurn(t.Context(), t)
	require.NoError(t, err)
	defer end()
	rec, err := engine.Run(t.Context(), t, engine.Config{
		System: cluster.Program(serveRegister), Workload: workloads.Register(openRegister), Seed: 1, Schedule: schedule.Random(4),
		Nodes: 3, Clients: 3, Rate: 20, Stall: time.Minute, Duration: 20 * time.Second, Timeout: 2 * time.Second, Settle: 5 * time.Second,
		Plan: nemesis.Plan{
			{ID: 1, At: 2 * time.Second, For: 3 * time.Second, Fault: nemesis.Pauses(nemesis.Hosts("n1"))},
			{ID: 2, At: 8 * time.Second, For: 3 * time.Second, Fault: nemesis.Lossy(1)},
			{ID: 3, At: 14 * time.Second, For: 2 * time.Second, Fault: nemesis.Crashes(nemesis.Hosts("n1"))},
		},
	})
	require.NoError(t, err)
	return rec
}

// serveRegister is a server that keeps registers in memory.
func serveRegister(*cluster.Host) error {
	var mu sync.Mutex
	values := map[string]string{}
	return http.ListenAndServe(":80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		key := r.URL.Path
		if v := r.FormValue("value"); v != "" {
			values[key] = v
		}
		fmt.Fprint(w, values[key])
	}))
}

// A registerClient is a client of that server, by the client of net/http that all of the process share.
type registerClient struct{ base string }

func openRegister(_ context.Context, h *cluster.Host) (registerClient, error) {
	return registerClient{"http://" + h.Node()}, nil
}

func (c registerClient) Get(ctx context.Context, key string) (v int, err error) {
	text, err := c.ask(ctx, key, "")
	if err == nil && text != "" {
		_, err = fmt.Sscan(text, &v)
	}
	return v, err
}

func (c registerClient) Put(ctx context.Context, key string, value int) error {
	_, err := c.ask(ctx, key, fmt.Sprint("?value=", value))
	return err
}

func (registerClient) Close() error { return nil }

func (c registerClient) ask(ctx context.Context, key, query string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/"+key+query, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(resp.Body)
	return string(b), errors.Join(err, resp.Body.Close())
}
