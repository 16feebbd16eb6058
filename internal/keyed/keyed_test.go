package keyed_test

import (
	"fmt"
	"math"
	"math/bits"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/keyed"
)

// A draw depends on what it is for, and not on what was drawn before.
func Example() {
	key := keyed.New(1, "link", "n1", "n2")
	third := key.Int(3).Uint64()
	fourth := key.Int(4).Uint64()
	fmt.Println(key.Int(3).Uint64() == third, fourth == third)
	// Output: true false
}

func TestKeysDiffer(t *testing.T) {
	seen := map[keyed.Key]string{}
	add := func(k keyed.Key, what string) {
		assert.Empty(t, seen[k], "%s has the key of %s", what, seen[k])
		seen[k] = what
	}
	for seed := range uint64(50) {
		// Numbers come after a name, as in all that draws: a bare seed and a number
		// can change places.
		named := keyed.New(seed, "numbers")
		add(keyed.New(seed), fmt.Sprint("seed ", seed))
		for _, name := range []string{"", "a", "b", "ab", "n1", "n2", "n11", "ba", "longer than eight bytes", "longer than eight bytez"} {
			add(keyed.New(seed, name), fmt.Sprintf("seed %d %q", seed, name))
		}
		add(keyed.New(seed, "a", "b"), fmt.Sprintf("seed %d a, b", seed))
		add(keyed.New(seed, "b", "a"), fmt.Sprintf("seed %d b, a", seed))
		for i := range int64(50) {
			add(named.Int(i), fmt.Sprintf("seed %d, %d", seed, i))
			add(named.Int(i, -1), fmt.Sprintf("seed %d, %d -1", seed, i))
		}
	}
	assert.Equal(t, keyed.New(1, "a", "b"), keyed.New(1).With("a").With("b"))
	assert.Equal(t, keyed.New(1).Int(2, 3), keyed.New(1).Int(2).Int(3))
}

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

func TestRange(t *testing.T) {
	k := keyed.New(1)
	assert.EqualValues(t, 5, k.Range(5, 5))
	assert.EqualValues(t, 5, k.Range(5, 4))
	assert.EqualValues(t, -3, k.Range(-3, -2))
	assert.Equal(t, k.Rand().Uint64(), k.Rand().Uint64())
}
