package guide_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/hunt/guide"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/nemesis"
)

const faults = 20 * time.Second // of a run of a toy

// A toy is a system that is a function of seed and plan.
type toy func(seed uint64, p nemesis.Plan) (features []uint64, failed bool)

var staggered = nemesis.Stagger(2*time.Second, nemesis.Crashes(), nemesis.Pauses(), nemesis.Partitions(), nemesis.Lossy(0))

// inOrder fails after a long crash and a long pause that begins after it. Its features say how far a run came.
func inOrder(_ uint64, p nemesis.Plan) (features []uint64, failed bool) {
	const long = 1980 * time.Millisecond // and the longest is 2 s
	crashed := false
	features = append(features, 1)
	for _, s := range p {
		switch {
		case s.For < long:
		case nemesis.Kind(s.Fault) == "crash":
			crashed = true
			features = append(features, 2)
		case nemesis.Kind(s.Fault) == "pause":
			features = append(features, 3)
			failed = failed || crashed
		}
	}
	return features, failed
}

// byChance fails for one seed in 200, whatever the plan is. Its features say nothing.
func byChance(seed uint64, p nemesis.Plan) (features []uint64, failed bool) {
	return []uint64{uint64(len(p))}, keyed.New(seed, "toy").Float64() < 1.0/200
}

// runsToFind returns how many runs campaigns need together, each until its first find.
func runsToFind(t *testing.T, system toy, share float64, campaigns uint64) (runs int) {
	t.Helper()
	for campaign := range campaigns {
		c, err := guide.New(staggered, faults, guide.Options{Seed: campaign + 1, First: 1 + campaign*1_000_000, Share: share})
		require.NoError(t, err)
		for failed := false; !failed; runs++ {
			require.Less(t, runs, 500_000)
			r := c.Next()
			failed = play(c, r, system)
		}
	}
	return runs
}

// play makes a run of a toy.
func play(c *guide.Corpus, r guide.Run, system toy) (failed bool) {
	o := guide.Observation{Plan: r.Plan}
	if !r.Mutated() {
		o.Plan = staggered.Plan(r.Seed, faults)
	}
	for _, s := range o.Plan {
		o.Moments = append(o.Moments, s.At, s.At+s.For)
	}
	o.Features, o.Failed = system(r.Seed, o.Plan)
	c.Add(r, o)
	return o.Failed
}

// TestGuidanceWins has a bug that needs two rare faults in order, and a signal that shows the first of them.
func TestGuidanceWins(t *testing.T) {
	const campaigns = 6
	fresh, guided := runsToFind(t, inOrder, -1, campaigns), runsToFind(t, inOrder, 0.3, campaigns)
	t.Logf("%d campaigns: %d fresh runs, %d guided ones", campaigns, fresh, guided)
	assert.Less(t, 2*guided, fresh)
}

// TestGuidanceCantWin has a bug that no signal shows: guidance then finds about as much as fresh seeds do, and a little less, as some of its
// runs have the seed of their parent.
func TestGuidanceCantWin(t *testing.T) {
	const campaigns = 100
	fresh, guided := runsToFind(t, byChance, -1, campaigns), runsToFind(t, byChance, 0.3, campaigns)
	t.Logf("%d campaigns: %d fresh runs, %d guided ones", campaigns, fresh, guided)
	assert.InDelta(t, 1.15, float64(guided)/float64(fresh), 0.35)
}
