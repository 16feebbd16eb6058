package repeats

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/schedule"
)

// CostVariable is the variable of the environment that has [Cost] run. Its value is a [CostTask] as JSON.
const CostVariable = "CAPSIZE_COST"

// CostLine begins what [Cost] logs of each seed.
const CostLine = "ran seed "

// A CostTask says what a process of [Cost] runs.
type CostTask struct {
	Schedule schedule.Schedule // a stock build has none, and runs as Go does
	From     uint64            // the first seed
	Seeds    int
}

// Cost runs seeds of a test for command runcost, which measures the processor time of the process. It skips if [CostVariable]
// is not set.
func Cost(t *testing.T, test capsize.Test) {
	t.Helper()
	text := os.Getenv(CostVariable)
	if text == "" {
		t.Skipf("go run ./internal/runcost measures it, and sets %s", CostVariable)
	}
	var task CostTask
	if err := json.Unmarshal([]byte(text), &task); err != nil {
		t.Fatalf("%s=%q: %v", CostVariable, text, err)
	}
	if schedule.Active() {
		test.Schedule = task.Schedule
	}
	for i := range task.Seeds {
		test.Seed = task.From + uint64(i)
		r, err := capsize.Exec(t.Context(), t, test)
		if err != nil {
			t.Fatalf("run seed %d: %v", test.Seed, err)
		}
		line := fmt.Sprintf("%s%d: %v", CostLine, test.Seed, r.Verdict)
		if d := r.Decisions; d != nil {
			line += fmt.Sprintf(", %d decisions at %d points, %016x", d.Steps, d.Points, d.Hash)
		}
		r.Decisions.Forget() // as a sweep does with runs that pass
		t.Log(line)
	}
}
