package engine_test

import (
	"math"
	"testing"
	"time"

	"github.com/capsize-go/capsize/examples/quickstart"
	"github.com/capsize-go/capsize/internal/engine"
	"github.com/capsize-go/capsize/workloads"
)

// A run of two virtual seconds without faults. What was recorded is for a checker to judge.
func Example() {
	_ = func(t *testing.T) { // as a test
		store := quickstart.Store{}
		end, err := engine.TakeTurn(t.Context(), t)
		if err != nil {
			t.Fatal(err)
		}
		defer end()
		rec, err := engine.Run(t.Context(), t, engine.Config{
			System: store, Workload: workloads.Register(store.Open), Seed: 1,
			Nodes: 3, Clients: 6, Rate: math.Inf(1), Stall: time.Minute,
			Duration: time.Second, Timeout: time.Second, Settle: time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(rec.History.Len(), rec.Core)
	}
}
