package capsize_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestLookupsInTwoRuns looks up a name in each of two runs of one process, which the
// runtime would end if the first look-up of the process were in a bubble.
func TestLookupsInTwoRuns(t *testing.T) {
	store := raftkv.Store{}
	for range 2 {
		_, err := capsize.Exec(t.Context(), t, capsize.Test{
			Workload: workloads.Register(store.Open), Nodes: 1, Duration: time.Second, Seed: 1,
			System: cluster.Func(func(ctx context.Context, h *cluster.Host) error {
				_, _ = net.LookupHost("localhost") // a machine may not know the name
				return store.Run(ctx, h)
			}),
		})
		require.NoError(t, err)
	}
}

// TestNoLookupLeavesARun looks up a name that only a server could know.
func TestNoLookupLeavesARun(t *testing.T) {
	store := raftkv.Store{}
	var took time.Duration
	var looked error
	_, err := capsize.Exec(t.Context(), t, capsize.Test{
		Workload: workloads.Register(store.Open), Nodes: 1, Duration: time.Second, Seed: 1,
		System: cluster.Func(func(ctx context.Context, h *cluster.Host) error {
			began := time.Now()
			_, looked = net.LookupHost("nothing.example")
			took = time.Since(began)
			return store.Run(ctx, h)
		}),
	})
	require.NoError(t, err)
	if schedule.Active() { // package net itself knows no name
		require.ErrorContains(t, looked, "no such host")
	} else {
		require.ErrorContains(t, looked, "no query for a name leaves a run")
	}
	require.Zero(t, took, "of virtual time")
}
