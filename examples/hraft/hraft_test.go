//go:debug randseednop=0

package hraft_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/examples/hraft"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// test is a test of a store under partitions and crashes. After a partition raft
// waits for up to ten seconds before it sends entries to a follower again.
func test(s hraft.Store) capsize.Test {
	return capsize.Test{
		System:   s,
		Workload: workloads.Register(s.Open),
		Nemesis:  nemesis.Every(4*time.Second, nemesis.Partitions(), nemesis.Crashes()),
		Nodes:    3,
		Duration: 10 * time.Second,
		Settle:   20 * time.Second,
	}
}

func TestStore(t *testing.T) {
	x := test(hraft.Store{})
	x.Seed, x.Seeds = 1, tier.Seeds(t, 1, 1)
	capsize.Run(t, x)
}

func TestReadsFromAny(t *testing.T) {
	x := test(hraft.Store{Reads: hraft.FromAny})
	x.Seed, x.Seeds, x.Expect = 1, 10, checker.Invalid
	capsize.Run(t, x)
}

// elections has the leader crash again and again in a network in which a new one
// takes a while to learn what was committed.
func elections() nemesis.Nemesis {
	return nemesis.Together(
		nemesis.Part{Number: 0, Name: "slow", Nemesis: nemesis.At(time.Second, time.Minute, nemesis.Slow(50*time.Millisecond))},
		nemesis.Part{Number: 1, Name: "crashes", Nemesis: nemesis.Every(4*time.Second, nemesis.Crashes(nemesis.TheLeader))},
	)
}

// TestRates measures in how many seeds stale reads are found.
func TestRates(t *testing.T) {
	if !tier.Sweeping() {
		t.Skip("CAPSIZE_SEEDS says how many seeds to try")
	}
	for reads, name := range []string{"Verified", "FromLeader", "FromAny"} { // in the order of the constants
		for faults, nem := range map[string]nemesis.Nemesis{"test": test(hraft.Store{}).Nemesis, "elections": elections()} { // order: subtests
			t.Run(name+"/"+faults, func(t *testing.T) {
				n, seeds := 0, tier.Seeds(t, 1, 1)
				x := test(hraft.Store{Reads: hraft.Reads(reads)})
				x.Nemesis = nem
				for x.Seed = 1; x.Seed <= uint64(seeds); x.Seed++ {
					r, err := capsize.Exec(t.Context(), t, x)
					require.NoError(t, err)
					require.Empty(t, r.Findings)
					if r.Verdict != checker.Valid {
						n++
						require.NotEqual(t, "Verified", name, "seed %d: %v: %s", x.Seed, r.Verdict, r.Reason)
					}
				}
				t.Logf("invalid: %d of %d seeds", n, seeds)
			})
		}
	}
}

// TestRepeats measures how many seeds repeat, which raft as it is does for none.
// What must hold is that every run is judged right. Out of the long loop it takes raft made
// calm alone: [TestStore] runs it as it is.
func TestRepeats(t *testing.T) {
	for _, c := range []struct {
		name                string
		calm, faults, first bool
	}{{"as it is", false, true, false}, {"calm", true, true, true}, {"calm, no faults", true, false, false}} {
		if !c.first && !tier.Sweeping() {
			continue
		}
		x := test(hraft.Store{Calm: c.calm})
		x.Duration = tier.For(6*time.Second, x.Duration)
		if !c.faults || testing.Short() {
			x.Nemesis, x.Settle = nil, 0
		}
		if testing.Short() {
			x.Duration = 3 * time.Second
		}
		t.Run(c.name, func(t *testing.T) {
			repeats.Measure(t, x, tier.Seeds(t, 1, 1)).All(t, checker.Valid)
		})
	}
}
