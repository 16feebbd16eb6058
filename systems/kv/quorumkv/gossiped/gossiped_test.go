//go:debug randseednop=0

package gossiped_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
	"github.com/capsize-go/capsize/systems/kv/quorumkv/gossiped"
	"github.com/capsize-go/capsize/workloads"
)

// An observation is a line of the log in which a node says what it holds of another, in
// its eyes or in memberlist's.
type observation struct {
	at         time.Duration
	what       string // suspected, dead, alive
	host, peer string
}

var (
	suspected = regexp.MustCompile(`^(\S+) (n\d) .*memberlist: Suspect (n\d) has failed, no acks received$`)
	found     = regexp.MustCompile(`^(\S+) (n\d) INFO found (dead|alive) peer=(n\d)$`)
)

// observations reads a log.
func observations(t *testing.T, log string) (all []observation) {
	t.Helper()
	for line := range strings.SplitSeq(log, "\n") {
		var s observation
		var at string
		if m := suspected.FindStringSubmatch(line); m != nil {
			at, s.what, s.host, s.peer = m[1], "suspected", m[2], m[3]
		} else if m := found.FindStringSubmatch(line); m != nil {
			at, s.what, s.host, s.peer = m[1], m[3], m[2], m[4]
		} else {
			continue
		}
		var err error
		s.at, err = time.ParseDuration(at)
		require.NoError(t, err)
		all = append(all, s)
	}
	return all
}

// first returns when a node was first seen as something, by a host or by any.
func first(all []observation, what, host, peer string) (at time.Duration, ok bool) {
	for _, s := range all {
		if s.what == what && (host == "" || s.host == host) && s.peer == peer {
			return s.at, true
		}
	}
	return 0, false
}

// watch runs fn beside a store of five nodes, with a client at n2, and returns the log.
func watch(t *testing.T, system cluster.System, fn func(c *cluster.Cluster, kv *quorumkv.Client)) string {
	t.Helper()
	var log strings.Builder
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: system, Nodes: 5, Clients: 2, Seed: 1, Wait: synctest.Wait, Log: &log})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(t.Context(), 10*time.Second)
		kv, err := quorumkv.Store{}.Open(t.Context(), c.Client(1))
		require.NoError(t, err)
		fn(c, kv)
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
	return log.String()
}

// TestMemberlistDecides cuts two nodes off from three for a minute. On each side memberlist
// suspects the others, buries them and, when all is healed, takes them in again; the store
// goes by it, and so it has others stand in for the dead, and hands over to the living.
func TestMemberlistDecides(t *testing.T) {
	const cut, healed = 10 * time.Second, 70 * time.Second
	var hinted, late int
	all := observations(t, watch(t, gossiped.Store{}, func(c *cluster.Cluster, kv *quorumkv.Client) {
		ctx := context.Background()
		heal := c.Partition([]string{"n1", "n2"}, []string{"n3", "n4", "n5"})
		c.Sleep(ctx, 55*time.Second)
		for i := range 20 {
			require.NoError(t, kv.Put(ctx, fmt.Sprint("k", i), 1), "two nodes are enough by now")
		}
		marks, _ := c.Marks()
		hinted = marks["hinted"]
		c.Sleep(ctx, healed-c.Now())
		heal()
		c.Sleep(ctx, time.Minute)
		marks, _ = c.Marks()
		late = marks["handed over"]
	}))
	minority := map[string]bool{"n1": true, "n2": true}
	for host := range 5 {
		for peer := range 5 {
			host, peer := fmt.Sprint("n", host+1), fmt.Sprint("n", peer+1)
			dead, buried := first(all, "dead", host, peer)
			alive, rejoined := first(all, "alive", host, peer)
			if minority[host] == minority[peer] {
				assert.False(t, buried, "%s of %s", host, peer)
				continue
			}
			require.True(t, buried && rejoined, "%s of %s", host, peer)
			suspect, ok := first(all, "suspected", "", peer)
			require.True(t, ok)
			assert.True(t, cut < suspect && suspect < dead && dead < healed && healed < alive, "%s of %s: %v, %v, %v", host, peer, suspect, dead, alive)
		}
	}
	assert.Positive(t, hinted)
	assert.Positive(t, late)
}

