//go:debug randseednop=0

package libraries_test

import (
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	xhttp "github.com/capsize-go/capsize/examples/http"
	"github.com/capsize-go/capsize/examples/libraries"
	"github.com/capsize-go/capsize/examples/quickstart"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/cache/cachekv"
	"github.com/capsize-go/capsize/workloads"
)

// on is a test of a system under partitions, losses and crashes.
func on(s cluster.System, w workloads.Workload) capsize.Test {
	return capsize.Test{
		System: s, Workload: w, Nodes: 3, Duration: 10 * time.Second,
		Nemesis: nemesis.Every(3*time.Second, nemesis.Partitions(), nemesis.Lossy(0.1), nemesis.Crashes()),
	}
}

// onMembers lasts long enough for memberlist to bury a node.
func onMembers(s libraries.Members) capsize.Test {
	x := on(s, workloads.Register(s.Open))
	x.Nodes, x.Rate, x.Duration = 5, 20, 60*time.Second
	x.Nemesis = nemesis.Every(10*time.Second, nemesis.Partitions(), nemesis.Crashes())
	return x
}

func onRedis(s libraries.Redis) capsize.Test {
	x := on(cluster.Func(cachekv.ServeRedis), workloads.Register(s.Open))
	x.Nodes, x.Nemesis = 1, nemesis.Every(3*time.Second, nemesis.Lossy(0.2), nemesis.Crashes())
	return x
}

// TestRepeats measures how many seeds repeat. What the stores answer is not judged
// here: most of them are wrong under these faults, and the verdicts are right.
func TestRepeats(t *testing.T) {
	var (
		rpc, web, proxy = quickstart.Store{}, xhttp.Store{}, libraries.Proxy{}
		bolt            = libraries.Bolt{Dir: t.TempDir()}
	)
	oneBolt := on(bolt, workloads.Register(bolt.Open))
	oneBolt.Nodes, oneBolt.Nemesis = 1, nemesis.Every(3*time.Second, nemesis.Lossy(0.2), nemesis.Crashes())
	for _, c := range []struct {
		name string
		test capsize.Test
	}{
		{"net/rpc", on(rpc, workloads.Register(rpc.Open))},
		{"net/http", on(web, workloads.Register(web.Open))},
		{"net/http kept connections", on(proxy, workloads.Register(proxy.Open))},
		{"go-redis", onRedis(libraries.Redis{})},
		{"go-redis calm", onRedis(libraries.Redis{Calm: true})},
		{"memberlist", onMembers(libraries.Members{})},
		{"memberlist fenced", onMembers(libraries.Members{Fenced: true})},
		{"bbolt", oneBolt},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !tier.Sweeping() {
				c.test.Duration = 2 * time.Second
			}
			r := repeats.Measure(t, c.test, tier.Seeds(t, 1, 1))
			for _, x := range r.Results {
				if len(x.Findings) > 0 {
					t.Errorf("seed %d: %v", x.Seed, x.Findings)
				}
			}
		})
	}
}

// TestReplays runs seeds in fresh processes, of a reverse proxy that keeps its connections.
func TestReplays(t *testing.T) { repeats.Replays(t, onProxy()) }

// TestReplaysAgain runs one seed in many processes.
func TestReplaysAgain(t *testing.T) { repeats.Again(t, onProxy()) }

func onProxy() capsize.Test {
	s := libraries.Proxy{}
	return on(s, workloads.Register(s.Open))
}
