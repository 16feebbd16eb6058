package quorumkv_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/quorumkv"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// Example tests that no acknowledged write is lost while the network is cut, and that all
// replicas agree in the end.
func Example() {
	store := quorumkv.Store{}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Versions(store.Open),
		Nemesis:  nemesis.Every(10*time.Second, nemesis.Partitions()),
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	// Output: valid <nil>
}

// seeds returns how many seeds a sweep takes.
func seeds(t *testing.T, n int) int {
	t.Helper()
	if text := os.Getenv("CAPSIZE_SEEDS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	return n
}

// versions is the test that the store is to pass under any faults.
func versions(store quorumkv.Store, n nemesis.Nemesis) capsize.Test {
	return capsize.Test{
		System: store, Workload: workloads.Versions(store.Open), Nemesis: n,
		Duration: 12 * time.Second, Stall: 5 * time.Second,
	}
}

// sweep returns how many of so many seeds are invalid, and tells why the first is.
func sweep(t *testing.T, test capsize.Test, seeds int) (invalid, first int) {
	t.Helper()
	for seed := range seeds {
		test.Seed = uint64(seed + 1)
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		if os.Getenv("DBG") != "" && r.Verdict != checker.Valid {
			fmt.Println("DBG", test.Seed, r.Verdict, r.Reason)
		}
		if os.Getenv("DBGX") != "" {
			fmt.Printf("DBGX %d %v %+v\n", test.Seed, r.Verdict, r.Exercised)
		}
		if r.Verdict == checker.Invalid {
			if invalid++; invalid == 1 {
				first = seed + 1
			}
			if invalid < 4 {
				t.Logf("seed %d: %s", test.Seed, r.Reason)
			}
		}
	}
	return invalid, first
}

// TestAll looks for false alarms in the correct store.
func TestAll(t *testing.T) {
	n := seeds(t, 20)
	invalid, _ := sweep(t, versions(quorumkv.Store{}, nemesis.Portfolio(quorumkv.ElectionTimeout)), n)
	assert.Zero(t, invalid, "of %d seeds", n)
}
