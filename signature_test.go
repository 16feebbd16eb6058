package capsize_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestSignatures shows that runs which fail by one bug have one signature, and those of two bugs have two.
func TestSignatures(t *testing.T) {
	of := func(bugs raftkv.Bug, nem nemesis.Nemesis, seeds ...uint64) map[string]int {
		found := map[string]int{}
		for _, seed := range seeds {
			store := raftkv.Store{Bugs: bugs}
			r, err := capsize.Exec(t.Context(), t, capsize.Test{System: store, Workload: workloads.Register(store.Open), Nemesis: nem, Duration: 12 * time.Second, Seed: seed})
			require.NoError(t, err)
			s, ok := r.Signature(t.Context())
			assert.Equal(t, r.Verdict != checker.Valid, ok)
			if r.Verdict == checker.Invalid {
				found[s.String()]++
				assert.True(t, r.Shows(t.Context(), s))
				assert.False(t, r.Shows(t.Context(), capsize.Signature{Checker: s.Checker, Anomaly: "another"}))
			}
		}
		return found
	}
	assert.Equal(t, map[string]int{"linearizable: a newer value had replaced it (read ok)": 3}, of(raftkv.LocalReads, nemesis.None, 1, 2, 3))
	votes := of(raftkv.NoPrefixCheck, nemesis.Every(5*time.Second, nemesis.Partitions()), 1, 2, 3, 4)
	assert.Contains(t, votes, "convergence: the nodes ended in different states")
}

// TestSignatureOfPanics shows that how many nodes panic makes no other signature.
func TestSignatureOfPanics(t *testing.T) {
	of := func(nodes string) capsize.Signature {
		system := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
			if strings.Contains(nodes, h.Name()) {
				panic("boom")
			}
			<-ctx.Done()
			return nil
		})
		r, err := capsize.Exec(t.Context(), t, capsize.Test{System: system, Workload: workloads.Register(raftkv.Store{}.Open), Script: workloads.Script{}, Duration: time.Second, Seed: 1})
		require.NoError(t, err)
		for _, c := range r.Checks {
			if c.Checker == "no crash" {
				r.Checks, r.Verdict = []checker.Result{c}, c.Verdict
			}
		}
		s, ok := r.Signature(t.Context())
		require.True(t, ok)
		return s
	}
	assert.Contains(t, of("n1").Anomaly, "boom")
	assert.Equal(t, of("n1"), of("n1 n2 n3"))
}
