package sorting_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/sorting"
)

// Words of the same length stay in the order in which they were.
func ExampleStable() {
	words := []string{"three", "one", "seven", "two"}
	sorting.Stable(words, func(a, b string) int { return len(a) - len(b) })
	fmt.Println(words)
	// Output: [one two three seven]
}
