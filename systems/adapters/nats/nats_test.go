package nats_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/systems/adapters/nats"
)

func needRuntime(t *testing.T) {
	t.Helper()
	if !schedule.Active() {
		t.Skip("NATS on hosts needs the deterministic runtime: run it with capsize test")
	}
}

// test is a test of half a minute with faults. After a fault of all servers their cluster takes about ten seconds to have a leader again.
func test(bugs nats.Bug, faults nemesis.Nemesis) capsize.Test {
	s := nats.JetStream{Bugs: bugs}
	return capsize.Test{
		System: s.System(), Workload: s.Workload(1), Nodes: 3, Clients: 3, Rate: 30,
		Duration: 30 * time.Second, Settle: 15 * time.Second, Timeout: 2 * time.Second, Nemesis: faults,
	}
}

// each is a nemesis of faults one after the other, with pauses between them. A fault of all servers comes once: they need the rest of the time.
func each(f ...nemesis.Fault) nemesis.Nemesis { return nemesis.Sequence(6*time.Second, f...) }

var (
	cut   = each(nemesis.Partitions(), nemesis.Partitions(nemesis.Leader))
	pause = each(nemesis.Pauses(), nemesis.Pauses(nemesis.TheLeader))
	kill  = nemesis.At(12*time.Second, 4*time.Second, nemesis.Kills(nemesis.Everyone))
	power = nemesis.At(12*time.Second, 4*time.Second, nemesis.PowerCuts(cluster.Nothing, nemesis.Everyone))
	mixed = each(nemesis.Partitions(nemesis.Leader), nemesis.Kills(nemesis.Everyone))
)

// sound are uses of JetStream that must lose no message, and have none twice.
var sound = map[string]capsize.Test{
	"cut":                     test(0, cut),
	"pause":                   test(0, pause),
	"kill of all":             test(0, kill),
	"power cut of all":        test(0, power),
	"cut, then kill of all":   test(0, mixed),
	"kill of all, lazy syncs": test(nats.LazySync, kill),
}

// TestSound runs one seed of two of them, and those of all under CAPSIZE_SEEDS alone.
func TestSound(t *testing.T) {
	needRuntime(t)
	for name, x := range sound { // order: subtests
		t.Run(name, func(t *testing.T) {
			if name != "cut, then kill of all" && name != "power cut of all" && !tier.Sweeping() {
				t.Skip("CAPSIZE_SEEDS says how many seeds to run")
			}
			repeats.Clean(t, x, tier.Seeds(t, 1, 1))
		})
	}
}

// planted are the bugs, with a test and a seed that finds each.
var planted = map[string]repeats.Planted{
	"lazy-sync": {Test: test(nats.LazySync, power)},
	"no-msg-id": {Test: test(nats.NoMsgID, cut)},
}

func TestBugs(t *testing.T) {
	needRuntime(t)
	names, _ := nats.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			p, ok := planted[name]
			require.True(t, ok, "no test finds it")
			p.Name, p.Seeds = name, 5
			p.Find(t)
		})
	}
}

// short has a leader that is cut off and a kill of all.
func short() capsize.Test {
	x := test(0, nemesis.Sequence(4*time.Second, nemesis.Partitions(nemesis.Leader), nemesis.Kills(nemesis.Everyone)))
	x.Duration = 12 * time.Second
	return x
}

// TestRepeats runs a seed in two fresh processes.
func TestRepeats(t *testing.T) {
	needRuntime(t)
	x := short()
	x.Seed = 3
	repeats.Check(t, x)
}

// TestAlike runs seeds in fresh processes with other numbers of processors: CAPSIZE_SEEDS says how many.
func TestAlike(t *testing.T) {
	needRuntime(t)
	if !tier.Sweeping() {
		t.Skip("CAPSIZE_SEEDS says how many seeds to run in processes of their own")
	}
	seeds := tier.Seeds(t, 1, 1)
	r := repeats.Fresh(t, test(0, mixed), 1, seeds, 2)
	assert.Equal(t, seeds, r.Decisions)
}

// TestCost runs seeds for command runcost.
func TestCost(t *testing.T) {
	needRuntime(t)
	repeats.Cost(t, test(0, mixed))
}
