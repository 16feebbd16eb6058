package resilience_test

import (
	"fmt"

	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/resilience"
)

// A scenario is found by its name, and says which question it answers.
func Example() {
	s, err := scenarios.Find(resilience.All(), "pool-freeze")
	fmt.Println(s.Question, err)
	// Output: when a connection pool has run out, who waits for how long, and what else stops? <nil>
}
