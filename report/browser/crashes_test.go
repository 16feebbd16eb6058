package browser

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/examples/quickstart"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/workloads"
	"github.com/stretchr/testify/require"
)

// crashes are runs of code that panics, and that does not return.
var crashes = []kind{
	{name: "panic", verdict: "invalid", run: panicking},
	{name: "hang", verdict: "invalid", run: hanging},
}

// panicking is a store whose second node panics after some seconds.
func panicking(ctx context.Context, h *cluster.Host) error {
	store := quickstart.Store{FromLeader: true}
	if h.Name() != "n2" {
		return store.Run(ctx, h)
	}
	go func() { _ = store.Run(ctx, h) }()
	if err := h.Sleep(3 * time.Second); err != nil {
		return err
	}
	panic("the log begins at 7, and the snapshot ends at 4") // in the goroutine of Run, which Capsize survives
}

// hanging is a store whose second node waits while it holds a lock that another goroutine of it wants.
func hanging(ctx context.Context, h *cluster.Host) error {
	store := quickstart.Store{FromLeader: true}
	if h.Name() != "n2" {
		return store.Run(ctx, h)
	}
	go func() { _ = store.Run(ctx, h) }()
	if err := h.Sleep(3 * time.Second); err != nil {
		return err
	}
	var mu sync.Mutex
	for range 2 {
		go func() {
			mu.Lock()
			defer mu.Unlock()
			_ = h.Sleep(time.Second)
		}()
	}
	<-ctx.Done()
	return nil
}

// rerun is the command that the page of a crash has.
func rerun(k kind) string { return "go test -run TestStore/" + k.name + " ." }

// makeRun runs a system in this process, and returns its page.
func makeRun(t *testing.T, k kind) made {
	t.Helper()
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		Name: "TestStore/" + k.name, System: cluster.Func(k.run), Workload: workloads.Register(quickstart.Store{}.Open),
		Nodes: 3, Clients: 4, Rate: 40, Duration: 8 * time.Second, Seed: 1, Stall: time.Hour,
		Nemesis: nemesis.At(time.Second, time.Second, nemesis.Partitions()),
	})
	require.NoError(t, err)
	page, err := r.Page(rerun(k))
	require.NoError(t, err)
	file, err := report.Write(folder(shared.work)("made", k.name), page)
	require.NoError(t, err)
	return made{file: file}
}
