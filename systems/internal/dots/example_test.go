package dots_test

import (
	"fmt"

	"github.com/capsize-go/capsize/systems/internal/dots"
)

// A replica has seen the first and the third write of actor 7. After the second there is no gap.
func Example() {
	seen := dots.Of(dots.Dot{Actor: 7, N: 1}, dots.Dot{Actor: 7, N: 3})
	fmt.Println(seen, seen.Has(dots.Dot{Actor: 7, N: 2}))
	fmt.Println(seen.With(dots.Dot{Actor: 7, N: 2}))
	// Output:
	// [{7 1 1} {7 3 3}] false
	// [{7 1 3}]
}
