package hraft_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/adapters/hraft"
)

// test is a test of a store. After a partition raft waits for up to ten seconds before it sends entries to a follower again.
func test(bugs hraft.Bug) capsize.Test {
	s := hraft.Store{Bugs: bugs}
	return capsize.Test{
		System: s, Workload: s.Workload(5), Nodes: 3, Duration: 12 * time.Second, Settle: 20 * time.Second,
		Nemesis: nemesis.Together(
			nemesis.Part{Number: 0, Name: "slow", Nemesis: nemesis.At(2*time.Second, time.Minute, nemesis.Slow(30*time.Millisecond))},
			nemesis.Part{Number: 1, Name: "others", Nemesis: nemesis.Stagger(2500*time.Millisecond,
				nemesis.Partitions(), nemesis.Crashes(), nemesis.Crashes(nemesis.TheLeader), nemesis.Partitions(nemesis.Leader, nemesis.OneWay))},
		),
	}
}

// snapshots is a test in which a node needs a snapshot, and the leader crashes soon after. It has many keys, since what a
// snapshot brought back is seen only until its key is written again.
func snapshots(bugs hraft.Bug) capsize.Test {
	x := test(bugs)
	x.Workload = hraft.Store{Bugs: bugs}.Workload(200)
	x.Nemesis = nemesis.Sequence(1500*time.Millisecond, nemesis.Partitions(nemesis.One), nemesis.Crashes(nemesis.TheLeader))
	return x
}

// planted are the bugs, with a seed that finds each where the first does not.
var planted = map[string]repeats.Planted{
	"local-reads":     {},
	"trust-state":     {Known: 4},
	"no-barrier":      {Known: 3},
	"ack-early":       {Known: 2},
	"ignore-response": {},
	"lost-is-failed":  {},
	"clock-in-apply":  {},
	"restore-merges":  {Known: 7},
}

func TestBugs(t *testing.T) {
	names, _ := hraft.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			p, ok := planted[name]
			require.True(t, ok, "no seed is known")
			bug, err := hraft.Bugs.Parse(name)
			require.NoError(t, err)
			p.Name, p.Test, p.Seeds = name, test(bug), 10
			if bug == hraft.RestoreMerges {
				p.Test = snapshots(bug)
			}
			p.Find(t)
		})
	}
}

// TestStoreIsLinearizable has ten times as many seeds in the long loop.
func TestStoreIsLinearizable(t *testing.T) {
	seeds := 1
	if tier.Sweeping() {
		seeds = 10 * tier.Seeds(t, 1, 1)
	}
	x := test(0)
	if !tier.Sweeping() {
		x = short()
	}
	repeats.Clean(t, x, seeds)
}

// short is a test of six seconds.
func short() capsize.Test {
	x := test(0)
	x.Duration, x.Settle = 6*time.Second, 12*time.Second
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
