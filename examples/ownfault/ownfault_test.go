package ownfault_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/examples/ownfault"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

func test() capsize.Test {
	store := raftkv.Store{}
	return capsize.Test{
		System:   store,
		Workload: workloads.Register(store.Open),
		Nemesis:  nemesis.Every(3*time.Second, ownfault.Unreachable),
		Duration: 10 * time.Second,
		Seed:     1,
		Require: func(x capsize.Exercised) error {
			if x.Faults["unreachable"] == 0 || x.Info == 0 {
				return errors.New("no client was cut off")
			}
			return nil
		},
	}
}

func TestRaft(t *testing.T) {
	x := test()
	x.Seeds = 2
	if testing.Short() {
		x.Seeds = 1
	}
	capsize.Run(t, x)
}

func TestRaftIsDeterministic(t *testing.T) {
	if testing.Short() {
		t.Skip("the other tests run the same")
	}
	capsize.CheckDeterminism(t, test())
}

// TestPlan keeps a plan with the fault as JSON, as a saved failure does.
func TestPlan(t *testing.T) {
	plan := nemesis.At(time.Second, time.Second, ownfault.Unreachable).Plan(1, time.Minute)
	b, err := json.Marshal(plan)
	require.NoError(t, err)
	require.JSONEq(t, `[{"id":1,"at":"1s","for":"1s","fault":{"kind":"unreachable"}}]`, string(b))
	var again nemesis.Plan
	require.NoError(t, json.Unmarshal(b, &again))
	require.Equal(t, plan.Table(), again.Table())
}
