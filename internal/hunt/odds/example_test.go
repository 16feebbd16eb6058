package odds_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/hunt/odds"
)

// Two of a hundred seeds found a failure.
func ExampleOf() {
	e := odds.Of(100, 2)
	fmt.Printf("found by %.1f %% of the seeds (95 %%: %.1f to %.1f)\n", 100*e.Rate, 100*e.RateLow, 100*e.RateHigh)
	fmt.Printf("one half of all campaigns find it within %.0f seeds (95 %%: %.0f to %.0f)\n", e.Median, e.MedianLow, e.MedianHigh)
	// Output:
	// found by 2.0 % of the seeds (95 %: 0.2 to 7.0)
	// one half of all campaigns find it within 35 seeds (95 %: 10 to 285)
}
