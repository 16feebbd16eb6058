package latency_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/latency"
	"github.com/capsize-go/capsize/internal/keyed"
)

func ExampleSpread() {
	fmt.Println(latency.Spread("uniform", time.Second, 0.25), latency.Spread("", time.Second, 0.25))
	// Output: 500ms 1s
}

func ExampleOf() {
	link := keyed.New(1).With("link")
	fmt.Println(latency.Of(link, 0) == latency.Of(link, time.Millisecond-1), latency.Of(link, 0) >= 500*time.Microsecond)
	// Output: true true
}
