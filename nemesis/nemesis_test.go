package nemesis_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
)

// A fixture is a cluster whose nodes note whom they hear.
type fixture struct {
	*cluster.Cluster
	mu    sync.Mutex
	heard map[string][]string
	late  time.Duration // of the slowest hello
}

type hello struct{ at time.Duration }

// inCluster runs f in a cluster of nodes, of which n2 says that it leads, and as many clients.
func inCluster(t *testing.T, nodes int, f func(t *testing.T, c *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &fixture{heard: map[string][]string{}}
		var err error
		c.Cluster, err = cluster.New(cluster.Config{Nodes: nodes, Clients: 5, Seed: 1, Wait: synctest.Wait, System: cluster.Func(c.run)})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(t.Context(), time.Millisecond)
		f(t, c)
		c.Stop(time.Second)
	})
}

func (c *fixture) run(ctx context.Context, h *cluster.Host) error {
	if h.Name() == "n2" {
		h.SetRole("leader")
	}
	h.Handle(func(m cluster.Message) {
		if m.Body == "shout" {
			for _, to := range h.Nodes() {
				if to != h.Name() {
					h.Send(to, hello{c.Now()})
				}
			}
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.heard[h.Name()] = append(c.heard[h.Name()], m.From)
		if said, ok := m.Body.(hello); ok {
			c.late = max(c.late, c.Now()-said.at)
		}
	})
	<-ctx.Done()
	return nil
}

// hears makes every node send to all, and returns by node from which it received.
func (c *fixture) hears(t *testing.T) map[string]string {
	t.Helper()
	c.mu.Lock()
	c.heard, c.late = map[string][]string{}, 0
	c.mu.Unlock()
	for _, n := range c.Nodes() {
		c.Client(0).Send(n, "shout")
	}
	c.Sleep(t.Context(), time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	got := map[string]string{}
	for _, n := range c.Nodes() {
		slices.Sort(c.heard[n])
		got[n] = strings.Join(c.heard[n], " ")
	}
	return got
}

// inject injects a fault, and returns its description and the function that heals it.
func (c *fixture) inject(t *testing.T, f nemesis.Fault, seed uint64) (desc string, heal func()) {
	t.Helper()
	desc, heal, err := f.Inject(t.Context(), c.Cluster, rand.New(rand.NewPCG(seed, 1)))
	require.NoError(t, err)
	c.Sleep(t.Context(), time.Millisecond)
	return desc, heal
}

// others returns all nodes but one, as hears has them.
func others(c *fixture, n string) string {
	return strings.Join(slices.DeleteFunc(c.Nodes(), func(x string) bool { return x == n }), " ")
}

func allHear(t *testing.T, c *fixture) {
	t.Helper()
	for n, heard := range c.hears(t) {
		assert.Equal(t, others(c, n), heard, "%s", n)
	}
}

// TestPartitionShapes injects each shape, checks which nodes reach each other, and heals.
func TestPartitionShapes(t *testing.T) {
	for _, shape := range nemesis.Shapes() {
		for seed := range uint64(10) {
			inCluster(t, 5, func(t *testing.T, c *fixture) {
				allHear(t, c)
				desc, heal := c.inject(t, nemesis.Partitions(shape), seed)
				checkShape(t, shape, c.hears(t), desc)
				heal()
				allHear(t, c)
			})
		}
	}
}

// checkShape checks which of five nodes reach each other under a shape of partition.
func checkShape(t *testing.T, shape nemesis.Shape, heard map[string]string, desc string) {
	t.Helper()
	var counts []int
	for _, n := range []string{"n1", "n2", "n3", "n4", "n5"} {
		counts = append(counts, len(strings.Fields(heard[n])))
	}
	slices.Sort(counts)
	switch shape {
	case nemesis.Halves:
		assert.Equal(t, []int{1, 1, 2, 2, 2}, counts, desc)
	case nemesis.RandomHalves:
		sum := 0
		for _, n := range counts {
			sum += n
		}
		assert.Contains(t, []int{12, 8}, sum, "1 | 4 or 2 | 3: %s", desc)
	case nemesis.Third:
		assert.Equal(t, []int{0, 3, 3, 3, 3}, counts, desc)
	case nemesis.One:
		assert.Equal(t, []int{0, 3, 3, 3, 3}, counts, desc)
	case nemesis.Leader:
		assert.Equal(t, []int{0, 3, 3, 3, 3}, counts, desc)
		assert.Empty(t, heard["n2"], "the leader is cut off")
	case nemesis.Ring:
		assert.Equal(t, []int{2, 2, 2, 2, 2}, counts, "with itself each node sees a majority: %s", desc)
		views := map[string]bool{}
		for n, h := range heard {
			seen := append(strings.Fields(h), n)
			slices.Sort(seen)
			views[strings.Join(seen, " ")] = true
		}
		assert.Len(t, views, 5, "no two see the same: %s", desc)
	case nemesis.Bridge:
		assert.Equal(t, []int{2, 2, 2, 2, 4}, counts, desc)
	case nemesis.OneWay:
		assert.Equal(t, []int{3, 3, 3, 3, 4}, counts, desc)
	case nemesis.ClientSide:
		sum := 0
		for _, n := range counts {
			sum += n
		}
		assert.Contains(t, []int{0, 20}, sum, "c0 asks all to shout, or reaches no node: %s", desc)
	default:
		t.Errorf("no test for shape %s", shape)
	}
}

func TestPartitionOfTwo(t *testing.T) {
	inCluster(t, 2, func(t *testing.T, c *fixture) {
		_, heal := c.inject(t, nemesis.Partitions(nemesis.Halves), 1)
		assert.Equal(t, map[string]string{"n1": "", "n2": ""}, c.hears(t))
		heal()
		allHear(t, c)
	})
	inCluster(t, 1, func(t *testing.T, c *fixture) {
		_, _, err := nemesis.Partitions().Inject(t.Context(), c.Cluster, rand.New(rand.NewPCG(1, 1)))
		assert.EqualError(t, err, "partition: a cluster of 1 can't be divided")
	})
}

func TestSlow(t *testing.T) {
	inCluster(t, 5, func(t *testing.T, c *fixture) {
		allHear(t, c)
		require.Less(t, c.late, 25*time.Millisecond)
		_, heal := c.inject(t, nemesis.Slow(400*time.Millisecond), 1)
		allHear(t, c)
		assert.Greater(t, c.late, 100*time.Millisecond)
		assert.Less(t, c.late, 430*time.Millisecond)
		heal()
		allHear(t, c)
		assert.Less(t, c.late, 25*time.Millisecond)
	})
}

func TestLossy(t *testing.T) {
	inCluster(t, 5, func(t *testing.T, c *fixture) {
		_, heal := c.inject(t, nemesis.Lossy(0.5), 1)
		for range 20 {
			c.hears(t)
		}
		s := c.Stats()
		assert.InDelta(t, 0.5, float64(s.LostToChance)/float64(s.Sent), 0.1)
		heal()
		allHear(t, c)
	})
	_, _, err := nemesis.Lossy(2).Inject(t.Context(), nil, nil)
	assert.EqualError(t, err, "lossy: a chance of 2")
}

// TestPlansRepeat draws plans by seed, and leaves steps out of them.
func TestPlansRepeat(t *testing.T) {
	n := nemesis.Every(5*time.Second, nemesis.Partitions(), nemesis.Crashes(), nemesis.Slow(0), nemesis.Lossy(0))
	a := n.Plan(1, time.Minute)
	require.NoError(t, a.Validate())
	assert.Equal(t, a.Table(), n.Plan(1, time.Minute).Table())
	assert.NotEqual(t, a.Table(), n.Plan(2, time.Minute).Table())
	assert.Equal(t, a[:len(n.Plan(1, 30*time.Second))].Table(), n.Plan(1, 30*time.Second).Table(), "a shorter run has the same beginning")
	kinds := map[string]bool{}
	for i, s := range a {
		kinds[s.Fault.String()] = true
		assert.GreaterOrEqual(t, s.For, 1250*time.Millisecond)
		assert.LessOrEqual(t, s.For, 2500*time.Millisecond)
		if i > 0 {
			assert.Greater(t, s.At, a[i-1].At+a[i-1].For, "one at a time")
		}
		rest := a.Without(s.ID)
		assert.Len(t, rest, len(a)-1)
		for _, o := range rest {
			j := slices.IndexFunc(a, func(x nemesis.Step) bool { return x.ID == o.ID })
			assert.Equal(t, a[j].Rand(1).Uint64(), o.Rand(1).Uint64())
		}
	}
	assert.Greater(t, len(kinds), 2)
}

// TestPlanRoundTrip writes every fault to JSON and reads it back.
func TestPlanRoundTrip(t *testing.T) {
	plan := nemesis.Sequence(time.Second, nemesis.Partitions(), nemesis.Partitions(nemesis.Ring, nemesis.OneWay),
		nemesis.Crashes(), nemesis.Crashes(nemesis.Minority), nemesis.Slow(0), nemesis.Slow(30*time.Millisecond),
		nemesis.Lossy(0), nemesis.Lossy(0.7)).Plan(1, time.Minute)
	b, err := json.Marshal(plan)
	require.NoError(t, err)
	again, err := nemesis.ReadPlan(strings.NewReader(string(b)), "plan.json")
	require.NoError(t, err)
	assert.Equal(t, plan, again)
	assert.Equal(t, plan.Table(), again.Table())

	_, err = json.Marshal(nemesis.Plan{{ID: 7, Fault: homemade{}}})
	assert.ErrorContains(t, err, "step 7: fault homemade of type nemesis_test.homemade can't be kept in a file: make it with nemesis.New")
}

// homemade is a fault that was not made with New.
type homemade struct{ nemesis.Fault }

func (homemade) String() string { return "homemade" }

func TestReadPlanRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                         "p.json:1: a plan is a list of steps",
		"[\n{\"id\": 1,\n":                           "p.json:3: a plan is a list of steps: unexpected end",
		`[{"id":1,"for":"1s"}]`:                      `p.json:1: step 1 of the plan: "at" is missing`,
		`[{"id":1,"at":"1s","for":"-1s"}]`:           `p.json:1: step 1 of the plan: "for": it is negative`,
		`[{"id":1,"at":"soon"}]`:                     `p.json:1: step 1 of the plan: "at": time: invalid duration "soon"`,
		`[{"id":1,"at":"1s","for":"1s"}]`:            `p.json:1: step 1 of the plan: "fault" is missing`,
		`[{"id":1,"at":"1s","for":"1s","fault":{}}]`: `"fault" has no "kind"`,
		`[{"id":1,"at":"1s","for":"1s","fault":{"kind":"flood"}}]`:                                                                                          `there is no fault "flood"; there are bandwidth, `,
		`[{"id":1,"at":"1s","for":"1s","fault":{"kind":"slow","extra":7}}]`:                                                                                 `fault "slow": a duration is a string like "200ms"`,
		`[{"id":1,"at":"1s","for":"1s","fault":{"kind":"lossy","q":1}}]`:                                                                                    `fault "lossy": json: unknown field "q"`,
		"[{\"id\":1,\"at\":\"1s\",\"for\":\"1s\",\"fault\":{\"kind\":\"lossy\"}},\n{\"id\":1,\"at\":\"1s\",\"for\":\"1s\",\"fault\":{\"kind\":\"lossy\"}}]": "p.json: step 2 of the plan: id 1 is taken",
	} {
		_, err := nemesis.ReadPlan(strings.NewReader(text), "p.json")
		assert.ErrorContains(t, err, want, text)
	}
}

func TestNewRefusesNamesThatAreTaken(t *testing.T) {
	assert.PanicsWithValue(t, `nemesis: there is a fault "crash" already`, func() { nemesis.New("crash", nil) })
}

func TestDescriptions(t *testing.T) {
	assert.Equal(t, "every 10s: partition or crash all", nemesis.Every(10*time.Second, nemesis.Partitions(), nemesis.Crashes(nemesis.Everyone)).String())
	assert.Equal(t, "in turn, 2s each: slow links +200ms, lossy links 20 %", nemesis.Sequence(2*time.Second, nemesis.Slow(0), nemesis.Lossy(0)).String())
	assert.Equal(t, "none", nemesis.None.String())
	assert.Empty(t, nemesis.Every(0, nemesis.Slow(0)).Plan(1, time.Minute), "no interval, no faults")
	assert.Empty(t, nemesis.Sequence(time.Second).Plan(1, time.Minute))
}
