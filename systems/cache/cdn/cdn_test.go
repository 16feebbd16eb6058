package cdn_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/cache/cdn"
	"github.com/capsize-go/capsize/workloads"
)

// cutOff cuts nodes off from each other, and never their clients.
var cutOff = nemesis.Every(10*time.Second, nemesis.Partitions(nemesis.One))

// cutOffSoon is for shorter runs.
var cutOffSoon = nemesis.Every(3*time.Second, nemesis.Partitions(nemesis.One))

// test has clients read and write through a stack while nodes are cut off.
func test(s cdn.Stack, load workloads.CacheLoad) capsize.Test {
	return capsize.Test{
		System: s, Workload: workloads.Copies(s.Open, load), Nodes: s.Nodes(), Clients: 10, Rate: 60,
		Duration: tier.For(15*time.Second, 30*time.Second), Nemesis: cutOff,
	}
}

// stack returns a CDN that is changed.
func stack(change func(s *cdn.Stack)) cdn.Stack {
	s := cdn.CDN()
	change(&s)
	return s
}

var busy = workloads.CacheLoad{Keys: 3, Writers: 3, Every: 5, Writes: 20, As: []string{"ann", "bob"}}

// correct are stacks that keep what they promise.
var correct = map[string]cdn.Stack{
	"hard": cdn.CDN(),
	"soft": stack(func(s *cdn.Stack) { s.Purge.Soft = true }),
	"soft, of everything": stack(func(s *cdn.Stack) {
		s.Purge.Soft, s.Purge.Everything, s.Origin.Control = true, true, "max-age=5"
	}),
	"vary":    stack(func(s *cdn.Stack) { s.Origin.Personal, s.Origin.Vary = true, "Cookie" }),
	"private": stack(func(s *cdn.Stack) { s.Origin.Personal, s.Origin.Control = true, "private" }),
}

func TestCorrect(t *testing.T) {
	for name, s := range correct {
		if testing.Short() && name != "hard" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			x := test(s, busy)
			x.Checker, x.Seeds = checker.All(freshness.CrossUser(), freshness.MaxAgeExceeded()), tier.Seeds(t, 1, 1)
			x.Duration, x.Nemesis = tier.InRace(6*time.Second, x.Duration), tier.InRace(cutOffSoon, cutOff)
			capsize.Run(t, x)
		})
	}
}

// TestBugs has each bug be found, and counts the seeds, from 1 on, that find it.
func TestBugs(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	personal := func(control string, bug cdn.Bug) func(*cdn.Stack) {
		return func(s *cdn.Stack) {
			s.Origin.Personal, s.Origin.Vary, s.Origin.Control, s.Bugs = true, "Cookie", control, bug
		}
	}
	for name, x := range map[string]struct {
		change  func(s *cdn.Stack)
		checker checker.Checker
	}{
		"ignore-age":       {func(s *cdn.Stack) { s.Bugs, s.Origin.Control = cdn.IgnoreAge, "max-age=5" }, freshness.MaxAgeExceeded()},
		"ignore-vary":      {personal("max-age=30", cdn.IgnoreVary), freshness.CrossUser()},
		"store-private":    {personal("private", cdn.StorePrivate|cdn.IgnoreVary), freshness.CrossUser()},
		"coalesce-private": {personal("private", cdn.CoalescePrivate|cdn.IgnoreVary), freshness.CrossUser()},
		"no-epoch":         {func(s *cdn.Stack) { s.Bugs = cdn.NoEpoch }, freshness.New(freshness.Promise{})},
	} {
		t.Run(name, func(t *testing.T) {
			bug, err := cdn.Bugs.Parse(name)
			require.NoError(t, err)
			s := stack(x.change)
			require.NotZero(t, s.Bugs&bug)
			found, first := 0, 0
			n := tier.Seeds(t, 1, 2)
			for seed := range n {
				y := test(s, busy)
				y.Checker, y.Seed = x.checker, uint64(seed)+1
				r, err := capsize.Exec(t.Context(), t, y)
				require.NoError(t, err)
				require.Empty(t, r.Findings)
				if r.Verdict != checker.Invalid {
					continue
				}
				if found++; first == 0 {
					first = seed + 1
				}
				if !tier.Sweeping() {
					break
				}
			}
			t.Logf("%s: found by %d of %d seeds, first by %d", name, found, n, first)
			assert.Positive(t, found)
		})
	}
	names, _ := cdn.Bugs.Names()
	assert.Len(t, names, 5)
}

