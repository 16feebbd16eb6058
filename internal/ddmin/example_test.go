package ddmin_test

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/internal/ddmin"
)

func Example() {
	fails := func(rest []string) ([]string, bool) {
		return rest, slices.Contains(rest, "partition") && slices.Contains(rest, "clock jump")
	}
	steps := []string{"crash", "partition", "loss", "clock jump", "pause"}
	fmt.Println(ddmin.Minimise(steps, fails, ddmin.Options{}))
	// Output: [partition clock jump]
}
