package capsize_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/workloads"
)

// A swapStore is a store of one node that answers requests in batches, all of a batch side by side, and whose compare-and-swap gives up its lock
// between the comparison and the write.
type swapStore struct{}

// batch is how long a swapStore gathers requests.
const batch = 20 * time.Millisecond

// A swapRequest is what a client of a swapStore sends, on one line.
type swapRequest struct {
	Op         string
	Key        string
	Old, Value int
}

func (swapStore) Run(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	state := struct {
		sync.Mutex
		values map[string]int
	}{values: map[string]int{}}
	get := func(key string) int {
		state.Lock()
		defer state.Unlock()
		return state.values[key]
	}
	put := func(key string, value int) {
		state.Lock()
		defer state.Unlock()
		state.values[key] = value
	}
	begin := sync.NewCond(new(sync.Mutex))
	go func() {
		for h.Sleep(batch) == nil {
			begin.Broadcast()
		}
	}()
	context.AfterFunc(ctx, begin.Broadcast)
	for {
		conn, err := l.Accept()
		if err != nil {
			return nil
		}
		go func() {
			defer conn.Close()
			in, out := json.NewDecoder(bufio.NewReader(conn)), json.NewEncoder(conn)
			for {
				var r swapRequest
				if in.Decode(&r) != nil {
					return
				}
				begin.L.Lock()
				begin.Wait()
				begin.L.Unlock()
				found := get(r.Key)
				if r.Op == "put" || r.Op == "cas" && found == r.Old {
					put(r.Key, r.Value)
				}
				if out.Encode(found) != nil {
					return
				}
			}
		}()
	}
}

// A swapClient is a client of a swapStore.
type swapClient struct{ conn net.Conn }

func openSwap(ctx context.Context, h *cluster.Host) (swapClient, error) {
	conn, err := h.DialContext(ctx, "tcp", "n1:80")
	return swapClient{conn}, err
}

func (c swapClient) Close() error { return c.conn.Close() }

func (c swapClient) ask(ctx context.Context, r swapRequest) (found int, err error) {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.Close() })
	defer stop()
	if err := json.NewEncoder(c.conn).Encode(r); err != nil {
		return 0, fmt.Errorf("send: %w", err)
	}
	err = json.NewDecoder(c.conn).Decode(&found)
	return found, err
}

func (c swapClient) Get(ctx context.Context, key string) (int, error) {
	return c.ask(ctx, swapRequest{Op: "get", Key: key})
}

func (c swapClient) Put(ctx context.Context, key string, value int) error {
	_, err := c.ask(ctx, swapRequest{Op: "put", Key: key, Value: value})
	return err
}

func (c swapClient) CAS(ctx context.Context, key string, old, value int) (int, error) {
	return c.ask(ctx, swapRequest{Op: "cas", Key: key, Old: old, Value: value})
}

// TestShrinkSchedule shows that the schedule of a run is minimised as well: goroutines are stopped less often than in the run that failed.
func TestShrinkSchedule(t *testing.T) {
	if !schedule.Active() {
		t.Skip("it needs the deterministic runtime: run it with capsize test")
	}
	test := capsize.Test{System: swapStore{}, Workload: workloads.RegisterOver(openSwap, 1), Nodes: 1, Clients: 6, Schedule: schedule.Random(2), Rate: 400, Duration: 5 * time.Second, Seed: 1}
	_, err := capsize.Exec(t.Context(), t, test) // fills the caches of encoding/json
	require.NoError(t, err)
	r := firstInvalid(t, test)
	small, err := capsize.Shrink(t.Context(), t, r, capsize.ShrinkOptions{CPU: time.Hour})
	require.NoError(t, err)
	assert.NotEqual(t, schedule.Random(2), small.Test.Schedule)
	assert.LessOrEqual(t, small.After.Operations, 8)
	again, err := capsize.Exec(t.Context(), t, small.Test)
	require.NoError(t, err)
	assert.Equal(t, checker.Invalid, again.Verdict)
	assert.Empty(t, small.Result.Diff(again))
	t.Log(small.Signature, small.Before, small.After, small.Test.Schedule, small.Runs)
}
