package cdn_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/cache/cdn"
	"github.com/capsize-go/capsize/workloads"
)

// TestFailedWriteIsNoVersion has a write fail on a full disk, the next one succeed, and the database crash: it must not give the
// second write the version of the first.
func TestFailedWriteIsNoVersion(t *testing.T) {
	s := cdn.CDN()
	write := func(client int, at time.Duration) workloads.Operation {
		return workloads.Operation{Client: client, At: at, Input: model.CacheOp{F: "write", Key: "k", As: "ann"}}
	}
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: s, Workload: workloads.Copies(s.Open, workloads.CacheLoad{Keys: 1}), Nodes: s.Nodes(), Clients: 2, Duration: 6 * time.Second, Seed: 1,
		Nemesis: nemesis.Plan{
			{ID: 1, At: time.Second, For: time.Second, Fault: nemesis.DiskFull(nemesis.Hosts("n1"))},
			{ID: 2, At: 4 * time.Second, For: 300 * time.Millisecond, Fault: nemesis.Crashes(nemesis.Hosts("n1"))},
		},
		Script: workloads.Script{write(0, 1500*time.Millisecond), write(1, 3*time.Second),
			{Client: 1, At: 5500 * time.Millisecond, Input: model.CacheOp{F: "read", Key: "k", As: "ann"}}},
	})
	require.NoError(t, err)
	for _, c := range r.Checks {
		require.NotEqual(t, checker.Invalid, c.Verdict, "%s: %s\n%v", c.Checker, c.Reason, r.History)
	}
	require.Equal(t, 2, r.Exercised.OK, "%v", r.History)
}
