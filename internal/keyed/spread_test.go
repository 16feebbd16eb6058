package keyed_test

import (
	"fmt"
	"math"
	"math/bits"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/keyed"
)

// Draws of neighbouring keys are uniform: chi-squared with 15 degrees of freedom
// is beyond 44.3 once in 10,000 times, and the seeds here are fixed.
func TestDrawsAreUniform(t *testing.T) {
	const n, boxes = 32_000, 16
	for seed := range uint64(10) {
		for name, draw := range map[string]func(i int64) int{
			"by number": func(i int64) int { return int(keyed.New(seed).Int(i).Float64() * boxes) },
			"by name":   func(i int64) int { return int(keyed.New(seed, fmt.Sprint(i)).Float64() * boxes) },
			"by seed":   func(i int64) int { return int(keyed.New(seed<<32+uint64(i), "x").Float64() * boxes) },
			"range":     func(i int64) int { return int(keyed.New(seed).Int(i).Range(100, 100+boxes)) - 100 },
			"low bits":  func(i int64) int { return int(keyed.New(seed).Int(i).Uint64() % boxes) },
		} {
			var count [boxes]float64
			for i := range int64(n) {
				count[draw(i)]++
			}
			chi := 0.0
			for _, c := range count {
				chi += (c - n/boxes) * (c - n/boxes) / (n / boxes)
			}
			assert.Less(t, chi, 44.3, "%s, seed %d", name, seed)
		}
	}
}

// Of two draws whose keys differ by one, half of the bits differ.
func TestNeighboursAreUnlike(t *testing.T) {
	total := 0
	const n = 10_000
	for i := range int64(n) {
		total += bits.OnesCount64(keyed.New(1).Int(i).Uint64() ^ keyed.New(1).Int(i+1).Uint64())
	}
	// 32 bits each, with a standard deviation of 4 / sqrt(n) of their mean.
	assert.InDelta(t, 32, float64(total)/n, 5*4/math.Sqrt(n))
}
