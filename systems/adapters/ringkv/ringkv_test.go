package ringkv_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/adapters/ringkv"
	"github.com/capsize-go/capsize/workloads"
)

// test is a test of a store, which lasts long enough for memberlist to take a node for dead.
func test(bugs ringkv.Bug) capsize.Test {
	s := ringkv.Store{Bugs: bugs}
	return capsize.Test{
		System: s, Workload: workloads.Register(s.Open), Nodes: 5, Duration: 40 * time.Second, Settle: 40 * time.Second, Rate: 40,
		Nemesis: nemesis.Stagger(15*time.Second, nemesis.Partitions(), nemesis.Lossy(0.2)),
	}
}

// planted are the bugs, with a seed that finds each where the first does not.
var planted = map[string]repeats.Planted{
	"ring-of-members":     {Known: 2},
	"gossip-invalidation": {Stock: true},
	"members-in-notify":   {Hangs: true},
}

func TestBugs(t *testing.T) {
	names, _ := ringkv.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			p, ok := planted[name]
			require.True(t, ok, "no seed is known")
			bug, err := ringkv.Bugs.Parse(name)
			require.NoError(t, err)
			p.Name, p.Test, p.Seeds = name, test(bug), 10
			p.Find(t)
		})
	}
}

// TestStoreIsLinearizable has ten times as many seeds in the long loop.
func TestStoreIsLinearizable(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	x, seeds := short(), 1
	if tier.Sweeping() {
		x, seeds = test(0), 10*tier.Seeds(t, 1, 1)
	}
	repeats.Clean(t, x, seeds)
}

// short is a test of some seconds.
func short() capsize.Test {
	x := test(0)
	x.Duration, x.Settle, x.Rate = 15*time.Second, 10*time.Second, 20
	x.Nemesis = nemesis.Stagger(7*time.Second, nemesis.Partitions(), nemesis.Lossy(0.2))
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
