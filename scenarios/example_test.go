package scenarios_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/replication"
)

// A program of its own runs two variants of a scenario under one fault, and prints their rows.
func ExampleScenario_Run() {
	capsize.Main(func(t *testing.T) int {
		s, err := replication.CAP().Only([]string{"raft-index", "raft-any"}, []string{"3|2"})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		rows, err := s.Run(t.Context(), t, scenarios.Options{Seeds: 3})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if err := s.Table(os.Stdout, rows, 0); err != nil {
			return 1
		}
		return 0
	})
}
