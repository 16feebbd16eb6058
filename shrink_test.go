package capsize_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/crdtkv"
	"github.com/capsize-go/capsize/systems/kv/primarykv"
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// firstInvalid returns the first run of the test that is invalid.
func firstInvalid(t *testing.T, test capsize.Test) *capsize.Result {
	t.Helper()
	for test.Seed = 1; test.Seed <= 30; test.Seed++ {
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		if r.Verdict == checker.Invalid {
			return r
		}
	}
	require.Fail(t, "no seed is invalid")
	return nil
}

// TestShrink shows that failures become small, that the small run fails alike each time, and that it fails by the bug: without it, it does not.
func TestShrink(t *testing.T) {
	partitions := nemesis.Every(6*time.Second, nemesis.Partitions())
	for _, x := range []struct {
		name    string
		test    func(bug bool) capsize.Test
		most    capsize.Size
		nemesis nemesis.Nemesis
	}{
		{"a stale read, which needs no fault", func(bug bool) capsize.Test {
			s := raftkv.Store{}
			if bug {
				s.Bugs = raftkv.LocalReads
			}
			return capsize.Test{System: s, Workload: workloads.Register(s.Open)}
		}, capsize.Size{Faults: 0, Operations: 2, Nodes: 3, Clients: 2}, partitions},
		{"a read of a primary that was deposed", func(bug bool) capsize.Test {
			s := primarykv.Store{}
			if bug {
				s.Bugs = primarykv.NoFencing
			}
			return capsize.Test{System: s, Workload: workloads.Register(s.Open)}
		}, capsize.Size{Faults: 1, Operations: 4, Nodes: 3, Clients: 4}, partitions},
		{"a write that is lost, which final reads show", func(bug bool) capsize.Test {
			s := quorumkv.Store{}
			if bug {
				s.Bugs = quorumkv.AckBeforeSync
			}
			return capsize.Test{System: s, Workload: workloads.Versions(s.Open)}
		}, capsize.Size{Faults: 2, Operations: 5, Nodes: 4, Clients: 5}, nemesis.Every(6*time.Second, nemesis.Crashes())},
		{"a removal that undoes too much, which final reads show", func(bug bool) capsize.Test {
			s := crdtkv.Store{}
			if bug {
				s.Bugs = crdtkv.RemoveWins
			}
			return capsize.Test{System: s, Workload: workloads.AddWins(s.OpenSet)}
		}, capsize.Size{Faults: 1, Operations: 6, Nodes: 5, Clients: 6}, partitions},
	} {
		t.Run(x.name, func(t *testing.T) {
			if testing.Short() && x.most.Faults > 0 {
				t.Skip("long")
			}
			test := x.test(true)
			test.Nemesis, test.Duration = x.nemesis, 20*time.Second
			r := firstInvalid(t, test)
			small, err := capsize.Shrink(t.Context(), t, r, capsize.ShrinkOptions{CPU: time.Hour})
			require.NoError(t, err)
			assert.Empty(t, small.Stopped)
			assert.LessOrEqual(t, small.After.Faults, x.most.Faults)
			assert.LessOrEqual(t, small.After.Operations, x.most.Operations)
			assert.LessOrEqual(t, small.After.Nodes, x.most.Nodes)
			assert.LessOrEqual(t, small.After.Clients, x.most.Clients)
			assert.Greater(t, small.Before.Operations, 100)
			assertNeeded(t, small)

			again, err := capsize.Exec(t.Context(), t, small.Test)
			require.NoError(t, err)
			assert.Empty(t, small.Result.Diff(again))
			assert.True(t, again.Shows(t.Context(), small.Signature))

			right := x.test(false)
			fixed := small.Test
			fixed.System, fixed.Workload = right.System, right.Workload
			sound, err := capsize.Exec(t.Context(), t, fixed)
			require.NoError(t, err)
			assert.NotEqual(t, checker.Invalid, sound.Verdict, sound.Reason)
		})
	}
}

// assertNeeded asserts that nothing can be taken out of a small run.
func assertNeeded(t *testing.T, small *capsize.Shrunk) {
	t.Helper()
	notes := small.After.Operations
	switch small.After.Faults {
	case 0:
	case 1:
		notes++
	default:
		notes += 1 + small.After.Faults
	}
	require.Len(t, small.Notes, notes)
	for _, n := range small.Notes {
		assert.True(t, n.Needed, "%s: %s", n.Part, n.Without)
	}
}

// TestShrinkRefuses shows which runs can't be minimised.
func TestShrinkRefuses(t *testing.T) {
	store := raftkv.Store{}
	test := capsize.Test{System: store, Workload: workloads.Register(store.Open), Duration: 2 * time.Second, Seed: 1}
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	_, err = capsize.Shrink(t.Context(), t, r, capsize.ShrinkOptions{})
	require.ErrorContains(t, err, "shrink seed 1: it is")

	calls := 0
	chance := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		if calls++; h.Name() == "n1" && calls < 6 { // of the first run alone
			panic("once")
		}
		return store.Run(ctx, h)
	})
	test.System = chance
	r, err = capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	require.Equal(t, checker.Invalid, r.Verdict)
	_, err = capsize.Shrink(t.Context(), t, r, capsize.ShrinkOptions{})
	require.ErrorIs(t, err, capsize.ErrNotRepeated)
}

// TestShrinkTriesNothing shows that a search which ends before its first run does not claim that the failure does not repeat.
func TestShrinkTriesNothing(t *testing.T) {
	store := raftkv.Store{Bugs: raftkv.LocalReads}
	r := firstInvalid(t, capsize.Test{System: store, Workload: workloads.Register(store.Open), Duration: 5 * time.Second, Nemesis: nemesis.Every(2*time.Second, nemesis.Partitions())})
	done, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx  context.Context
		o    capsize.ShrinkOptions
		want string
	}{
		{t.Context(), capsize.ShrinkOptions{Runs: 1}, "the budget of 1 run is used up before a run was tried"},
		{t.Context(), capsize.ShrinkOptions{CPU: 1}, "the budget of 1ns of processor time is used up before a run was tried"},
		{t.Context(), capsize.ShrinkOptions{Signature: capsize.Signature{Checker: "other", Anomaly: "rule"}}, `the run does not show the signature "other: rule"`},
		{done, capsize.ShrinkOptions{}, "context canceled"},
	} {
		_, err := capsize.Shrink(c.ctx, t, r, c.o)
		require.ErrorContains(t, err, c.want)
		require.NotErrorIs(t, err, capsize.ErrNotRepeated)
	}
}

// TestShrinkBudget shows that the search ends with its budget, says so, and returns what it has.
func TestShrinkBudget(t *testing.T) {
	store := raftkv.Store{Bugs: raftkv.LocalReads}
	r := firstInvalid(t, capsize.Test{System: store, Workload: workloads.Register(store.Open), Duration: 5 * time.Second, Nemesis: nemesis.Every(2*time.Second, nemesis.Partitions())})
	steps := 0
	small, err := capsize.Shrink(t.Context(), t, r, capsize.ShrinkOptions{Runs: 4, Progress: func(s capsize.ShrinkStatus) { steps = s.Runs }})
	require.NoError(t, err)
	assert.Equal(t, "the budget of 4 runs is used up", small.Stopped)
	assert.GreaterOrEqual(t, steps, 3)
	assert.Less(t, small.After.Faults, small.Before.Faults)
}
