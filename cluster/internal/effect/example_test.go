package effect_test

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/internal/effect"
)

func ExampleTally() {
	t := &effect.Tally{Name: "step 1"}
	t.Add(effect.Cut, 2)
	t.Add(effect.Cut, 1)
	t.Raise(effect.ClockError, 40)
	t.Raise(effect.ClockError, 30)
	for k, n := range t.All {
		fmt.Println(k, n)
	}
	// Output:
	// messages cut 3
	// µs of clock error, at most 40
}
