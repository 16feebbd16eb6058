package systems_test

import (
	"cmp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
)

// rates says how many calls a second the clients of a database make where that is not 100: fewer where a call costs much processor time.
var rates = map[string]float64{"percolator": 60, "calvin": 60, "hlc": 40}

// TestNoFalseAlarms runs each database without a bug, with each of its workloads under each preset: none may be invalid. A run is unknown only if
// it proves nothing, since no fault had an effect on it or nothing was read. Every 53rd run is made twice, and must be the same; every fourth
// seed has five nodes, the others three.
// CAPSIZE_SEEDS is how many seeds each database is given, in all:
//
//	CAPSIZE_SEEDS=10000 go test -count=1 -timeout 24h -run NoFalseAlarms -v ./catalog/systems
func TestNoFalseAlarms(t *testing.T) {
	if !tier.Sweeping() {
		t.Skip("CAPSIZE_SEEDS is not set: the tests of each database run some seeds")
	}
	for _, s := range systems.All() {
		if s.Workload != "append" {
			continue // it is no database
		}
		t.Run(s.Name, func(t *testing.T) {
			counts, again := map[checker.Verdict]int{}, 0
			targets := targetsOf(t, s)
			for i := range tier.Seeds(t, 0, 0) {
				test := targets[i%len(targets)]
				if test.Seed = uint64(1 + i/len(targets)); test.Seed%4 == 0 {
					test.Nodes, test.Clients = 5, 10
				}
				r, err := capsize.Exec(t.Context(), t, test)
				require.NoError(t, err)
				counts[r.Verdict]++
				switch {
				case r.Verdict == checker.Invalid:
					t.Errorf("%s, seed %d: %s", test.Name, test.Seed, r.Reason)
				case r.Verdict == checker.Unknown:
					t.Logf("%s, seed %d is unknown: %s", test.Name, test.Seed, r.Reason)
				}
				if i%53 == 0 {
					again++
					assert.Equal(t, r.Trace, traceOf(t, test), "%s, seed %d", test.Name, test.Seed)
				}
				if i%500 == 499 {
					t.Logf("%d seeds: %v, %d of them run twice", i+1, counts, again)
				}
			}
			t.Logf("%v, %d of them run twice", counts, again)
		})
	}
}

// targetsOf returns a short test of a database for each of its workloads and each preset that a correct system is to survive.
func targetsOf(t *testing.T, s systems.System) (all []capsize.Test) {
	t.Helper()
	built, known, err := s.Build("")
	require.NoError(t, err)
	for _, w := range sorting.Keys(known) {
		for _, p := range nemesis.Presets() {
			if p.Name == "lying-disk" { // a disk that lies loses what a correct system has synced
				continue
			}
			faults, err := systems.FindNemesis(p.Name)
			require.NoError(t, err)
			duration := 6 * time.Second
			if p.Name == "gray" { // its first fault may come later
				duration = 10 * time.Second
			}
			all = append(all, capsize.Test{
				Name: w + " under " + p.Name, System: built, Workload: known[w], Nemesis: faults,
				Nodes: 3, Clients: 6, Rate: cmp.Or(rates[s.Name], 100), Duration: duration, Timeout: 500 * time.Millisecond, Settle: 5 * time.Second,
			})
		}
	}
	return all
}

// traceOf returns the hash of all that happened in a run.
func traceOf(t *testing.T, test capsize.Test) uint64 {
	t.Helper()
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	return r.Trace
}
