package service_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/systems/adapters/service"
)

// test is a test of so long with faults.
func test(bugs service.Bug, d time.Duration, faults nemesis.Nemesis) capsize.Test {
	s := service.Service{Bugs: bugs}
	return capsize.Test{
		System: s, Workload: s.Workload(3), Nemesis: faults,
		Nodes: 3, Clients: 6, Rate: 60, Duration: d, Timeout: 2 * time.Second, Settle: 3 * time.Second,
	}
}

// lossy has answers get lost, so that proxies try again.
var lossy = nemesis.Plan{{ID: 1, At: time.Second, For: 4 * time.Second, Fault: nemesis.Lossy(0.3)}}

// power cuts the power of the node with the database: what SQLite has not synced is lost.
var power = nemesis.Plan{{ID: 1, At: time.Second, For: time.Second, Fault: nemesis.Crashes(nemesis.Hosts("n1"))}}

// needRuntime skips in a stock build.
func needRuntime(t *testing.T) {
	t.Helper()
	if !schedule.Active() {
		t.Skip("program on hosts: this needs the deterministic runtime; run it with capsize test")
	}
}

// TestServiceIsLinearizable runs the service without mistakes, under the faults that show each.
func TestServiceIsLinearizable(t *testing.T) {
	needRuntime(t)
	repeats.Clean(t, test(0, 5*time.Second, lossy), tier.Seeds(t, 1, 1))
	repeats.Clean(t, test(0, 3*time.Second, power), tier.Seeds(t, 1, 1))
}

// planted are the bugs, each with the test that shows it.
var planted = map[string]repeats.Planted{
	"no-key":      {Test: test(service.NoKey, 5*time.Second, lossy)},
	"normal-sync": {Test: test(service.NormalSync, 3*time.Second, power)},
	"no-sync":     {Test: test(service.NoSync, 3*time.Second, power)},
}

// TestBugs has each bug found.
func TestBugs(t *testing.T) {
	needRuntime(t)
	names, _ := service.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			p, ok := planted[name]
			require.True(t, ok, "no test is known that shows it")
			p.Name, p.Seeds = name, 10
			p.Find(t)
		})
	}
}

// TestServiceRepeats runs a seed in fresh processes.
func TestServiceRepeats(t *testing.T) {
	x := test(0, 3*time.Second, power)
	x.Seed = 3
	repeats.Check(t, x)
}

// TestReplays runs seeds in fresh processes, twice each.
func TestReplays(t *testing.T) { repeats.Replays(t, test(0, 3*time.Second, power)) }

// TestCost runs seeds for command runcost.
func TestCost(t *testing.T) { repeats.Cost(t, test(0, 5*time.Second, lossy)) }
