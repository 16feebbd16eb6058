package grpckv_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/adapters/grpckv"
	"github.com/capsize-go/capsize/workloads"
)

func test(bugs grpckv.Bug) capsize.Test {
	s := grpckv.Store{Bugs: bugs}
	return capsize.Test{
		System: s, Workload: workloads.RegisterOver(s.Open, 3), Nodes: 3, Duration: 10 * time.Second, Settle: 5 * time.Second, Rate: 200,
		Nemesis: nemesis.Together(
			nemesis.Part{Number: 0, Name: "slow", Nemesis: nemesis.At(2*time.Second, time.Minute, nemesis.Slow(20*time.Millisecond))},
			nemesis.Part{Number: 1, Name: "others", Nemesis: nemesis.Stagger(2*time.Second, nemesis.Partitions(), nemesis.Crashes(nemesis.AFollower))},
		),
	}
}

// planted are the bugs, with a seed that finds each where the first does not.
var planted = map[string]repeats.Planted{
	"retry-writes":   {Known: 2},
	"stale-replica":  {},
	"late-is-failed": {},
	"check-then-act": {Known: 2},
	"pooled-buffer":  {},
}

func TestBugs(t *testing.T) {
	names, _ := grpckv.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			p, ok := planted[name]
			require.True(t, ok, "no seed is known")
			bug, err := grpckv.Bugs.Parse(name)
			require.NoError(t, err)
			p.Name, p.Test, p.Seeds = name, test(bug), 10
			p.Find(t)
		})
	}
}

// TestStoreIsLinearizable has ten times as many seeds in the long loop.
func TestStoreIsLinearizable(t *testing.T) {
	x, seeds := short(), 1
	if tier.Sweeping() {
		x, seeds = test(0), 10*tier.Seeds(t, 1, 1)
	}
	repeats.Clean(t, x, seeds)
}

// short is a test of a few seconds.
func short() capsize.Test {
	x := test(0)
	x.Duration, x.Rate = 5*time.Second, 100
	return x
}

func TestStoreRepeats(t *testing.T) {
	x := short()
	x.Seed = 3
	repeats.Check(t, x)
}

// TestReplays runs seeds in fresh processes, twice each.
func TestReplays(t *testing.T) { repeats.Replays(t, short()) }

// TestReplaysAgain runs one seed in many processes.
func TestReplaysAgain(t *testing.T) { repeats.Again(t, short()) }

// TestCost runs seeds for command runcost.
func TestCost(t *testing.T) { repeats.Cost(t, short()) }
