package resilience_test

import (
	"fmt"

	"github.com/capsize-go/capsize/scenarios/resilience"
)

func ExampleMetastable() {
	fmt.Println(resilience.Metastable().Question)
	// Output: does a service that can answer 100 requests a second, and is asked 70 times, recover from a pause of 10 s?
}
