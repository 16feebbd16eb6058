package capsize_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/raftkv"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// someSeeds returns how many seeds a test tries: n, or what CAPSIZE_SEEDS says.
func someSeeds(t *testing.T, n int) uint64 {
	t.Helper()
	if text := os.Getenv("CAPSIZE_SEEDS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	return uint64(n)
}

// TestCore lets only a majority of a raft store work after the faults, beside
// nodes that are dead, deaf, mute or slow. The store does that, and without a
// pre-vote it does not: which healing all nodes does not show.
func TestCore(t *testing.T) {
	exec := func(seed uint64, bugs raftkv.Bug, core bool) *capsize.Result {
		store := raftkv.Store{Bugs: bugs}
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: store, Workload: workloads.Register(store.Open), Seed: seed, Duration: 10 * time.Second,
			Nemesis: nemesis.Every(5*time.Second, nemesis.Partitions()), Core: core,
		})
		require.NoError(t, err)
		return r
	}
	n := someSeeds(t, 10)
	states := map[string]int{}
	found := 0
	for i := range n {
		r := exec(i+1, 0, true)
		require.Equal(t, checker.Valid, r.Verdict, "seed %d: %s", r.Seed, r.Reason)
		for f := range r.History.Faults() {
			if text, ok := strings.CutPrefix(f.Invoke.Input.(string), "frozen: "); ok {
				for _, node := range strings.Split(text, ", ") {
					_, state, _ := strings.Cut(node, " ")
					states[state]++
				}
				assert.Equal(t, history.OK, f.Complete.Type, "it is thawed before the end")
			}
		}
		r = exec(i+1, raftkv.NoPreVote, false)
		assert.Equal(t, checker.Valid, r.Verdict, "seed %d: %s", r.Seed, r.Reason)
		if r = exec(i+1, raftkv.NoPreVote, true); r.Verdict == checker.Invalid {
			found++
			t.Logf("seed %d: %s", r.Seed, r.Reason)
		}
	}
	assert.Len(t, states, 4, "nodes are frozen in four ways: %v", states)
	assert.Positive(t, found)
	t.Logf("%d of %d seeds find that there is no pre-vote", found, n)
}
