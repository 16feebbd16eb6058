package odds

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestKnownCases compares with numbers that can be worked out by hand, and with the tables of Clopper and Pearson's interval.
func TestKnownCases(t *testing.T) {
	inf := math.Inf(1)
	for _, x := range []struct {
		seeds, found     int
		low, high        float64
		median, min, max float64
	}{
		{0, 0, 0, 1, inf, 1, inf},
		{1, 1, 0.025, 1, 1, 1, 28},              // 0.975 of all p below 0.025 fail once in a row
		{1, 0, 0, 0.975, inf, 1, inf},           //
		{10, 0, 0, 0.30850, inf, 2, inf},        // 1 - 0.025^(1/10)
		{10, 1, 0.00253, 0.44502, 7, 2, 274},    //
		{10, 5, 0.18709, 0.81291, 1, 1, 4},      //
		{10, 10, 0.69150, 1, 1, 1, 1},           // 0.025^(1/10)
		{100, 2, 0.00243, 0.07038, 35, 10, 285}, //
		{1000, 1, 0.0000253, 0.00556, 693, 125, 27378},
	} {
		e := Of(x.seeds, x.found)
		assert.InDelta(t, x.low, e.RateLow, 6e-6, "%d of %d", x.found, x.seeds)
		assert.InDelta(t, x.high, e.RateHigh, 6e-6, "%d of %d", x.found, x.seeds)
		assert.Equal(t, []float64{x.median, x.min, x.max}, []float64{e.Median, e.MedianLow, e.MedianHigh}, "%d of %d", x.found, x.seeds)
	}
}

// TestMedian is the least number of seeds after which one half of all campaigns have found the failure.
func TestMedian(t *testing.T) {
	for _, p := range []float64{1, 0.9, 0.5, 0.49, 0.25, 0.1, 1 - math.Sqrt(0.5), 0.01, 0.0001} {
		n := median(p)
		assert.GreaterOrEqual(t, 1-math.Pow(1-p, n), 0.5-1e-9, "p %v", p)
		assert.Less(t, 1-math.Pow(1-p, n-1), 0.5, "p %v", p)
	}
	assert.Equal(t, math.Inf(1), median(0))
}

// TestCoverage draws campaigns and counts how many have the true rate in their interval.
func TestCoverage(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for _, p := range []float64{0.02, 0.3, 0.9} {
		const campaigns, seeds = 2000, 60
		in := 0
		for range campaigns {
			found := 0
			for range seeds {
				if draw.Float64() < p {
					found++
				}
			}
			if e := Of(seeds, found); e.RateLow <= p && p <= e.RateHigh {
				in++
			}
		}
		assert.GreaterOrEqual(t, float64(in)/campaigns, Confidence-0.01, "p %v", p)
	}
}
