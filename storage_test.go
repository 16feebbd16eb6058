package capsize_test

import (
	"context"
	"encoding/binary"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// A wal is a store on one node that keeps its values in a write-ahead log. Goroutines
// that serve requests append to it under a mutex, over the sync, and so does one that
// appends a mark each millisecond.
type wal struct{ noSync bool }

// A walRecord is a write, and the request for it; a read has the value 0.
type walRecord struct{ key, value uint32 }

func (w wal) Run(ctx context.Context, h *cluster.Host) error {
	f, err := h.Disk().Open("log")
	if err != nil {
		return err
	}
	values := map[uint32]uint32{}
	b := make([]byte, 8)
	for at := int64(0); at+8 <= f.Size(); at += 8 { // a torn tail is overwritten
		if _, err := f.ReadAt(b, at); err != nil {
			return err
		}
		values[binary.BigEndian.Uint32(b)] = binary.BigEndian.Uint32(b[4:])
	}
	end := f.Size() / 8 * 8
	var mu sync.Mutex
	do := func(r walRecord) (uint32, error) {
		mu.Lock()
		defer mu.Unlock()
		if r.value == 0 {
			return values[r.key], nil
		}
		b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, r.key), r.value)
		if _, err := f.WriteAt(b, end); err != nil {
			return 0, err
		}
		if end, values[r.key] = end+8, r.value; w.noSync {
			return 0, nil
		}
		return 0, f.Sync()
	}
	h.Handle(func(m cluster.Message) {
		go func() {
			if v, err := do(m.Body.(walRecord)); err == nil {
				m.Reply(v)
			}
		}()
	})
	if !w.noSync {
		go func() {
			for n := uint32(1); h.Sleep(time.Millisecond) == nil; n++ {
				_, _ = do(walRecord{1 << 31, n})
			}
		}()
	}
	<-ctx.Done()
	return ctx.Err()
}

type walClient struct{ h *cluster.Host }

func (wal) Open(_ context.Context, h *cluster.Host) (walClient, error) { return walClient{h}, nil }

func (c walClient) Get(ctx context.Context, key string) (int, error) {
	v, err := cluster.Ask[uint32](ctx, c.h, "n1", walRecord{key: uint32(key[1])})
	return int(v), err
}

func (c walClient) Put(ctx context.Context, key string, value int) error {
	_, err := cluster.Ask[uint32](ctx, c.h, "n1", walRecord{uint32(key[1]), uint32(value)})
	return err
}

func (c walClient) Close() error { return nil }

func (w wal) test() capsize.Test {
	return capsize.Test{
		System: w, Workload: workloads.Register(w.Open), Nodes: 1, Clients: 4, Duration: 5 * time.Second,
		Nemesis: nemesis.Every(time.Second, nemesis.Crashes(), nemesis.CrashesInWrite(), nemesis.SlowDisk(0)),
	}
}

// TestMutexOverSync runs a write-ahead log as all are written: virtual time passes
// although goroutines wait for a mutex that is held over a sync.
func TestMutexOverSync(t *testing.T) {
	x := wal{}.test()
	for x.Seed = 1; x.Seed <= uint64(tier.Seeds(t, 1, 5)); x.Seed++ {
		r, err := capsize.Exec(t.Context(), t, x)
		require.NoError(t, err)
		assert.Equal(t, checker.Valid, r.Verdict, "%s %v", r.Reason, r.Findings)
		assert.Positive(t, r.Exercised.Crashes)
		assert.Greater(t, r.Exercised.Syncs, 3000)
	}
}

func TestMutexOverSyncIsDeterministic(t *testing.T) {
	tier.SkipRepeats(t) // TestMutexOverSync
	x := wal{}.test()
	x.Seed = 6
	capsize.CheckDeterminism(t, x)
}

// The same log without the sync loses what it acknowledged.
func TestMutexOverNoSync(t *testing.T) {
	x := wal{noSync: true}.test()
	x.Seed = 1
	r, err := capsize.Exec(t.Context(), t, x)
	require.NoError(t, err)
	assert.Equal(t, checker.Invalid, r.Verdict)
}
