package scenarios_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/scenarios"
)

func ExampleAll() {
	for _, s := range scenarios.All() {
		fmt.Println(s.Name + ": " + s.Question)
	}
	// Output:
	// cap: while the network is cut, who is answered, and are the answers right?
	// lease-reads: does a leader that is cut off answer reads when another one has taken writes?
}

// A program of its own runs two variants of a scenario under one fault, and prints their rows.
func ExampleScenario_Run() {
	capsize.Main(func(t *testing.T) int {
		s, err := scenarios.CAP().Only([]string{"raft-index", "raft-any"}, []string{"3|2"})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		rows, err := s.Run(t.Context(), t, scenarios.Options{Seeds: 3})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if err := s.Table(os.Stdout, rows); err != nil {
			return 1
		}
		return 0
	})
}
