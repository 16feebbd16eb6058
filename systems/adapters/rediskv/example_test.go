package rediskv_test

import (
	"fmt"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/systems/adapters/rediskv"
	"github.com/capsize-go/capsize/workloads"
)

// A test of a store that tries writes again.
func Example() {
	s := rediskv.Store{Bugs: rediskv.Retries}
	_ = capsize.Test{System: s, Workload: workloads.Tally(s.Open), Nodes: 1}
	fmt.Println(s.Bugs)
	// Output: retries
}
