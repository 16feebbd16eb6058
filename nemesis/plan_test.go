package nemesis_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
)

// onQuiet runs a test on a cluster whose nodes do nothing: what faults choose there depends on
// nothing that the system does.
func onQuiet(t *testing.T, seed uint64, test func(c *cluster.Cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{Nodes: 5, Clients: 5, Seed: seed, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		defer c.Stop(time.Second)
		c.Sleep(context.Background(), time.Millisecond)
		test(c)
	})
}

// runPlan injects and heals the steps of a plan, and returns by step what each
// chose and when.
func runPlan(t *testing.T, p nemesis.Plan, seed uint64, d time.Duration) map[int]string {
	did := map[int]string{}
	var mu sync.Mutex
	onQuiet(t, seed, func(c *cluster.Cluster) {
		ctx, cancel := context.WithCancel(context.Background())
		began := c.Now()
		for _, s := range p {
			c.At(began+s.At, "", func() {
				go func() {
					at := c.Now() - began
					desc, heal, err := s.Inject(ctx, c, seed)
					if heal != nil && c.Sleep(ctx, s.For) {
						heal()
					}
					mu.Lock()
					defer mu.Unlock()
					did[s.ID] = fmt.Sprintf("%v to %v: %s %v", at, c.Now()-began, desc, err)
				}()
			})
		}
		c.Sleep(context.Background(), d)
		cancel()
		c.Heal()
		c.Sleep(context.Background(), time.Second)
	})
	return did
}

// randomPlan makes a plan of any faults but those whose choice depends on what
// others did: which disks may still be damaged.
func randomPlan(r *rand.Rand, d time.Duration) nemesis.Plan {
	var p nemesis.Plan
	for id := range 2 + r.IntN(8) {
		f := samples[r.IntN(len(samples))]
		switch nemesis.Kind(f) {
		case "fsync-lies", "bit-rot", "misdirected-writes":
			continue
		}
		p = append(p, nemesis.Step{
			ID: 1 + id*7, Fault: f, For: time.Duration(1 + r.Int64N(int64(d/2))),
			At: (time.Duration(r.Int64N(int64(d / 2)))).Truncate(time.Microsecond) + time.Duration(2*id),
		})
	}
	return p
}

