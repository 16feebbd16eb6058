package services_test

import (
	"fmt"

	"github.com/capsize-go/capsize/scenarios/resilience/services"
)

func ExampleMetastable() {
	fmt.Println(services.Metastable().Question)
	// Output: does a service that can answer 100 requests a second, and is asked 70 times, recover from a pause of 10 s?
}
