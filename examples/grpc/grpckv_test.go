package grpckv_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	grpckv "github.com/capsize-go/capsize/examples/grpc"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

func test(s grpckv.Store) capsize.Test {
	return capsize.Test{
		System:   s,
		Workload: workloads.Register(s.Open),
		Nemesis:  nemesis.Every(4*time.Second, nemesis.Partitions()),
		Nodes:    3,
		Duration: 10 * time.Second,
	}
}

func TestStore(t *testing.T) {
	x := test(grpckv.Store{})
	x.Seed, x.Seeds = 1, tier.Seeds(t, 1, 3)
	capsize.Run(t, x)
}

func TestStaleReads(t *testing.T) {
	x := test(grpckv.Store{StaleReads: true})
	x.Seed, x.Seeds, x.Expect = 1, 10, checker.Invalid
	capsize.Run(t, x)
}

// TestRates measures in how many seeds stale reads are found.
func TestRates(t *testing.T) {
	if !tier.Sweeping() {
		t.Skip("CAPSIZE_SEEDS says how many seeds to try")
	}
	for _, stale := range []bool{true, false} {
		t.Run(fmt.Sprintf("stale=%v", stale), func(t *testing.T) {
			n, seeds := 0, tier.Seeds(t, 1, 1)
			x := test(grpckv.Store{StaleReads: stale})
			for x.Seed = 1; x.Seed <= uint64(seeds); x.Seed++ {
				r, err := capsize.Exec(t.Context(), t, x)
				require.NoError(t, err)
				require.Empty(t, r.Findings)
				if r.Verdict != checker.Valid {
					n++
					require.True(t, stale, "seed %d: %v: %s", x.Seed, r.Verdict, r.Reason)
				}
			}
			t.Logf("invalid: %d of %d seeds", n, seeds)
		})
	}
}

// TestRepeats measures how many seeds repeat, which gRPC as it is does for some.
// What must hold is that every run is judged right.
func TestRepeats(t *testing.T) {
	for _, calm := range []bool{false, true} {
		x := test(grpckv.Store{Calm: calm})
		if testing.Short() {
			x.Duration, x.Nemesis = 2*time.Second, nil
		}
		t.Run(fmt.Sprintf("calm=%v", calm), func(t *testing.T) {
			repeats.Measure(t, x, tier.Seeds(t, 1, 1)).All(t, checker.Valid)
		})
	}
}
