package tier_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/tier"
)

func TestSeeds(t *testing.T) {
	t.Setenv("CAPSIZE_SEEDS", "")
	want := 5
	if testing.Short() {
		want = 1
	}
	assert.Equal(t, want, tier.Seeds(t, 1, 5))
	assert.False(t, tier.Sweeping())
	assert.Equal(t, time.Second, tier.For(time.Second, time.Minute))
	t.Setenv("CAPSIZE_SEEDS", "70")
	assert.Equal(t, 70, tier.Seeds(t, 1, 5))
	assert.True(t, tier.Sweeping())
	assert.Equal(t, time.Minute, tier.For(time.Second, time.Minute))
}

func TestFrom(t *testing.T) {
	t.Setenv("CAPSIZE_SEEDS", "")
	assert.Equal(t, []uint64{3, 1, 2, 4}, slices.Collect(tier.From(3, 4)))
	assert.Equal(t, []uint64{1, 2}, slices.Collect(tier.From(0, 2)))
	for seed := range tier.From(3, 4) {
		assert.Equal(t, uint64(3), seed)
		break
	}
	t.Setenv("CAPSIZE_SEEDS", "4")
	assert.Equal(t, []uint64{1, 2, 3, 4}, slices.Collect(tier.From(3, 4)))
}

// ExampleSeeds is how a test asks how much it is to try.
func ExampleSeeds() {
	test := func(t *testing.T) {
		for seed := range tier.Seeds(t, 1, 20) {
			_ = seed // run it
		}
	}
	fmt.Println(test != nil)
	// Output: true
}
