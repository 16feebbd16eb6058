package scenariotest_test

import (
	"fmt"
	"testing"

	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/scenarios"
)

// ExampleRows is how a test runs two variants of a scenario under one fault.
func ExampleRows() {
	test := func(t *testing.T, s scenarios.Scenario) {
		for _, r := range scenariotest.Rows(t, s, "raft-index,abd", "3|2", 1) {
			_ = r.Invalid // assert something of it
		}
	}
	fmt.Println(test != nil)
	// Output: true
}
