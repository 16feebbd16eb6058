package cdn_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/cdn"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// cutOff cuts nodes off from each other, and never their clients.
var cutOff = nemesis.Every(10*time.Second, nemesis.Partitions(nemesis.One))

// test has clients read and write through a stack while nodes are cut off.
func test(s cdn.Stack, load workloads.CacheLoad) capsize.Test {
	return capsize.Test{
		System: s, Workload: workloads.Copies(s.Open, load), Nodes: s.Nodes(), Clients: 10, Rate: 100,
		Duration: 40 * time.Second, Nemesis: cutOff,
	}
}

// seeds is how many seeds a test tries; CAPSIZE_SEEDS has all try as many.
func seeds(t *testing.T, n int) int {
	t.Helper()
	if text := os.Getenv("CAPSIZE_SEEDS"); text != "" {
		all, err := strconv.Atoi(text)
		require.NoError(t, err)
		return all
	}
	return n
}

func TestCDN(t *testing.T) {
	x := test(cdn.CDN(), workloads.CacheLoad{Keys: 3, Every: 5, Writes: 20})
	x.Seeds = seeds(t, 3)
	capsize.Run(t, x)
}

func TestIsDeterministic(t *testing.T) {
	for _, change := range []func(*cdn.Stack){
		func(s *cdn.Stack) {},
		func(s *cdn.Stack) { s.Purge.AckOnSend, s.Origin.Personal, s.Origin.Vary = true, true, "Cookie" },
		func(s *cdn.Stack) {
			s.Purge.Soft, s.Origin.Control = true, "max-age=5, stale-while-revalidate=5, stale-if-error=20"
		},
		func(s *cdn.Stack) { s.Origin.Personal, s.Origin.Control = true, "private" },
		func(s *cdn.Stack) { s.Bugs = cdn.NoEpoch | cdn.IgnoreVary | cdn.IgnoreAge },
	} {
		s := cdn.CDN()
		change(&s)
		capsize.CheckDeterminism(t, test(s, workloads.CacheLoad{Keys: 3, As: []string{"ann", "bob"}}))
	}
	five := cdn.FiveLayers()
	x := test(five, workloads.CacheLoad{Keys: 2})
	x.Duration, x.Clients = 3*time.Minute, 24
	capsize.CheckDeterminism(t, x)
}

func TestPurgeIsLost(t *testing.T) {
	s := cdn.CDN()
	s.Purge.AckOnSend = true
	x := test(s, workloads.CacheLoad{Keys: 3, Every: 5, Writes: 20})
	x.Seeds, x.Expect = 3, checker.Invalid
	capsize.Run(t, x)
}
