//go:debug randseednop=0

package gossip_test

import (
	"context"
	"flag"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/adapters/gossip"
)

// members is a system whose nodes do nothing but know each other.
type members struct {
	mu  sync.Mutex
	now map[string]*memberlist.Memberlist
}

func (s *members) Run(ctx context.Context, h *cluster.Host) error {
	conf, err := gossip.Config(h)
	if err != nil {
		return err
	}
	m, err := gossip.Create(h, conf)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.now[h.Name()] = m
	s.mu.Unlock()
	seeds, err := gossip.Seeds(h)
	if err != nil {
		return err
	}
	_, err = m.Join(seeds)
	if err != nil {
		h.Log().Warn("join", "err", err)
	}
	<-ctx.Done()
	return m.Shutdown()
}

// sees returns who is alive in the eyes of a node.
func (s *members) sees(node string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, m := range s.now[node].Members() {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func run(t *testing.T, seed uint64, test func(t *testing.T, c *cluster.Cluster, s *members)) (trace uint64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &members{now: map[string]*memberlist.Memberlist{}}
		c, err := cluster.New(cluster.Config{System: s, Nodes: 5, Seed: seed, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		defer c.Stop(time.Minute)
		test(t, c, s)
		trace = c.Trace()
		require.Empty(t, c.Findings())
	})
	return trace
}

// everybody waits until all nodes see the same nodes.
func everybody(t *testing.T, c *cluster.Cluster, s *members, sees string) {
	t.Helper()
	for _, n := range c.Nodes() {
		require.Equal(t, sees, s.sees(n), n)
	}
}

func TestPartitionIsNoticedAndHealed(t *testing.T) {
	run(t, 1, func(t *testing.T, c *cluster.Cluster, s *members) {
		c.Sleep(t.Context(), 10*time.Second)
		everybody(t, c, s, "n1 n2 n3 n4 n5")
		heal := c.Partition([]string{"n3", "n4"}, []string{"n1", "n2", "n5"})
		c.Sleep(t.Context(), 2*time.Minute)
		for n, sees := range map[string]string{"n1": "n1 n2 n5", "n2": "n1 n2 n5", "n5": "n1 n2 n5", "n3": "n3 n4", "n4": "n3 n4"} {
			require.Equal(t, sees, s.sees(n), n)
		}
		heal()
		c.Sleep(t.Context(), time.Minute)
		everybody(t, c, s, "n1 n2 n3 n4 n5")
	})
}

func TestCrashIsNoticed(t *testing.T) {
	run(t, 2, func(t *testing.T, c *cluster.Cluster, s *members) {
		c.Sleep(t.Context(), 10*time.Second)
		c.Crash("n5")
		c.Sleep(t.Context(), 20*time.Second)
		for _, n := range c.Nodes()[:4] {
			require.Equal(t, "n1 n2 n3 n4", s.sees(n), n)
		}
		c.Restart("n5")
		c.Sleep(t.Context(), 10*time.Second)
		everybody(t, c, s, "n1 n2 n3 n4 n5")
	})
}

var replays = flag.Int("replays", 5, "how `often` TestReplay runs")

// TestReplay runs three virtual minutes several times, with a partition and a
// crash in them. See the package for results.
func TestReplay(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	traces := map[uint64]int{}
	for range *replays {
		traces[run(t, 3, func(t *testing.T, c *cluster.Cluster, s *members) {
			c.Sleep(t.Context(), time.Minute)
			heal := c.Partition([]string{"n1", "n2"}, []string{"n3", "n4", "n5"})
			c.Sleep(t.Context(), 30*time.Second)
			c.Crash("n4")
			heal()
			c.Sleep(t.Context(), 30*time.Second)
			c.Restart("n4")
			c.Sleep(t.Context(), time.Minute)
			everybody(t, c, s, "n1 n2 n3 n4 n5")
		})]++
	}
	t.Logf("%d runs, by trace: %v", *replays, traces)
	require.Len(t, traces, 1)
}
