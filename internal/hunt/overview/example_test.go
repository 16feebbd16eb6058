package overview_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/hunt/campaign"
	"github.com/capsize-go/capsize/internal/hunt/overview"
)

// Two of a hundred seeds found a failure.
func ExampleToFind() {
	fmt.Println(overview.ToFind(campaign.Count{Valid: 98, Invalid: 2}))
	fmt.Println(overview.ToFind(campaign.Count{Valid: 100}))
	fmt.Println(overview.Seeds([]uint64{3, 17}, 9, 12))
	// Output:
	// 35 10–285
	// not found > 19
	// 3, 17 and 7 more
}