// TestPurges has each way to purge that leaves something stale be found out.
func TestPurges(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	for name, p := range map[string]cdn.Purge{
		"off": {Off: true}, "ack on send": {AckOnSend: true}, "outside in": {OutsideIn: true}, "the shield is forgotten": {Forgets: "shield"},
	} {
		t.Run(name, func(t *testing.T) {
			x := test(stack(func(s *cdn.Stack) { s.Purge = p }), busy)
			x.Seeds, x.Expect = 2, checker.Invalid
			capsize.Run(t, x)
		})
	}
}

func TestIsDeterministic(t *testing.T) {
	tier.SkipRepeats(t) // TestCorrect
	for _, s := range []cdn.Stack{
		cdn.CDN(),
		stack(func(s *cdn.Stack) { s.Purge.AckOnSend, s.Origin.Personal, s.Origin.Vary = true, true, "Cookie" }),
		stack(func(s *cdn.Stack) {
			s.Purge.Soft, s.Origin.Control = true, "max-age=5, stale-while-revalidate=5, stale-if-error=20"
		}),
		stack(func(s *cdn.Stack) { s.Origin.Personal, s.Origin.Control = true, "private" }),
		stack(func(s *cdn.Stack) { s.Bugs = cdn.NoEpoch | cdn.IgnoreVary | cdn.IgnoreAge }),
	} {
		x := test(s, busy)
		x.Duration, x.Nemesis = tier.For(4*time.Second, x.Duration), cutOffSoon
		capsize.CheckDeterminism(t, x)
		if testing.Short() {
			return
		}
	}
	five := cdn.FiveLayers()
	x := test(five, workloads.CacheLoad{Keys: 2})
	x.Duration, x.Clients = tier.For(10*time.Second, time.Minute), 24
	capsize.CheckDeterminism(t, x)
}

// TestPeeks looks into the caches themselves, and finds what a lost purge has left there.
func TestPeeks(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	for _, sent := range []bool{false, true} {
		load := busy
		load.Peeks = []string{"n2", "n3", "n4", "n5"}
		x := test(stack(func(s *cdn.Stack) { s.Purge.AckOnSend = sent }), load)
		x.Checker, x.Seeds = freshness.New(freshness.Promise{Peeks: true}), 2
		if sent {
			x.Expect = checker.Invalid
		}
		capsize.Run(t, x)
	}
}

// TestCrashes has nodes crash, stand still and be cut off, the origin as well: what was acknowledged is on its disk.
func TestCrashes(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, soft := range []bool{false, true} {
		x := test(stack(func(s *cdn.Stack) { s.Purge.Soft = soft }), busy)
		x.Nemesis = nemesis.Every(3*time.Second, nemesis.Crashes(), nemesis.PowerCuts(cluster.Nothing), nemesis.Pauses(), nemesis.Partitions())
		x.Seeds = tier.Seeds(t, 1, 1)
		capsize.Run(t, x)
		x.Duration = tier.For(8*time.Second, x.Duration)
		capsize.CheckDeterminism(t, x)
	}
}

// originCutOff is a fault that cuts the origin off from all caches, and not from the clients who write.
var originCutOff = nemesis.New("origin cut off", func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	return "n1 | the caches", c.Partition([]string{"n1"}, c.Nodes()[1:]), nil
})

// TestOutage has the caches live without their origin for longer than answers are fresh: with stale-if-error all reads are answered, by what is no older than
// that allows, and without it they are not.
func TestOutage(t *testing.T) {
	begins, lasts := tier.For(4*time.Second, 8*time.Second), tier.For(10*time.Second, 20*time.Second)
	for control, answered := range map[string]bool{"max-age=5, stale-if-error=60": true, "max-age=5": false} {
		x := test(stack(func(s *cdn.Stack) { s.Origin.Control, s.Purge.Off = control, true }), workloads.CacheLoad{Writes: 2})
		x.Nemesis, x.Workload.Checker = nemesis.At(begins, lasts, originCutOff), freshness.MaxAgeExceeded()
		r, err := capsize.Exec(t.Context(), t, x)
		require.NoError(t, err)
		require.Equal(t, checker.Valid, r.Verdict, r.Reason)
		failed := 0
		for c := range r.History.Calls() {
			if op, ok := c.Invoke.Input.(model.CacheOp); ok && op.F == "read" && c.Complete.Type != history.OK {
				failed++
			}
		}
		assert.Equal(t, answered, failed == 0, "%s: %d reads failed", control, failed)
	}
}

// TestNodes has a cluster that does not fit the stack be refused.
func TestNodes(t *testing.T) {
	x := test(cdn.CDN(), busy)
	x.Nodes, x.Duration = 4, time.Second
	r, err := capsize.Exec(t.Context(), t, x)
	require.NoError(t, err)
	require.NotEmpty(t, r.Findings)
	assert.Contains(t, r.Findings[0].What, "the stack has 5 nodes, and the cluster 4")
}
