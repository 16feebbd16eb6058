// Package odds says how many seeds it takes to find a failure, from how many of a number of seeds found it.
//
// Each seed is taken for an independent trial that finds the failure with one unknown probability p, so the number of seeds up to the first
// that finds it is geometric, with the median ⌈ln ½ / ln(1-p)⌉. Of n seeds of which k found it, p is estimated by k/n. The interval of p is that of
// Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26 (1934): it
// holds the true p in at least 95 of 100 campaigns, whatever p is. The median falls as p grows, so the bounds of p are those of the median.
package odds

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Confidence is that of the intervals.
const Confidence = 0.95

// An Estimate is how likely a seed finds a failure, and how many seeds it takes.
type Estimate struct {
	Seeds, Found int     // how many seeds were run, and how many of them found it
	Rate         float64 // share of the seeds that found it
	RateLow      float64 // bounds of its interval
	RateHigh     float64 //

	Median     float64 // seeds after which it is found with a chance of one half; +Inf if no seed found it
	MedianLow  float64 // bounds of its interval
	MedianHigh float64 // +Inf if no seed found it
}

// Of returns the estimate for a number of seeds of which some found a failure. The numbers must make sense: 0 ≤ found ≤ seeds.
func Of(seeds, found int) Estimate {
	e := Estimate{Seeds: seeds, Found: found, RateHigh: 1}
	tail := (1 - Confidence) / 2
	n, k := float64(seeds), float64(found)
	if seeds > 0 {
		e.Rate = k / n
	}
	if found > 0 {
		e.RateLow = mathext.InvRegIncBeta(k, n-k+1, tail)
	}
	if found < seeds {
		e.RateHigh = mathext.InvRegIncBeta(k+1, n-k, 1-tail)
	}
	e.Median, e.MedianLow, e.MedianHigh = median(e.Rate), median(e.RateHigh), median(e.RateLow)
	return e
}

// median returns that of the number of seeds up to the first that finds a failure, which each does with a probability.
func median(p float64) float64 {
	switch {
	case p <= 0:
		return math.Inf(1)
	case p >= 0.5:
		return 1
	}
	return math.Ceil(math.Ln2/-math.Log1p(-p) - 1e-9) // what is whole but for rounding stays so
}
