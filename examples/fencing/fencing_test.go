package fencing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/examples/fencing"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
)

func test(s fencing.Service) capsize.Test {
	return capsize.Test{
		System: s, Workload: fencing.Workload(s), Nodes: 2, Clients: 4, Rate: 40, Timeout: 2 * time.Second,
		Nemesis: nemesis.Every(3*time.Second, nemesis.Pauses(nemesis.OneClient)), Duration: 20 * time.Second,
	}
}

// Without fencing, a pause of the client that has the lock loses an increment.
func TestPauseBreaksTheLock(t *testing.T) {
	x := test(fencing.Service{})
	x.Seed, x.Seeds, x.Expect = 1, 20, checker.Invalid
	capsize.Run(t, x)
}

// With fencing, the same seeds and pauses are withstood, and a paused client is no finding.
func TestFencing(t *testing.T) {
	old := 0
	for seed := range uint64(tier.Seeds(t, 3, 20)) {
		x := test(fencing.Service{Fencing: true})
		x.Seed = seed + 1
		r, err := capsize.Exec(t.Context(), t, x)
		require.NoError(t, err)
		assert.Equal(t, checker.Valid, r.Verdict, "seed %d: %s", x.Seed, r.Reason)
		assert.Empty(t, r.Findings)
		for l := range r.Log.All() {
			if l.Level > 0 {
				old++
			}
		}
	}
	assert.Positive(t, old, "no paused client came back with an old token")
}
