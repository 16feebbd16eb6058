package repeats

import (
	"testing"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/schedule"
)

// A Planted is a mistake in a system on a library that repeats under "capsize test" alone.
type Planted struct {
	Name  string
	Test  capsize.Test
	Known uint64 // the first seed that finds it under "capsize test"; tried first there
	Seeds int    // how many are tried, from 1 on, until one finds it; CAPSIZE_SEEDS runs as many as it says, and counts
	Hangs bool   // whether it shows by findings: goroutines that are left behind
	Stock bool   // whether a stock build finds it in as many seeds: its runs come out otherwise each time
}

// Find fails t unless some seed finds the bug. Under CAPSIZE_SEEDS it logs how many do, and the first.
func (p Planted) Find(t *testing.T) {
	t.Helper()
	switch {
	case testing.Short():
		t.Skip("long")
	case !schedule.Active() && !p.Stock && !tier.Sweeping():
		t.Skip("this bug needs the deterministic runtime: run it with capsize test")
	case !schedule.Active():
		p.Known = 0
	}
	found, tried, first := 0, 0, uint64(0)
	for seed := range tier.From(p.Known, tier.Seeds(t, 1, p.Seeds)) {
		tried++
		if p.shows(t, run(t, p.Test, seed)) {
			if found++; found == 1 {
				first = seed
			}
			if !tier.Sweeping() {
				break
			}
		}
	}
	t.Logf("%s: %d of %d seeds find it, the first is %d", p.Name, found, tried, first)
	if found == 0 && (schedule.Active() || p.Stock) {
		t.Errorf("%s: none of %d seeds finds it", p.Name, tried)
	}
}

// shows reports whether a run shows the bug. Findings fail t unless they are what shows it.
func (p Planted) shows(t *testing.T, r *capsize.Result) bool {
	t.Helper()
	if p.Hangs {
		return len(r.Findings) > 0
	}
	sound(t, r)
	return r.Verdict == checker.Invalid
}

// Clean fails t unless all seeds from 1 on are valid.
func Clean(t *testing.T, test capsize.Test, seeds int) {
	t.Helper()
	for seed := uint64(1); seed <= uint64(seeds); seed++ {
		r := run(t, test, seed)
		sound(t, r)
		if r.Verdict != checker.Valid {
			t.Errorf("seed %d: %v: %s", seed, r.Verdict, r.Reason)
		}
	}
}

// run runs a seed.
func run(t *testing.T, test capsize.Test, seed uint64) *capsize.Result {
	t.Helper()
	test.Seed = seed
	r, err := capsize.Exec(t.Context(), t, test)
	if err != nil {
		t.Fatalf("run seed %d: %v", seed, err)
	}
	return r
}

// sound fails t if user code panicked, hung or leaked.
func sound(t *testing.T, r *capsize.Result) {
	t.Helper()
	for _, f := range r.Findings {
		t.Errorf("seed %d: %v", r.Seed, f)
	}
}
