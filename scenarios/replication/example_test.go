package replication_test

import (
	"fmt"

	"github.com/capsize-go/capsize/scenarios/replication"
)

func ExampleAll() {
	for _, s := range replication.All() {
		fmt.Println(s.Name + ": " + s.Question)
	}
	// Output:
	// cap: while the network is cut, who is answered, and are the answers right?
	// lease-reads: does a leader that is cut off answer reads when another one has taken writes?
}
