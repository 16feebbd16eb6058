package lease_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/resilience/lease"
	"github.com/capsize-go/capsize/workloads"
)

// run runs a service for ten seconds, with pauses of who holds the lock or without.
func run(t *testing.T, s lease.Service, seed uint64, pauses bool) *capsize.Result {
	t.Helper()
	test := capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 3, Duration: 10 * time.Second, Settle: time.Second, Timeout: 10 * time.Second, Seed: seed,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{
			Arrivals: workloads.Constant(5), Routes: []string{"/increment"}, Deadline: 2 * time.Second, Checker: resilience.Capped(1, "lock")}),
	}
	if pauses {
		test.Nemesis = nemesis.Every(2*time.Second, nemesis.Pauses(nemesis.ClientWithRole(lease.HolderRole)))
	}
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	return r
}

// TestTwoHolders has a pause give the lock to two clients, and a lock without pauses to one at a time. A write of the first then replaces
// what the other one wrote, unless the store looks at the tokens.
func TestTwoHolders(t *testing.T) {
	r := run(t, lease.Service{}, 1, false)
	assert.Equal(t, checker.Valid, r.Verdict, r.Reason)
	lost := map[lease.Protection]int{}
	for seed := range uint64(4) {
		for _, p := range []lease.Protection{lease.Unfenced, lease.Fenced} {
			r := run(t, lease.Service{Protection: p}, seed+1, true)
			lost[p] += r.Exercised.Marks["lost updates"]
			if seed == 0 {
				assert.Equal(t, checker.Invalid, r.Verdict, "%s: %s", p, r.Reason)
			}
		}
	}
	assert.Positive(t, lost[lease.Unfenced])
	assert.Zero(t, lost[lease.Fenced])
}

func ExampleService() {
	s := lease.Service{Protection: lease.Fenced}
	fmt.Println(s.Nodes(), "nodes, and a store with", s.Protection)
	// Output: 2 nodes, and a store with fencing
}
