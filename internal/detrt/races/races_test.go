package races_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/detrt/races"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/schedule"
)

func needsRuntime(t *testing.T) {
	t.Helper()
	if !schedule.Active() {
		t.Skip("needs the deterministic runtime: run it with capsize test")
	}
}

// shows runs a program with a seed, and reports whether its bug showed.
func shows(t *testing.T, r races.Race, fixed bool, seed uint64, s schedule.Schedule) (yes bool) {
	t.Helper()
	return races.Shows(t, seed, s, func() bool { return r.Run(fixed) })
}

// warm runs a program once. The first use of a timer in a process, or of whatever else is initialized late, passes more
// points than later ones.
func warm(t *testing.T, r races.Race) {
	t.Helper()
	shows(t, r, true, 0, schedule.FirstCome())
}

// seedVar has TestSeed run one program with one seed.
const seedVar = "CAPSIZE_TEST_RACE"

// TestSeed prints what one seed comes to. TestFound runs it in a process of its own.
func TestSeed(t *testing.T) {
	name, text, ok := strings.Cut(os.Getenv(seedVar), "|")
	if !ok {
		t.Skip("TestFound runs it")
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err)
	for _, r := range races.All() {
		if r.Name == name {
			warm(t, r)
			fmt.Println("shows:", shows(t, r, false, seed, schedule.Schedule{}), schedule.Recorded().Hash)
		}
	}
}

// TestFound has the swarm find each bug within ten times the seeds that the best single schedule takes, and again in another process by
// its seed. It finds none over ten times as many where the bug is mended.
func TestFound(t *testing.T) {
	needsRuntime(t)
	for _, r := range races.All() {
		t.Run(r.Name, func(t *testing.T) {
			var swarm schedule.Schedule
			warm(t, r)
			if tier.Sweeping() {
				count(t, r, swarm)
				return
			}
			for seed := uint64(1); ; seed++ {
				require.LessOrEqual(t, seed, uint64(10*r.Best), "not found")
				if !shows(t, r, false, seed, swarm) {
					continue
				}
				t.Logf("found by seed %d, schedule %v", seed, swarm.For(seed))
				cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSeed$")
				cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%d", seedVar, r.Name, seed))
				assert.True(t, shows(t, r, false, seed, swarm), "again in this process")
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, string(out))
				assert.Contains(t, string(out), fmt.Sprintln("shows:", true, schedule.Recorded().Hash))
				break
			}
			for seed := range uint64(100 * r.Best) {
				require.False(t, shows(t, r, true, seed, swarm), "seed %d of the mended program", seed)
			}
		})
	}
}

// count logs how many seeds find a bug, of as many as CAPSIZE_SEEDS says.
func count(t *testing.T, r races.Race, s schedule.Schedule) {
	t.Helper()
	found, first, n := 0, uint64(0), uint64(tier.Seeds(t, 1, 1))
	for seed := uint64(1); seed <= n; seed++ {
		if shows(t, r, false, seed, s) {
			if found++; found == 1 {
				first = seed
			}
		}
		require.False(t, shows(t, r, true, seed, s), "seed %d of the mended program", seed)
	}
	t.Logf("%s: %d of %d seeds find it, the first is %d", r.Name, found, n, first)
	assert.Positive(t, found)
}

// columns are the schedules that docs/reference/determinism.md compares.
var columns = []schedule.Schedule{
	schedule.FirstCome(), schedule.Random(0), schedule.Random(64), schedule.Random(16), schedule.Random(4), schedule.Random(2), schedule.Random(1),
	schedule.Priorities(8), schedule.Priorities(32), schedule.Priorities(128), schedule.Priorities(1024), {},
}

// TestTable logs how many seeds each schedule takes to find each bug. CAPSIZE_SEEDS says of how many.
func TestTable(t *testing.T) {
	if !tier.Sweeping() {
		t.Skip("a table for the documentation: set CAPSIZE_SEEDS=2000")
	}
	needsRuntime(t)
	n := tier.Seeds(t, 0, 0)
	var b strings.Builder
	fmt.Fprintf(&b, "| bug |")
	for _, s := range columns {
		fmt.Fprintf(&b, " %v |", s)
	}
	for _, r := range races.All() {
		fmt.Fprintf(&b, "\n| %s |", r.Name)
		for _, s := range columns {
			found := 0
			for seed := range uint64(n) {
				if shows(t, r, false, seed, s) {
					found++
				}
			}
			if found == 0 {
				fmt.Fprint(&b, " never |")
			} else {
				fmt.Fprintf(&b, " %.3g |", float64(n)/float64(found))
			}
		}
	}
	t.Logf("seeds to find, of %d:\n%s", n, &b)
}
