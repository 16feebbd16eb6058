package balancing_test

import (
	"fmt"

	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/resilience/balancing"
)

func ExampleAll() {
	s, err := scenarios.Find(balancing.All(), "lb-sinkhole")
	fmt.Println(s.Question, err)
	// Output: one of four backends fails, and its health endpoint does not: how many requests does the balancer send there? <nil>
}
