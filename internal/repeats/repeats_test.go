package repeats_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

func test() capsize.Test {
	store := raftkv.Store{}
	return capsize.Test{System: store, Workload: workloads.Register(store.Open), Nodes: 3, Duration: 2 * time.Second}
}

func TestMeasure(t *testing.T) {
	r := repeats.Measure(t, test(), 2)
	r.All(t, checker.Valid)
	assert.Equal(t, "2 seeds, each run twice: 2 with the same history, 2 with the same trace, 2 with the same verdict", r.String())
	assert.Empty(t, r.First)
	assert.Len(t, r.Results, 4)
}

// TestMeasureOfChance has a workload that goes on counting from run to run, so that
// no two histories are the same.
func TestMeasureOfChance(t *testing.T) {
	x, next := test(), 0
	x.Workload.Next = func(workloads.Turn[any, any]) any {
		next++
		return workloads.RegisterOp{F: "write", Key: "k0", Value: next}
	}
	r := repeats.Measure(t, x, 1)
	assert.Equal(t, []int{0, 0, 1}, []int{r.Histories, r.Traces, r.Verdicts})
	assert.Contains(t, r.First, "seed 1: the histories differ from line 1 on")
}

func ExampleRate() {
	fmt.Println(repeats.Rate{Seeds: 20, Histories: 9, Traces: 4, Verdicts: 20})
	// Output: 20 seeds, each run twice: 9 with the same history, 4 with the same trace, 20 with the same verdict
}
