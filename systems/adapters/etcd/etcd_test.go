package etcd_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/systems/adapters/etcd"
)

// The faults of a run.
var (
	cut    = nemesis.Step{ID: 1, At: 2 * time.Second, For: 5 * time.Second, Fault: nemesis.Partitions(nemesis.Leader)}
	pause  = nemesis.Step{ID: 2, At: 9 * time.Second, For: 4 * time.Second, Fault: nemesis.Pauses(nemesis.TheLeader)}
	inSync = nemesis.Step{ID: 3, At: 15 * time.Second, For: 2 * time.Second,
		Fault: nemesis.On(cluster.SyncBegins, nemesis.Crashes(nemesis.TheLeader))}
	power = nemesis.Step{ID: 4, At: 20 * time.Second, For: time.Second, Fault: nemesis.Crashes(nemesis.Everyone)}
)

// test is a test of 24 s with all faults.
func test(bugs etcd.Bug) capsize.Test {
	s := etcd.Store{Bugs: bugs}
	return capsize.Test{
		System: s, Workload: s.Workload(5), Nemesis: nemesis.Plan{cut, pause, inSync, power},
		Nodes: 3, Clients: 3, Rate: 60, Duration: 24 * time.Second, Timeout: 2 * time.Second, Settle: 10 * time.Second,
	}
}

// short is a test of one fault, at its second second.
func short(bugs etcd.Bug, s nemesis.Step) capsize.Test {
	x := test(bugs)
	s.At = 2 * time.Second
	x.Nemesis, x.Duration, x.Settle = nemesis.Plan{s}, s.At+s.For+time.Second, 5*time.Second
	return x
}

// needRuntime skips in a stock build.
func needRuntime(t *testing.T) {
	t.Helper()
	if !schedule.Active() {
		t.Skip("program on hosts: this needs the deterministic runtime; run it with capsize test")
	}
}

// TestStoreIsLinearizable runs etcd as it is. The runs of CAPSIZE_SEEDS have all faults.
func TestStoreIsLinearizable(t *testing.T) {
	needRuntime(t)
	x := short(0, power)
	if tier.Sweeping() {
		x = test(0)
	}
	repeats.Clean(t, x, tier.Seeds(t, 1, 1))
}

// planted are the bugs, each with the test that shows it. A member without syncs may be unable to boot after a power cut: then it ends
// by itself, which is no finding of the test.
var planted = map[string]struct {
	test  capsize.Test
	seeds int
}{
	"serializable-reads": {short(etcd.SerializableReads, cut), 20},
	"no-fsync":           {short(etcd.NoFsync, power), 5},
	"get-then-put":       {short(etcd.GetThenPut, inSync), 20},
	"timeout-is-failure": {test(etcd.TimeoutIsFailure), 20},
}

// TestBugs has each bug found.
func TestBugs(t *testing.T) {
	needRuntime(t)
	names, _ := etcd.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			p, ok := planted[name]
			require.True(t, ok, "no test is known that shows it")
			if testing.Short() {
				t.Skip("long")
			}
			found, first, n := 0, uint64(0), tier.Seeds(t, 1, p.seeds)
			for seed := uint64(1); seed <= uint64(n) && (found == 0 || tier.Sweeping()); seed++ {
				if r := run(t, p.test, seed); r.Verdict == checker.Invalid {
					if found++; found == 1 {
						first = seed
					}
				}
			}
			t.Logf("%s: %d of %d seeds find it, the first is %d", name, found, n, first)
			require.Positive(t, found, "none of %d seeds finds it", n)
		})
	}
}

// run runs a seed and logs what came out.
func run(t *testing.T, x capsize.Test, seed uint64) *capsize.Result {
	t.Helper()
	x.Seed = seed
	r, err := capsize.Exec(t.Context(), t, x)
	require.NoError(t, err)
	t.Logf("seed %d: %v: %s; findings: %s", seed, r.Verdict, r.Reason, fmt.Sprint(r.Findings))
	return r
}

// TestStoreRepeats runs a seed in two fresh processes.
func TestStoreRepeats(t *testing.T) {
	x := short(0, power)
	x.Seed = 3
	repeats.Check(t, x)
}

// TestReplays runs seeds in fresh processes, twice each, with points of preemption and without.
func TestReplays(t *testing.T) { repeats.Replays(t, test(0)) }

// TestCost runs seeds for command runcost.
func TestCost(t *testing.T) { repeats.Cost(t, test(0)) }
