package grpckv_test

import (
	"fmt"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/systems/adapters/grpckv"
	"github.com/capsize-go/capsize/workloads"
)

// A test of a store whose clients retry writes.
func Example() {
	s := grpckv.Store{Bugs: grpckv.RetryWrites}
	_ = capsize.Test{System: s, Workload: workloads.Register(s.Open), Nodes: 3}
	fmt.Println(s.Bugs)
	// Output: retry-writes
}
