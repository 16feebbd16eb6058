package realbugs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/maypok86/otter/v2"

	"github.com/capsize-go/capsize/internal/detrt/races"
	"github.com/capsize-go/capsize/schedule"
)

// A Race is a bug of a library that only some orders of its goroutines show. It needs the deterministic runtime.
type Race struct {
	Library  string            // its module
	Schedule schedule.Schedule // a swarm by default
	Run      func() error      // uses the library once, in a bubble, and says what was wrong
}

// OtterLoads is a bug of maypok86/otter, mended in v2.4.0: a goroutine that misses a key just before a load of it has ended finds no load
// that is under way, and begins another one.
// https://github.com/maypok86/otter/issues/152
func OtterLoads() Race {
	return Race{Library: "github.com/maypok86/otter/v2", Run: otterLoads}
}

func otterLoads() error {
	c, err := otter.New(&otter.Options[string, int64]{MaximumSize: 10})
	if err != nil {
		return err
	}
	defer c.StopAllGoroutines()
	var loads atomic.Int64
	load := otter.LoaderFunc[string, int64](func(context.Context, string) (int64, error) { return loads.Add(1), nil })
	var wg sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		wg.Go(func() { _, errs[i] = c.Get(context.Background(), "a", load) })
	}
	wg.Wait()
	if n := loads.Load(); n != 1 {
		return fmt.Errorf("the key was loaded %d times", n)
	}
	return errors.Join(errs...)
}

// raceSeeds is how many seeds [CheckRace] runs by default.
const raceSeeds = 500

// CheckRace runs the seeds with the library that this module is built with, which must be of that version, and fails unless one shows the bug, again in
// a fresh process, or unless none does. CAPSIZE_SEEDS says how many there are, and CAPSIZE_SEED runs one alone.
func CheckRace(t *testing.T, r Race, version string, shows bool) {
	t.Helper()
	if !schedule.Active() {
		t.Skip("needs the deterministic runtime: run it with capsize test")
	}
	if v := versionOf(t, r.Library); v != version {
		t.Fatalf("%s is %q here, want %s", r.Library, v, version)
	}
	r.run(t, 0, schedule.FirstCome()) // what is initialized late is initialized now
	if text := os.Getenv("CAPSIZE_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(r.outcome(t, seed))
		return
	}
	n := raceSeeds
	if os.Getenv("CAPSIZE_SEEDS") != "" {
		n = seeds(t)
	}
	for seed := uint64(1); seed <= uint64(n); seed++ {
		if err := r.run(t, seed, r.Schedule); err == nil {
			continue
		}
		here := r.outcome(t, seed)
		t.Logf("%s %s, %s", r.Library, version, here)
		if !shows {
			t.Errorf("%s shows the bug", version)
		}
		again(t, seed, here)
		return
	}
	t.Logf("%s %s: none of %d seeds shows the bug", r.Library, version, n)
	if shows {
		t.Errorf("%s does not show the bug", version)
	}
}

// again fails t unless a fresh process comes to the same with a seed.
func again(t *testing.T, seed uint64, want string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), fmt.Sprintf("CAPSIZE_SEED=%d", seed))
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
		t.Errorf("a fresh process comes to something else (%v): want %s, and it printed\n%s", err, want, out)
	}
}

// run runs one seed, and returns what was wrong.
func (r Race) run(t *testing.T, seed uint64, s schedule.Schedule) (err error) {
	t.Helper()
	if races.Shows(t, seed, s, func() bool { err = r.Run(); return err != nil }) && err == nil {
		err = errors.New("all goroutines are blocked")
	}
	return err
}

// outcome runs one seed, and says what came out.
func (r Race) outcome(t *testing.T, seed uint64) string {
	t.Helper()
	err := r.run(t, seed, r.Schedule)
	trace := schedule.Recorded()
	return fmt.Sprintf("seed %d, schedule %v: %v, after %d decisions (%x)", seed, r.Schedule.For(seed), err, trace.Steps, trace.Hash)
}
