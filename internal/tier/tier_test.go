package tier_test

import (
	"fmt"
	"testing"

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
	t.Setenv("CAPSIZE_SEEDS", "70")
	assert.Equal(t, 70, tier.Seeds(t, 1, 5))
	assert.True(t, tier.Sweeping())
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
