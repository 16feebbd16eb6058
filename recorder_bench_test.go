package capsize_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/recorder"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// BenchmarkRecorder measures what a recorder costs: the CPU time of runs with one and
// without one, by turns.
func BenchmarkRecorder(b *testing.B) {
	store := raftkv.Store{}
	test := capsize.Test{
		System: store, Workload: workloads.Register(store.Open), Nodes: 5, Clients: 10, Duration: 60 * time.Second,
		Nemesis: nemesis.Every(10*time.Second, nemesis.Partitions()),
	}
	rec, err := recorder.New(b.TempDir())
	require.NoError(b, err)
	defer rec.Close()
	var cpu [2]time.Duration
	for i := 0; b.Loop(); i++ {
		test.Seed = uint64(i/4 + 1)
		on := (i + i/2) % 2 // without, with, with, without
		ctx := []context.Context{b.Context(), recorder.NewContext(b.Context(), rec)}[on]
		r, err := capsize.Exec(ctx, new(testing.T), test)
		require.NoError(b, err)
		cpu[on] += r.CPU
	}
	b.ReportMetric(100*(cpu[1].Seconds()/cpu[0].Seconds()-1), "%-more-cpu")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkTrace measures what recording the messages of a whole run costs, when that is on: the CPU time of runs with and without it, by turns.
// That it costs nothing when off is measured against the commit before it, with BenchmarkRaft of two test binaries by turns:
//
//	go test -c -o after . && (cd ../before && go test -c -o ../after/before .)
//	for i in $(seq 20); do for x in before after; do ./$x -test.run '^$' -test.bench 'Raft/unpaced/checker=off' -test.benchtime 4x; done; done
func BenchmarkTrace(b *testing.B) {
	store := raftkv.Store{}
	test := capsize.Test{
		System: store, Workload: workloads.Register(store.Open), Nodes: 5, Clients: 10, Duration: 60 * time.Second,
		Nemesis: nemesis.Every(10*time.Second, nemesis.Partitions()),
	}
	var cpu [2]time.Duration
	for i := 0; b.Loop(); i++ {
		test.Seed = uint64(i/4 + 1)
		on := (i + i/2) % 2 // without, with, with, without
		test.Record = []trace.Window{{}, {To: time.Hour}}[on]
		r, err := capsize.Exec(b.Context(), new(testing.T), test)
		require.NoError(b, err)
		cpu[on] += r.CPU
	}
	b.ReportMetric(100*(cpu[1].Seconds()/cpu[0].Seconds()-1), "%-more-cpu")
	b.ReportMetric(0, "ns/op")
}
