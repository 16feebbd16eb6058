package guide_test

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/internal/hunt/guide"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
)

// corpus returns a corpus for the toys of this package.
func corpus(t *testing.T, o guide.Options) *guide.Corpus {
	t.Helper()
	c, err := guide.New(staggered, faults, o)
	require.NoError(t, err)
	return c
}

// TestMutations asks of each mutated plan that it is valid, stays within what the nemesis does, and is the same when it is read from JSON.
func TestMutations(t *testing.T) {
	portfolio := nemesis.Portfolio(raftkv.ElectionTimeout)
	for _, signal := range []guide.Signal{guide.None, guide.History} {
		c, err := guide.New(portfolio, faults, guide.Options{Share: 0.8, Signal: signal})
		require.NoError(t, err)
		envelope := guide.NewEnvelope(portfolio, faults, 1)
		how := map[string]int{}
		mutated := 0
		for i := range 600 {
			r := c.Next()
			require.Equal(t, i, r.Index)
			o := guide.Observation{Plan: r.Plan, Moments: []time.Duration{time.Second, 7 * time.Second}, Features: []uint64{uint64(i)}}
			if !r.Mutated() {
				o.Plan = portfolio.Plan(r.Seed, faults)
				c.Add(r, o)
				continue
			}
			c.Add(r, o)
			mutated++
			require.NoError(t, r.Plan.Validate())
			require.NotZero(t, r.Seed)
			require.NotEmpty(t, r.Parents)
			text, err := json.Marshal(r.Plan)
			require.NoError(t, err)
			var again nemesis.Plan
			require.NoError(t, json.Unmarshal(text, &again))
			require.Equal(t, r.Plan, again)
			require.True(t, slices.IsSortedFunc(r.Plan, func(a, b nemesis.Step) int { return int(a.At - b.At) }), r.Plan.Table())
			require.Equal(t, r.Plan, r.Plan.Plan(1, faults), "a step begins after the faults")
			if !slices.Equal(r.How, []string{"seed"}) { // a plan of the nemesis itself may be one that no other is like
				require.True(t, envelope.Holds(r.Plan), "%s\n%s", r, r.Plan.Table())
			}
			for _, h := range r.How {
				how[h]++
			}
		}
		assert.InDelta(t, 480, mutated, 60)
		for _, name := range strings.Fields("drop add move near lengthen shorten splice redraw seed overlay") {
			assert.Greater(t, how[name], 10, "%s by the signal %s", name, signal)
		}
	}
}

// TestEnvelope asks that plans are not mixed to one that no plan of the nemesis is like.
func TestEnvelope(t *testing.T) {
	e := guide.NewEnvelope(nemesis.Portfolio(time.Second), faults, 1)
	at := func(id int, at, length time.Duration, f nemesis.Fault) nemesis.Step {
		return nemesis.Step{ID: id, At: at, For: length, Fault: f}
	}
	for _, tc := range []struct {
		name string
		plan nemesis.Plan
		want bool
	}{
		{"nothing", nil, true},
		{"a crash and a cut", nemesis.Plan{at(1, 0, time.Second, nemesis.Crashes()), at(2, 0, time.Second, nemesis.Partitions())}, true},
		{"a disk that lies, and a crash", nemesis.Plan{at(1, 0, time.Second, nemesis.FsyncLies()), at(2, 3*time.Second, time.Second, nemesis.Crashes())}, false},
		{"clocks that drift one after the other", nemesis.Plan{at(1, 0, time.Second, nemesis.ClockDrift(0)), at(2, time.Second, time.Second, nemesis.ClockDrift(0))}, true},
		{"clocks that drift twice", nemesis.Plan{at(1, 0, time.Second, nemesis.ClockDrift(0)), at(2, 0, time.Second, nemesis.ClockDrift(0))}, false},
		{"a fault that lasts too long", nemesis.Plan{at(1, 0, time.Hour, nemesis.Crashes())}, false},
		{"a fault of another nemesis", nemesis.Plan{at(1, 0, time.Second, nemesis.DNS(""))}, false},
		{"a fault that begins too late", nemesis.Plan{at(1, faults, time.Second, nemesis.Crashes())}, false},
		{"two steps of one ID", nemesis.Plan{at(1, 0, time.Second, nemesis.Crashes()), at(1, 0, time.Second, nemesis.Partitions())}, false},
	} {
		assert.Equal(t, tc.want, e.Holds(tc.plan), tc.name)
	}
}

// TestRepeats runs a campaign twice, and once with a break in which it is kept in a file.
func TestRepeats(t *testing.T) {
	const runs = 400
	o := guide.Options{Seed: 7, Signal: guide.History, Most: 20}
	campaign := func(stopAt int) (all []string) {
		c := corpus(t, o)
		for i := range runs {
			if i == stopAt {
				var b bytes.Buffer
				require.NoError(t, c.Write(&b))
				var err error
				c, err = guide.Read(&b, "corpus.jsonl", staggered, faults, o)
				require.NoError(t, err)
			}
			r := c.Next()
			all = append(all, r.String()+"\n"+r.Plan.Table())
			play(c, r, inOrder)
		}
		assert.LessOrEqual(t, c.Stats().Plans, 20)
		assert.Equal(t, runs, c.Stats().Runs)
		return all
	}
	once := campaign(-1)
	assert.Equal(t, once, campaign(-1))
	assert.Equal(t, once, campaign(runs/2))
	o.Seed = 8
	assert.NotEqual(t, once, campaign(-1))
}

