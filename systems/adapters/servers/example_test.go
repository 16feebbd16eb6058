package servers_test

import (
	"fmt"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/adapters/servers"
)

// A server is a system by its main function.
func Example() {
	s := servers.All()[0]
	_ = capsize.Test{System: cluster.Program(s.Boot), Nodes: 1}
	fmt.Println(s.Module)
	// Output: github.com/alicebob/miniredis/v2
}
