package capsize_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// unjudged finds nothing wrong with any history, to see what judging costs.
var unjudged = checker.Func(func(context.Context, *history.History) checker.Result {
	return checker.Result{Checker: "none"}
})

// BenchmarkRaft measures how much a raft store of five nodes with ten clients gets
// through under partitions, in a second of processor time: virtual seconds for
// clients of 100 operations a second together, client operations for clients that
// ask as fast as they are answered. It also measures the memory that a run needs for
// a call, and what of it the history keeps for each of its ops.
func BenchmarkRaft(b *testing.B) {
	store := raftkv.Store{}
	for _, bench := range []struct {
		name string
		rate float64
		on   bool
	}{
		{"paced/checker=on", 100, true},
		{"paced/checker=off", 100, false},
		{"unpaced/checker=on", capsize.Unpaced, true},
		{"unpaced/checker=off", capsize.Unpaced, false},
	} {
		b.Run(bench.name, func(b *testing.B) {
			test := capsize.Test{
				System: store, Workload: workloads.Register(store.Open), Rate: bench.rate,
				Nemesis: nemesis.Every(10*time.Second, nemesis.Partitions()),
				Nodes:   5, Clients: 10, Duration: 60 * time.Second,
			}
			if !bench.on {
				test.Workload.Checker = unjudged
			}
			benchmarkRun(b, test)
		})
	}
}

func benchmarkRun(b *testing.B, test capsize.Test) {
	var before, after, kept runtime.MemStats
	var cpu, virtual time.Duration
	var last *capsize.Result
	calls := 0
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := 0; b.Loop(); i++ {
		test.Seed = uint64(i + 1)
		r, err := capsize.Exec(b.Context(), new(testing.T), test)
		require.NoError(b, err)
		require.Equal(b, checker.Valid, r.Verdict, r.Reason)
		last = r
		cpu += r.CPU
		virtual += r.Virtual
		calls += r.Exercised.OK + r.Exercised.Fail + r.Exercised.Info
	}
	runtime.ReadMemStats(&after)
	runtime.GC()
	runtime.ReadMemStats(&kept)
	b.ReportMetric(float64(kept.HeapAlloc-before.HeapAlloc)/float64(last.History.Len()), "B-kept/history-op")
	runtime.KeepAlive(last)
	b.ReportMetric(virtual.Seconds()/cpu.Seconds(), "virtual-s/cpu-s")
	b.ReportMetric(float64(calls)/cpu.Seconds(), "calls/cpu-s")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(calls), "B/call")
	b.ReportMetric(0, "ns/op")
}
