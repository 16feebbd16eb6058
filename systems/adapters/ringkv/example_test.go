package ringkv_test

import (
	"fmt"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/systems/adapters/ringkv"
	"github.com/capsize-go/capsize/workloads"
)

// A test of a store whose ring follows the members.
func Example() {
	s := ringkv.Store{Bugs: ringkv.RingOfMembers}
	_ = capsize.Test{System: s, Workload: workloads.Register(s.Open)}
	fmt.Println(s.Bugs)
	// Output: ring-of-members
}
