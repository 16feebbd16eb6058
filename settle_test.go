package capsize_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// seeds returns how many seeds a sweep takes: n, unless the environment says
// otherwise.
func seeds(t *testing.T, n int) uint64 {
	t.Helper()
	if text := os.Getenv("CAPSIZE_SEEDS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	return uint64(n)
}

// raftTest returns a short test of a raft store.
func raftTest(bugs raftkv.Bug) capsize.Test {
	store := raftkv.Store{Bugs: bugs}
	return capsize.Test{
		System: store, Workload: workloads.Register(store.Open),
		Nemesis:  nemesis.Every(5*time.Second, nemesis.Partitions()),
		Duration: 10 * time.Second,
	}
}

// invalid counts the seeds from 1 on that are found invalid, and keeps one reason.
func invalid(t *testing.T, test capsize.Test, seeds uint64) (n int, reason string) {
	t.Helper()
	for seed := uint64(1); seed <= seeds; seed++ {
		test.Seed = seed
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		require.NotEqual(t, checker.Unknown, r.Verdict, "seed %d: %s", seed, r.Reason)
		if r.Verdict == checker.Invalid {
			n, reason = n+1, r.Reason
		}
	}
	return n, reason
}

// TestCoreThaws runs a store without bugs whose core alone heals: nothing is found, and every node answers
// in the end, those that were frozen as well.
func TestCoreThaws(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	test := raftTest(0)
	test.Core = true
	for seed := range 2 * seeds(t, 2) {
		test.Seed = seed + 1
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		require.Equal(t, checker.Valid, r.Verdict, "seed %d: %s", test.Seed, r.Reason)
		last := map[string]history.Call{}
		for c := range r.History.Calls() {
			last[c.Invoke.Node] = c
		}
		require.Len(t, last, 5)
		for node, c := range last { // order: only asserted
			assert.Equal(t, history.OK, c.Complete.Type, "seed %d, %s: %v", test.Seed, node, c)
		}
	}
}

// refuse is what a fault does that is never injected.
func refuse(context.Context, *cluster.Cluster, *randV2) (string, func(), error) {
	return "", nil, errors.New("not today")
}

// TestCoreFindsNoPreVote shows a failure of liveness that no healed network
// shows: a node that hears nothing deposes every leader of those that are well.
func TestCoreFindsNoPreVote(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	broken := raftTest(raftkv.NoPreVote)
	healed, reason := invalid(t, broken, seeds(t, 2))
	assert.Zero(t, healed, reason)
	broken.Core = true
	found, reason := invalid(t, broken, seeds(t, 2))
	assert.Positive(t, found)
	assert.Regexp(t, "elections do not end|no operation at n. succeeded", reason)
}

// TestCoreOfMembers isolates the others only when no node counts on former members any
// more, or not yet: a core can't replace them.
func TestCoreOfMembers(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	reshuffle, err := nemesis.FindPreset("reshuffle")
	require.NoError(t, err)
	test := raftTest(0)
	test.Core, test.Nemesis = true, reshuffle.With(raftkv.ElectionTimeout)
	found, reason := invalid(t, test, seeds(t, 3))
	assert.Zero(t, found, reason)
}

func TestNothingBit(t *testing.T) {
	r := run(t, echo{}, func(test *capsize.Test) {
		test.Nemesis = nemesis.At(time.Hour/2, time.Second, nemesis.Partitions())
		test.Duration = time.Second
	})
	assert.Equal(t, checker.Unknown, r.Verdict)
	assert.Equal(t, "no fault was injected: a run of 1s is too short, for the first fault is due after 30m0s", r.Reason)
	r = run(t, echo{}, func(test *capsize.Test) {
		test.Nemesis, test.Duration = nemesis.Every(10*time.Second, nemesis.Partitions()), time.Second
	})
	assert.Equal(t, checker.Unknown, r.Verdict)
	assert.Equal(t, "no fault was injected: a run of 1s is too short for a fault every 10s", r.Reason)
	r = run(t, echo{}, func(test *capsize.Test) { test.Duration = 2 * time.Second })
	assert.Equal(t, checker.Valid, r.Verdict, r.Reason)
	assert.Equal(t, "no faults were asked for", check(t, r, "faults took effect").Reason)
	test := raftTest(0)
	test.Seed, test.Duration = 1, 2*time.Second
	test.Nemesis = nemesis.At(0, time.Second, misfault{inject: refuse})
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	assert.Equal(t, checker.Unknown, r.Verdict)
	assert.Equal(t, `no fault was injected, of 1 that were planned; 1 failed, the first with "not today"`, r.Reason)
}

// TestIdleFaults has a fault wait for what never comes and one that may harm
// no other node: they count neither as injected nor as failed.
func TestIdleFaults(t *testing.T) {
	spared := func(context.Context, *cluster.Cluster, *randV2) (string, func(), error) {
		return "", nil, nemesis.ErrSpared
	}
	r := run(t, echo{}, func(test *capsize.Test) {
		test.Nemesis = nemesis.Plan{
			{ID: 1, At: 0, For: time.Second, Fault: nemesis.On(cluster.LeaderChange, nemesis.Crashes())},
			{ID: 2, At: 0, For: time.Second, Fault: misfault{inject: spared}},
			{ID: 3, At: 0, For: time.Second, Fault: misfault{inject: refuse}},
		}
		test.Duration = 2 * time.Second
	})
	assert.Equal(t, 3, r.Exercised.Planned)
	assert.Equal(t, 2, r.Exercised.Idle)
	assert.Empty(t, r.Exercised.Faults)
	assert.Equal(t, checker.Unknown, r.Verdict)
	assert.Equal(t, `no fault was injected, of 3 that were planned; for 2 no occasion came, or no node may be harmed; 1 failed, the first with "not today"`, r.Reason)
}

// TestIdleFaultsReplay has many faults wait for what never comes. They all give up when the time
// for faults is over, and come into the history in one order.
func TestIdleFaultsReplay(t *testing.T) {
	r := run(t, echo{}, func(test *capsize.Test) {
		var p nemesis.Plan
		for i := range 20 {
			p = append(p, nemesis.Step{ID: i + 1, At: time.Duration(i) * time.Millisecond, For: time.Second, Fault: nemesis.On(cluster.LeaderChange, nemesis.Crashes())})
		}
		test.Nemesis, test.Duration = p, time.Second
	})
	var gaveUp []string
	for f := range r.History.Faults() {
		gaveUp = append(gaveUp, f.Invoke.Key)
	}
	require.Len(t, gaveUp, 20)
	for i, key := range gaveUp {
		assert.Equal(t, fmt.Sprint("step ", i+1), key)
	}
}

func TestNothingDecided(t *testing.T) {
	r := run(t, echo{boot: func(ctx context.Context, h *cluster.Host) { <-ctx.Done() }}, nil)
	assert.NotEqual(t, checker.Valid, r.Verdict)
	c := check(t, r, "calls succeeded")
	assert.Equal(t, checker.Unknown, c.Verdict)
	assert.Contains(t, c.Reason, "none of ")
}

func TestMarks(t *testing.T) {
	marked := func(do func(h *cluster.Host)) *capsize.Result {
		return run(t, echo{boot: func(_ context.Context, h *cluster.Host) { do(h) }}, nil)
	}
	r := marked(func(h *cluster.Host) {
		h.Count("boot")
		h.Always(true, "arithmetic")
		h.Reachable("here")
		h.Sometimes(h.Name() == "n2", "n2 boots")
	})
	assert.Equal(t, checker.Valid, r.Verdict, r.Reason)
	assert.Equal(t, map[string]int{"boot": 3, "arithmetic": 3, "here": 3, "n2 boots": 1}, r.Exercised.Marks)

	r = marked(func(h *cluster.Host) {
		h.Expect("never", "boot")
		h.Reachable("boot")
		h.Sometimes(false, "hardly")
	})
	assert.Equal(t, checker.Unknown, r.Verdict)
	assert.Equal(t, []string{"hardly", "never"}, r.Exercised.Missed)
	assert.Equal(t, `never reached: ["hardly" "never"]`, r.Reason)

	r = marked(func(h *cluster.Host) { h.Unreachable("here") })
	assert.Contains(t, finding(t, r).What, "not always: here, at ")
	assert.Len(t, r.Findings, 1, "reported once, not for each host")
}

// check returns what a check of a run came to.
func check(t *testing.T, r *capsize.Result, name string) checker.Result {
	t.Helper()
	i := slices.IndexFunc(r.Checks, func(c checker.Result) bool { return c.Checker == name })
	require.GreaterOrEqual(t, i, 0, "no check %q", name)
	return r.Checks[i]
}

// TestSeldomAskedIsNoFailure has clients that ask so seldom that no client asks a node soon after the heal: who was
// not asked can't have answered.
func TestSeldomAskedIsNoFailure(t *testing.T) {
	test := raftTest(0)
	test.Rate, test.Duration = 0.02, tier.InRace(6*time.Second, test.Duration)
	for seed := range seeds(t, tier.InRace(1, 3)) {
		test.Seed = seed + 1
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		for _, c := range r.Checks {
			if c.Checker == "progress" {
				assert.Equal(t, checker.Valid, c.Verdict, c.Reason)
			}
		}
	}
}
