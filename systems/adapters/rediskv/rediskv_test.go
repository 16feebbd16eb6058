package rediskv_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/adapters/rediskv"
	"github.com/capsize-go/capsize/workloads"
)

// test is a test in which calls last long enough for go-redis to give up an answer and try again.
func test(bugs rediskv.Bug) capsize.Test {
	s := rediskv.Store{Bugs: bugs}
	return capsize.Test{
		System: s, Workload: workloads.RegisterOver(s.Open, 3), Nodes: 3, Clients: 9,
		Duration: 30 * time.Second, Settle: 5 * time.Second, Timeout: 8 * time.Second,
		Nemesis: nemesis.Stagger(6*time.Second, nemesis.Lossy(0.4), nemesis.Partitions(nemesis.ClientSide)),
	}
}

// counters has the same with counters.
func counters(bugs rediskv.Bug) capsize.Test {
	x := test(bugs)
	x.Workload = workloads.Tally(rediskv.Store{Bugs: bugs}.Open)
	return x
}

// planted are the bugs, with a seed that finds each where the first does not.
var planted = map[string]repeats.Planted{
	"retries":         {},
	"get-then-set":    {Stock: true},
	"watch-elsewhere": {},
	"late-is-failed":  {Known: 4},
}

func TestBugs(t *testing.T) {
	names, _ := rediskv.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			p, ok := planted[name]
			require.True(t, ok, "no seed is known")
			bug, err := rediskv.Bugs.Parse(name)
			require.NoError(t, err)
			p.Name, p.Test, p.Seeds = name, test(bug), 10
			if bug == rediskv.Retries {
				p.Test = counters(bug)
			}
			p.Find(t)
		})
	}
}

// TestStoreIsRight has ten times as many seeds in the long loop.
func TestStoreIsRight(t *testing.T) {
	seeds := 1
	if tier.Sweeping() {
		seeds = 10 * tier.Seeds(t, 1, 1)
	}
	repeats.Clean(t, test(0), seeds)
	repeats.Clean(t, counters(0), seeds)
}

// retrying is a test of some seconds, with the retries of go-redis.
func retrying() capsize.Test {
	x := test(rediskv.Retries)
	x.Duration = 15 * time.Second
	return x
}

func TestStoreRepeats(t *testing.T) {
	x := retrying()
	x.Seed = 3
	repeats.Check(t, x)
}

// TestReplays runs seeds in fresh processes, twice each.
func TestReplays(t *testing.T) { repeats.Replays(t, retrying()) }

// TestReplaysAgain runs one seed in many processes.
func TestReplaysAgain(t *testing.T) { repeats.Again(t, retrying()) }

// TestCost runs seeds for command runcost.
func TestCost(t *testing.T) { repeats.Cost(t, retrying()) }
