package main

import (
	"fmt"
	"math"
)

// An interval is the lowest and the highest that a number may be.
type interval struct{ low, high float64 }

// chanceOf returns the interval of a chance of which found of n seeds came out, which holds with a confidence of 95 % at least: that of
// Clopper and Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial, Biometrika 1934. That
// seeds end early when enough were found makes it wider than it need be, and never too narrow.
func chanceOf(found, n int) interval {
	const tail = 0.025
	x := interval{0, 1}
	if found > 0 {
		x.low = root(func(p float64) bool { return atLeast(found, n, p) < tail })
	}
	if found < n {
		x.high = root(func(p float64) bool { return 1-atLeast(found+1, n, p) > tail })
	}
	return x
}

// root returns the number between 0 and 1 below which holds is true and above which it is false.
func root(holds func(p float64) bool) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		if mid := (low + high) / 2; holds(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// atLeast returns the chance that at least k of n seeds come out, each with chance p.
func atLeast(k, n int, p float64) (sum float64) {
	if p <= 0 || p >= 1 {
		if k <= 0 || p >= 1 {
			return 1
		}
		return 0
	}
	if k <= 0 {
		return 1
	}
	exactly := func(i int) float64 {
		return math.Exp(logChoose(n, i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	if float64(k) < float64(n)*p { // from k down, where the terms get smaller
		term := exactly(k - 1)
		for i := k - 1; i >= 0; i-- {
			sum += term
			term *= float64(i) / float64(n-i+1) * (1 - p) / p
		}
		return max(0, 1-sum)
	}
	term := exactly(k)
	for i := k; i <= n; i++ {
		sum += term
		term *= float64(n-i) / float64(i+1) * p / (1 - p)
	}
	return min(sum, 1)
}

// logChoose returns the logarithm of the number of ways to choose k of n.
func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// seedsFor returns how many seeds it takes to find a bug with some confidence, each of which finds it with chance p: the quantile of the geometric
// distribution.
func seedsFor(p, confidence float64) float64 {
	switch {
	case p <= 0:
		return math.Inf(1)
	case p >= 1:
		return 1
	}
	return max(1, math.Ceil(math.Log1p(-confidence)/math.Log1p(-p)))
}

// toFind returns the median of the seeds that a bug takes, and its interval, and how they are written.
func (c cell) toFind() (median float64, among interval, text string) {
	if c.Seeds == 0 {
		return math.Inf(1), interval{1, math.Inf(1)}, "not measured"
	}
	p := chanceOf(c.Found, c.Seeds)
	median, among = seedsFor(float64(c.Found)/float64(c.Seeds), 0.5), interval{seedsFor(p.high, 0.5), seedsFor(p.low, 0.5)}
	switch {
	case c.Found == 0:
		return median, among, fmt.Sprintf("more than %.0f", among.low)
	case among.low == among.high:
		return median, among, fmt.Sprintf("%.0f", median)
	}
	return median, among, fmt.Sprintf("%.0f (%.0f to %.0f)", median, among.low, among.high)
}
