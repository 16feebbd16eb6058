package service_test

import (
	"fmt"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/systems/adapters/service"
)

// A test of the service with a mistake.
func Example() {
	s := service.Service{Bugs: service.NoKey}
	_ = capsize.Test{System: s, Workload: s.Workload(3), Nodes: 3}
	fmt.Println(s.Bugs)
	// Output: no-key
}
