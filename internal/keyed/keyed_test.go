package keyed_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/keyed"
)

// A latency is drawn for a link and a millisecond: it is the same however many
// other draws there were.
func Example() {
	link := keyed.New(7, "latency", "n1", "n2")
	for ms := range int64(3) {
		fmt.Println(link.Int(ms).Range(500, 1500))
	}
	fmt.Println(link.Int(1).Range(500, 1500) == keyed.New(7).With("latency", "n1", "n2").Int(1).Range(500, 1500))
	// Output:
	// 1306
	// 816
	// 1336
	// true
}

// TestKeysDiffer draws by keys that are alike.
func TestKeysDiffer(t *testing.T) {
	seen := map[uint64]string{}
	add := func(name string, k keyed.Key) {
		t.Helper()
		other, twice := seen[k.Uint64()]
		assert.False(t, twice, "%s and %s draw alike", name, other)
		seen[k.Uint64()] = name
	}
	for seed := range uint64(100) {
		add(fmt.Sprint(seed), keyed.New(seed))
		add(fmt.Sprint(seed, " n1 n2"), keyed.New(seed, "n1", "n2"))
		add(fmt.Sprint(seed, " n2 n1"), keyed.New(seed, "n2", "n1"))
		add(fmt.Sprint(seed, " n1n2"), keyed.New(seed, "n1n2"))
		add(fmt.Sprint(seed, " empty"), keyed.New(seed, ""))
		add(fmt.Sprint(seed, " zeros"), keyed.New(seed, "\x00"))
		add(fmt.Sprint(seed, " long"), keyed.New(seed, "a name of more than eight bytes"))
		for i := range int64(20) {
			add(fmt.Sprint(seed, " ", i), keyed.New(seed).Int(i))
			add(fmt.Sprint(seed, " ", -1-i), keyed.New(seed).Int(-1-i))
			add(fmt.Sprint(seed, " ", i, " 0"), keyed.New(seed).Int(i, 0))
		}
	}
}

// TestDrawsAreEven draws by neighbouring keys, and looks how the draws lie.
func TestDrawsAreEven(t *testing.T) {
	const n = 100_000
	k := keyed.New(1, "even")
	sum, before := 0.0, 0.0
	product := 0.0
	var buckets [10]int
	for i := range int64(n) {
		f := k.Int(i).Float64()
		assert.True(t, f >= 0 && f < 1)
		sum += f
		product += (f - 0.5) * (before - 0.5)
		before = f
		buckets[int(f*10)]++
	}
	assert.InDelta(t, 0.5, sum/n, 0.005, "mean")
	assert.InDelta(t, 0, product/n*12, 0.015, "correlation of neighbours")
	for _, b := range buckets {
		assert.InDelta(t, n/10, b, 6*math.Sqrt(n/10))
	}
}

func TestRange(t *testing.T) {
	k := keyed.New(3)
	assert.EqualValues(t, 5, k.Range(5, 5), "an empty range")
	assert.EqualValues(t, 5, k.Range(5, 2), "a range that runs backwards")
	seen := map[int64]int{}
	for i := range int64(1000) {
		seen[k.Int(i).Range(-2, 3)]++
	}
	assert.Len(t, seen, 5)
	for v := int64(-2); v < 3; v++ {
		assert.InDelta(t, 200, seen[v], 90, "%d", v)
	}
}

func TestRand(t *testing.T) {
	k := keyed.New(9, "host", "n1")
	a, b, c := k.Rand(), k.Rand(), k.Int(1).Rand()
	same := 0
	for range 100 {
		x := a.Uint64()
		assert.Equal(t, x, b.Uint64())
		if x == c.Uint64() {
			same++
		}
	}
	assert.Zero(t, same)
}
