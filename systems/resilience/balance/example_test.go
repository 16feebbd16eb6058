package balance_test

import (
	"fmt"

	"github.com/capsize-go/capsize/systems/resilience/balance"
)

// A backend that fails at once never has anything in flight. So least connections sends it what comes next, and round robin does not.
func Example() {
	among := []balance.Candidate{{Node: "n2", InFlight: 3, Weight: 1}, {Node: "n3", InFlight: 0, Weight: 1}, {Node: "n4", InFlight: 2, Weight: 1}}
	turns, least := balance.RoundRobin(), balance.LeastConnections()
	for range 3 {
		fmt.Println(among[turns.Pick(balance.Pick{}, among)].Node, among[least.Pick(balance.Pick{}, among)].Node)
	}
	// Output:
	// n2 n3
	// n3 n3
	// n4 n3
}