// TestFreshSeeds asks that the fresh seeds of a guided hunt are those of one without guidance, in their order.
func TestFreshSeeds(t *testing.T) {
	c := corpus(t, guide.Options{First: 100})
	next := uint64(100)
	for range 200 {
		r := c.Next()
		if !r.Mutated() {
			require.Equal(t, next, r.Seed)
			next++
		}
		play(c, r, byChance)
	}
	assert.InDelta(t, 140, next-100, 25)
	assert.EqualValues(t, next-100, c.Stats().Fresh)
}

// TestAdd asks who joins a corpus.
func TestAdd(t *testing.T) {
	plan := staggered.Plan(1, faults)
	for _, tc := range []struct {
		name   string
		signal guide.Signal
		o      guide.Observation
		fresh  int
		plans  int
	}{
		{"something new", guide.History, guide.Observation{Plan: plan, Features: []uint64{1, 2}}, 1, 2},
		{"nothing new", guide.History, guide.Observation{Plan: plan, Features: []uint64{1}}, 0, 1},
		{"nothing new, and no signal", guide.None, guide.Observation{Plan: plan, Features: []uint64{1}}, 0, 2},
		{"a failure", guide.History, guide.Observation{Plan: plan, Features: []uint64{2}, Failed: true}, 1, 1},
		{"no faults", guide.History, guide.Observation{Features: []uint64{2}}, 1, 1},
	} {
		c := corpus(t, guide.Options{Signal: tc.signal})
		require.Equal(t, 1, c.Add(c.Next(), guide.Observation{Plan: plan, Features: []uint64{1}}))
		assert.Equal(t, tc.fresh, c.Add(c.Next(), tc.o), tc.name)
		assert.Equal(t, tc.plans, c.Stats().Plans, tc.name)
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		o    guide.Options
		want string
	}{
		{guide.Options{Share: 1.5}, "the share of mutated plans is 1.5"},
		{guide.Options{Share: math.NaN()}, "the share of mutated plans is NaN"},
		{guide.Options{Most: -1}, "a corpus of -1 plans"},
		{guide.Options{Signal: "coverage"}, `there is no signal "coverage"; there are none steps history messages states`},
	} {
		_, err := guide.New(staggered, faults, tc.o)
		require.ErrorContains(t, err, tc.want)
	}
	_, err := guide.New(nil, faults, guide.Options{})
	require.ErrorContains(t, err, "without a nemesis")
}

// TestDamagedFiles reads corpora that are not as they were written.
func TestDamagedFiles(t *testing.T) {
	c := corpus(t, guide.Options{})
	for range 50 {
		play(c, c.Next(), inOrder)
	}
	var b bytes.Buffer
	require.NoError(t, c.Write(&b))
	whole := b.String()
	lines := strings.SplitAfter(whole, "\n")
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", "corpus.jsonl:1: the file ends"},
		{"half a line", whole[:len(whole)-20], "the file ends in the middle of a line"},
		{"a line less", strings.Join(lines[:len(lines)-2], ""), "by its header"},
		{"another version", strings.Replace(whole, `"corpus":1`, `"corpus":9`, 1), "corpus.jsonl:1: version 9"},
		{"another hunt", strings.Replace(whole, `"seed":1`, `"seed":2`, 1), "corpus.jsonl:1: the corpus is of another hunt"},
		{"a fault that is not known", strings.Replace(whole, `"kind":"`, `"kind":"no `, 1), "corpus.jsonl:2: "},
		{"a field that is not known", strings.Replace(whole, `"run":`, `"ran":`, 1), `corpus.jsonl:2: json: unknown field "ran"`},
	} {
		_, err := guide.Read(strings.NewReader(tc.text), "corpus.jsonl", staggered, faults, guide.Options{})
		require.ErrorContains(t, err, tc.want, tc.name)
	}
}

// TestSignalsChangeNothing runs seeds with each signal: they record nothing of the host's time, and draw nothing.
func TestSignalsChangeNothing(t *testing.T) {
	for _, name := range []string{"raftkv", "quorumkv"} {
		s, err := systems.Find(name)
		require.NoError(t, err)
		system, known, err := s.Build("none")
		require.NoError(t, err)
		workload := known["register"]
		if s.Workload != "" {
			workload = known[s.Workload]
		}
		test := capsize.Test{System: system, Workload: workload, Rate: 50, Duration: 8 * time.Second, Nemesis: nemesis.Swarm(raftkv.ElectionTimeout)}
		c, err := guide.New(test.Nemesis, test.Duration, guide.Options{})
		require.NoError(t, err)
		for range 2 {
			run := c.Next()
			var digests []string
			var hashes []uint64
			for _, signal := range guide.Signals() {
				exec := func() (*capsize.Result, guide.Observation) {
					one := test
					one.Seed, one.Nemesis, one.Record = run.Seed, c.Nemesis(run), signal.Window()
					r, err := capsize.Exec(t.Context(), t, one)
					require.NoError(t, err)
					return r, signal.Observe(guide.Record{Plan: r.Plan, History: r.History, Messages: r.Messages, Counts: map[string]int64{"crashes": int64(r.Exercised.Crashes)}})
				}
				r, o := exec()
				_, again := exec()
				assert.Equal(t, o, again, "%s with the signal %s does not repeat", name, signal)
				assert.Equal(t, signal != guide.None && signal != guide.Steps, len(o.Features) > 5, "%s has %d features by %s", name, len(o.Features), signal)
				assert.NotEmpty(t, o.Moments)
				digest, err := r.Digest()
				require.NoError(t, err)
				digests, hashes = append(digests, digest), append(hashes, r.Trace)
			}
			assert.Len(t, slices.Compact(digests), 1, name)
			assert.Len(t, slices.Compact(hashes), 1, name)
		}
	}
}
