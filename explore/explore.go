package explore

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/capsize-go/capsize/schedule"
)

// Options say which seeds are run, and how. The zero value is what [Run] does.
type Options struct {
	// Seeds is how many seeds are run; by default 100. CAPSIZE_SEEDS overrides it.
	Seeds int
	// Seed is the first one; by default 1, so that a test does the same each time. CAPSIZE_SEED overrides it.
	Seed uint64
	// Schedule says which goroutine runs next; by default each seed has one of several kinds. One that
	// is set needs "capsize test".
	Schedule schedule.Schedule
}

const defaultSeeds = 100

// Run runs f in a bubble of testing/synctest for each of the seeds 1 to 100, until one fails. Then t fails with the seed and
// its schedule, with whether a fresh process did the same again, and with the command that runs that seed again. The seed is
// kept in a file under testdata/capsize: from then on it is tried first, and while it fails no others are. Delete its line, or the file, when it is
// of no use any more.
//
// The environment overrides the seeds: CAPSIZE_SEED is the first one and CAPSIZE_SEEDS how many. With CAPSIZE_SEED, kept
// seeds are not tried. With CAPSIZE_RUNTIME=det it is an error that Go decides the order, as it does under "go test"; else the log
// says so.
//
// Before the seeds, f runs once with goroutines in the order in which they become ready: what is initialized at its first use is initialized then, and a seed does the
// same whether or not others were run before it.
//
// With -v, what f logs is written at once. That passes points, so a seed has other orders with -v than without; the command of a failure has
// the flag if it was there.
//
// One run can be under way in a process, so tests that call Run may be parallel, and wait for each other.
// The t of f is one of synctest: it must not call Run, Parallel or Deadline.
func Run(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	Options{}.Run(t, f)
}

// Run is [Run] with options.
func (o Options) Run(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	o, chosen, err := o.complete()
	if err != nil {
		t.Fatalf("explore: %v", err)
	}
	newSweep(t, o, f).run(chosen)
}

// complete returns the options with their defaults and what the environment says. It reports whether that chose the seed.
func (o Options) complete() (_ Options, chosen bool, err error) {
	if text := os.Getenv("CAPSIZE_SEED"); text != "" {
		if o.Seed, err = strconv.ParseUint(text, 0, 64); err != nil {
			return o, false, fmt.Errorf("environment variable CAPSIZE_SEED: %w", err)
		}
		chosen = true
	}
	if text := os.Getenv("CAPSIZE_SEEDS"); text != "" {
		if o.Seeds, err = strconv.Atoi(text); err != nil {
			return o, false, fmt.Errorf("environment variable CAPSIZE_SEEDS: %w", err)
		}
	}
	if o.Seeds <= 0 {
		o.Seeds = defaultSeeds
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	return o, chosen, o.Schedule.Validate()
}