// TestMemberlistIsWrong cuts one way only, while a client of n2 writes and W is 3. Where n2 alone does not hear
// n1, the others vouch for n1: it lives, so no node stands in for it, and n2 waits for it in vain.
// Where no node hears n2, all take it for dead within seconds; it takes several times as long to see that it is
// alone, and until then it does not refuse clients. Pings that ask whom this node reaches get both right.
func TestMemberlistIsWrong(t *testing.T) {
	tier.SkipRepeats(t) // TestMemberlistDecides
	store := quorumkv.Store{W: 3}
	link := func(c *cluster.Cluster) { c.Cut("n1", "n2") }
	mute := func(c *cluster.Cluster) {
		for _, n := range []string{"n1", "n3", "n4", "n5"} {
			c.Cut("n2", n)
		}
	}
	buried, in := writes(t, gossiped.Store(store), link)
	pinged, _ := writes(t, store, link)
	t.Logf("n1 ⇥ n2: memberlist %+v, pings %+v", buried, pinged)
	assert.Empty(t, in, "memberlist finds nothing wrong")
	assert.Greater(t, buried.vain, buried.answered)
	assert.Less(t, pinged.vain, pinged.answered/100)

	buried, in = writes(t, gossiped.Store(store), mute)
	pinged, _ = writes(t, store, mute)
	t.Logf("n2 ⇥ all: memberlist %+v, pings %+v", buried, pinged)
	assert.Zero(t, buried.answered+buried.refused)
	assert.Less(t, pinged.vain, pinged.refused/10)
	others, ok := first(in, "dead", "", "n2")
	require.True(t, ok)
	self, ok := first(in, "dead", "n2", "n1")
	require.True(t, ok)
	assert.Less(t, others-10*time.Second, (self-10*time.Second)/3)
}

// Outcomes counts writes: answered, known to have had no effect, and neither.
type outcomes struct{ answered, refused, vain int }

// writes counts writes in the 10 s after a cut, and returns what was seen in a minute.
func writes(t *testing.T, system cluster.System, cut func(c *cluster.Cluster)) (n outcomes, seen []observation) {
	t.Helper()
	log := watch(t, system, func(c *cluster.Cluster, kv *quorumkv.Client) {
		ctx := context.Background()
		cut(c)
		for i := 0; c.Now() < 20*time.Second; i++ {
			short, cancel := c.Client(1).WithTimeout(ctx, 100*time.Millisecond)
			err := kv.PutWith(short, fmt.Sprint("k", i%10), i, quorumkv.Seen{})
			cancel()
			switch {
			case err == nil:
				n.answered++
			case errors.Is(err, quorumkv.ErrNoQuorum):
				n.refused++
			default:
				n.vain++
			}
		}
		c.Sleep(ctx, 50*time.Second)
	})
	return n, observations(t, log)
}

var replays = flag.Int("replays", 0, "how many `seeds` TestGossipedReplays runs twice; 0 for as many as the tier says")

// TestGossipedReplays counts how many seeds replay byte for byte when memberlist decides.
func TestGossipedReplays(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	runs := tier.Seeds(t, 1, 1)
	if *replays > 0 {
		runs = *replays
	}
	store := gossiped.Store{}
	test := capsize.Test{
		System: store, Workload: workloads.Versions(store.Open), Nemesis: nemesis.Portfolio(5 * time.Second),
		Duration: tier.For(40*time.Second, 60*time.Second), Rate: 20, Settle: time.Minute,
	}
	alike := 0
	for seed := range runs {
		test.Seed = uint64(seed + 1)
		var r [2]*capsize.Result
		for i := range r {
			var err error
			r[i], err = capsize.Exec(t.Context(), t, test)
			require.NoError(t, err)
		}
		if d := r[0].Diff(r[1]); d == "" {
			alike++
		} else {
			t.Logf("seed %d: %.200s", test.Seed, d)
		}
		if r[0].Verdict != checker.Valid {
			t.Errorf("seed %d: %v: %s", test.Seed, r[0].Verdict, r[0].Reason)
		}
	}
	t.Logf("%d of %d seeds replay byte for byte", alike, runs)
	if runs > 1 { // one alone may differ
		assert.Positive(t, alike)
	}
}
