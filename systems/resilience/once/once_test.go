package once_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/resilience/once"
	"github.com/capsize-go/capsize/workloads"
)

// TestTables has the service crash twice: what is done twice depends on the table that it has afterwards.
func TestTables(t *testing.T) {
	crashes := nemesis.Plan{
		{ID: 1, At: 2 * time.Second, For: 1500 * time.Millisecond, Fault: nemesis.Crashes()}, {ID: 2, At: 5 * time.Second, For: 300 * time.Millisecond, Fault: nemesis.Crashes()},
	}
	for table, want := range map[once.Table]checker.Verdict{
		once.NoTable: checker.Invalid, once.Lost: checker.Invalid, once.Expiring: checker.Invalid, once.Kept: checker.Valid,
	} {
		if testing.Short() && table != once.Kept {
			continue
		}
		r := run(t, table, crashes, 5)
		assert.Equal(t, want, r.Verdict, "%s: %s", table, r.Reason)
	}
}

// run runs the service with 20 payments a second.
func run(t *testing.T, table once.Table, faults nemesis.Nemesis, seed uint64) *capsize.Result {
	t.Helper()
	s := once.Service{Table: table}
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 1, Duration: 7 * time.Second, Settle: 4 * time.Second, Timeout: 10 * time.Second, Seed: seed, Nemesis: faults,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(20), Routes: []string{"/pay"}, Deadline: 8 * time.Second, Checker: resilience.OnceEach()}),
	})
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	return r
}

// TestDiskFaults has a kept table do each payment once, whatever a crash leaves of what was not synced. A payment whose line a crash kept before the service
// knew it was on the disk is an indeterminate effect, and it is not done again.
func TestDiskFaults(t *testing.T) {
	slow := nemesis.Every(time.Second/2, nemesis.SlowDisk(400*time.Millisecond))
	with := func(faults ...nemesis.Fault) nemesis.Nemesis {
		return nemesis.Together(nemesis.Part{Number: 1, Name: "slow", Nemesis: slow}, nemesis.Part{Number: 2, Name: "faults", Nemesis: nemesis.Every(time.Second/2, faults...)})
	}
	for name, x := range map[string]struct {
		faults nemesis.Nemesis
		kept   bool // more payments are answered ok than have an effect that is certain, as a crash kept some that the service did not know to be on the disk
	}{
		"a power cut keeps a prefix of what was not synced":    {with(nemesis.PowerCuts(cluster.Prefix)), true},
		"a power cut keeps some sectors":                       {with(nemesis.PowerCuts(cluster.Sectors)), true},
		"a crash tears the line that is written":               {nemesis.Every(time.Second/2, nemesis.CrashesInWrite()), false},
		"a sync fails, and what it covered is dropped":         {nemesis.Every(time.Second/2, nemesis.FsyncFails(), nemesis.Crashes()), false},
		"a sync fails while payments wait for it":              {with(nemesis.FsyncFails(), nemesis.Crashes()), false},
		"a disk that is full, read-only or fails, and a crash": {with(nemesis.DiskFull(), nemesis.ReadOnlyDisk(), nemesis.DiskErrors(0.5), nemesis.Crashes()), false},
	} {
		t.Run(name, func(t *testing.T) {
			kept := 0
			for seed := range uint64(tier.Seeds(t, 1, 2)) {
				r := run(t, once.Kept, x.faults, 1+seed)
				assert.Equal(t, checker.Valid, r.Verdict, "seed %d: %s", 1+seed, r.Reason)
				effects, err := resilience.MeasureEffects(r.History, resilience.Interval{})
				require.NoError(t, err)
				answers, err := resilience.MeasureOutcomes(r.History, resilience.Interval{})
				require.NoError(t, err)
				if answers.OK > effects.Effects {
					kept++
				}
			}
			if x.kept {
				assert.Positive(t, kept, "no payment was answered ok whose effect is indeterminate: the faults do not test it")
			}
		})
	}
}

// TestPortfolio has a kept table do each payment once under all presets.
func TestPortfolio(t *testing.T) {
	for seed := range uint64(tier.Seeds(t, 1, 14)) {
		r := run(t, once.Kept, nemesis.Portfolio(300*time.Millisecond), 1+seed)
		assert.NotEqual(t, checker.Invalid, r.Verdict, "seed %d: %s", 1+seed, r.Reason)
	}
}

func ExampleService() {
	s := once.Service{Table: once.Kept}
	fmt.Println(s.Nodes(), "node with", s.Table)
	// Output: 1 node with table
}
