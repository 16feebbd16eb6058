package raftkv

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// A slot is a key that is written once, if Value is not 0, or else read.
type slot struct {
	Key   string
	Value int
}

// slots has every turn of every client write a key of its own, and read all of
// its keys in the end: what was acknowledged must be there.
func slots(s Store) workloads.Workload {
	const most = 150 // turns of a client
	key := func(t workloads.Turn[slot, int]) string { return fmt.Sprintf("%d-%d", t.Client, t.Index%most) }
	return workloads.New(workloads.Spec[*Client, slot, int]{
		Name: "slots", Open: s.Open,
		Next: func(t workloads.Turn[slot, int]) slot { return slot{key(t), t.Index%most + 1} },
		Invoke: func(ctx context.Context, c *Client, in slot) (int, error) {
			if in.Value != 0 {
				return in.Value, c.Put(ctx, in.Key, in.Value)
			}
			return c.Get(ctx, in.Key)
		},
		Final:   func(t workloads.Turn[slot, int]) (slot, bool) { return slot{Key: key(t)}, t.Index < most },
		Checker: checker.Func(kept),
	})
}

// kept is the checker of slots.
func kept(_ context.Context, h *history.History) checker.Result {
	acked := map[string]int{}
	r := checker.Result{Checker: "kept"}
	for c := range h.Calls() {
		if c.Complete.Type != history.OK {
			continue
		}
		in := c.Invoke.Input.(slot)
		if in.Value != 0 {
			acked[in.Key] = in.Value
		} else if want := acked[in.Key]; want != 0 && c.Complete.Output != want {
			r.Verdict, r.Reason = checker.Invalid, fmt.Sprintf("the write of %v was acknowledged, and %v is read", want, c.Complete.Output)
			return r
		}
	}
	r.Reason = fmt.Sprintf("all %d writes that were acknowledged are there", len(acked))
	return r
}

// TestNothingIsLost crashes nodes at any point, one or all of them, and reads
// every write that was acknowledged. With acknowledgements that come before the
// disk has it, the same crashes lose some.
func TestNothingIsLost(t *testing.T) {
	crashes := func(seed uint64, bugs Bug) *capsize.Result {
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: Store{Bugs: bugs}, Workload: slots(Store{Bugs: bugs}), Seed: seed, Nodes: 3, Rate: 50, Duration: 15 * time.Second,
			Nemesis: nemesis.Every(2*time.Second, nemesis.Crashes()),
		})
		require.NoError(t, err)
		return r
	}
	n := uint64(tier.Seeds(t, 1, 2))
	lost := 0
	for seed := range n {
		r := crashes(seed+1, 0)
		require.Equal(t, checker.Valid, r.Verdict, "seed %d: %s", r.Seed, r.Reason)
		require.Greater(t, r.Exercised.Crashes, 5)
		require.Greater(t, r.Exercised.OK, 500)
		if r := crashes(seed+1, AckBeforeSync); r.Verdict == checker.Invalid {
			lost++
		}
	}
	assert.Positive(t, lost)
	t.Logf("%d of %d seeds lose writes that were acknowledged early", lost, n)
}
