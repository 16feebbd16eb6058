package oscillator_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/cluster/internal/oscillator"
)

func ExampleClock() {
	var right *oscillator.Clock
	by := &effect.Tally{Name: "step 1"}
	slow := &oscillator.Error{Skew: time.Second, Drift: -500_000, By: by}
	k := right.With(slow)
	fmt.Println(k.Read(time.Second), k.Stretch(time.Second))
	k = k.Without(slow, 2*time.Second)
	fmt.Println(k.Read(3*time.Second), k.Monotonic(3*time.Second))
	// Output:
	// 500ms 2s
	// 0s 2s
}