// sweep returns how many random inputs a property is tried on.
func sweep(t *testing.T, otherwise int) int {
	text := os.Getenv("CAPSIZE_SWEEP")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// Dropping any one step of a plan leaves the others' times, targets and random
// choices as they were.
func TestPlansShrink(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const d = 10 * time.Second
	for i := range sweep(t, 10) {
		p := randomPlan(r, d)
		seed := uint64(i)
		whole := runPlan(t, p, seed, d)
		require.Len(t, whole, len(p))
		for _, s := range p {
			want := map[int]string{}
			for id, did := range whole { // order: a copy
				if id != s.ID {
					want[id] = did
				}
			}
			require.Equal(t, want, runPlan(t, p.Without(s.ID), seed, d), "without %v of\n%s", s.ID, p.Table())
		}
	}
}

// plans are the nemeses that make plans from seeds.
func plans() map[string]nemesis.Nemesis {
	all := map[string]nemesis.Nemesis{
		"every":    nemesis.Every(5*time.Second, samples...),
		"sequence": nemesis.Sequence(time.Second, samples...),
		"stagger":  nemesis.Stagger(3*time.Second, samples...),
		"at":       nemesis.At(time.Second, time.Second, nemesis.Pauses()),
	}
	for _, p := range nemesis.Presets() {
		all[p.Name] = p.With(0)
	}
	return all
}

func TestPlans(t *testing.T) {
	tier.SkipComputing(t)
	const d = 2 * time.Minute
	for name, n := range plans() {
		t.Run(name, func(t *testing.T) {
			assert.NotEmpty(t, n.String())
			empty := 0
			distinct := map[string]bool{}
			seeds := tier.Seeds(t, 8, 20)
			for seed := range uint64(seeds) {
				p := n.Plan(seed, d)
				require.NoError(t, p.Validate())
				assert.True(t, slices.IsSortedFunc(p, func(a, b nemesis.Step) int { return int(a.At - b.At) }))
				for _, s := range p {
					assert.Less(t, s.At, d)
					assert.Positive(t, s.For)
				}
				assert.Equal(t, p, n.Plan(seed, d))
				b, err := json.Marshal(p)
				require.NoError(t, err)
				var q nemesis.Plan
				require.NoError(t, json.Unmarshal(b, &q))
				assert.Equal(t, append(nemesis.Plan{}, p...), q, "it survives JSON")
				distinct[string(b)] = true
				if len(p) == 0 {
					empty++
				}
				// A run that is half as long begins alike.
				short := n.Plan(seed, d/2)
				if name != "swarm" && name != "portfolio" {
					assert.Equal(t, short, append(nemesis.Plan(nil), p[:len(short)]...))
				}
			}
			assert.Zero(t, empty)
			if name != "sequence" && name != "at" {
				assert.Greater(t, len(distinct), seeds*3/4)
			}
		})
	}
}

// kindsOf returns the kinds of faults of a plan.
func kindsOf(p nemesis.Plan) map[string]bool {
	kinds := map[string]bool{}
	for _, s := range p {
		kinds[nemesis.Kind(s.Fault)] = true
	}
	return kinds
}

func TestSwarmLeavesHalfOut(t *testing.T) {
	tier.SkipComputing(t)
	const seeds = 400
	runs := map[string]int{}
	for seed := range uint64(seeds) {
		for kind := range kindsOf(nemesis.Swarm(0).Plan(seed, 5*time.Minute)) {
			runs[kind]++
		}
	}
	for _, kind := range []string{"lossy", "duplicates", "flaps", "disk-full", "clock-drift", "slow-host", "vanish"} {
		assert.InDelta(t, seeds/2, runs[kind], 50, kind)
	}
	for _, f := range nemesis.Faults() {
		switch f.Name {
		case "fsync-lies", "bit-rot", "misdirected-writes", "test hiccup", "on", "kill", "dns", "read-only-disk", "degrade": // the last four are in no preset
			assert.Zero(t, runs[f.Name], f.Name)
		default:
			assert.Positive(t, runs[f.Name], f.Name)
		}
	}
}

func TestPlansScaleWithTheSystem(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	mean := func(n nemesis.Nemesis) (d time.Duration) {
		steps := 0
		for seed := range uint64(60) {
			for _, s := range n.Plan(seed, 5*time.Minute) {
				d += s.For
				steps++
			}
		}
		return d / time.Duration(steps)
	}
	for _, p := range nemesis.Presets() {
		if p.Name == "portfolio" {
			continue
		}
		assert.InDelta(t, 0.1, mean(p.With(100*time.Millisecond)).Seconds()/mean(p.With(0)).Seconds(), 0.03, p.Name)
	}
}

func TestPortfolioIsOfPresets(t *testing.T) {
	swarms, kinds := 0, map[string]bool{}
	deadly := []string{"crash", "power-cut", "crash-in-write", "vanish"}
	for seed := range uint64(400) {
		p := nemesis.Portfolio(0).Plan(seed, time.Minute)
		if assert.ObjectsAreEqual(nemesis.Swarm(0).Plan(seed, time.Minute), p) {
			swarms++
		}
		of := kindsOf(p)
		for k := range of {
			kinds[k] = true
			assert.False(t, of["fsync-lies"] && slices.Contains(deadly, k), "seed %d: a crash would lose what was promised", seed)
		}
	}
	assert.InDelta(t, 200, swarms, 40)
	for _, f := range nemesis.Faults() {
		// No preset has these, so that the plans of all seeds stay what they were.
		asked := f.Name == "kill" || f.Name == "dns" || f.Name == "read-only-disk" || f.Name == "degrade"
		if f.Name != "on" && !asked && !strings.Contains(f.Doc, "by nemesis.New") {
			assert.True(t, kinds[f.Name], "the portfolio has no %s", f.Name)
		}
	}
	_, err := nemesis.FindPreset("flood")
	require.ErrorContains(t, err, "flip-flop, isolate-leader")
	found, err := nemesis.FindPreset("swizzle-clog")
	require.NoError(t, err)
	assert.Equal(t, "swizzle-clog", found.Name)
}

func TestTogether(t *testing.T) {
	a := nemesis.Part{Number: 1, Name: "a", Nemesis: nemesis.Every(time.Second, nemesis.Pauses())}
	b := nemesis.Part{Number: 2, Name: "b", Nemesis: nemesis.Every(time.Second, nemesis.Crashes())}
	both := nemesis.Together(a, b).Plan(7, time.Minute)
	require.NoError(t, both.Validate())
	var mine nemesis.Plan
	for _, s := range both {
		if nemesis.Kind(s.Fault) == "pause" {
			mine = append(mine, s)
		}
	}
	assert.Equal(t, nemesis.Together(a).Plan(7, time.Minute), mine)
	assert.Len(t, both, 120)
}

// A swizzle clogs nodes one by one and unclogs them in another order.
func TestSwizzle(t *testing.T) {
	p, err := nemesis.FindPreset("swizzle-clog")
	require.NoError(t, err)
	reordered := 0
	for seed := range uint64(100) {
		plan := p.With(0).Plan(seed, 10*time.Second)
		ends := map[time.Duration]bool{}
		for i, s := range plan {
			ends[s.At+s.For] = true
			if i > 0 {
				assert.Greater(t, s.At, plan[i-1].At)
				if s.At+s.For < plan[i-1].At+plan[i-1].For {
					reordered++
				}
			}
			assert.Less(t, plan[len(plan)-1].At, s.At+s.For, "all are clogged at once")
		}
		assert.Len(t, ends, len(plan))
	}
	assert.Greater(t, reordered, 50)
}
