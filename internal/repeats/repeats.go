// Package repeats measures of how many seeds a test repeats: the numbers in
// docs/reference/libraries.md come from it. A system that shares nothing with chance repeats
// for each seed; one on a library that does repeats for some, or for none.
package repeats

import (
	"fmt"
	"testing"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
)

// A Rate is what came of running each of some seeds twice.
type Rate struct {
	Seeds     int
	Histories int    // pairs of runs whose histories are the same
	Traces    int    // pairs of runs in which the hosts did the same, too
	Verdicts  int    // pairs of runs with the same verdict
	First     string // where the first pair that differs does so; empty if none does

	Results []*capsize.Result // of all runs, two for each seed
}

// String returns the counts as docs/reference/libraries.md states them.
func (r Rate) String() string {
	return fmt.Sprintf("%d seeds, each run twice: %d with the same history, %d with the same trace, %d with the same verdict",
		r.Seeds, r.Histories, r.Traces, r.Verdicts)
}

// Measure runs the seeds 1 to seeds of a test twice each and logs the rate. It fails t
// only if a test can't be run.
func Measure(t *testing.T, test capsize.Test, seeds int) Rate {
	t.Helper()
	r := Rate{Seeds: seeds}
	for i := range seeds {
		test.Seed = uint64(i + 1)
		var pair [2]*capsize.Result
		for j := range pair {
			var err error
			if pair[j], err = capsize.Exec(t.Context(), t, test); err != nil {
				t.Fatalf("run seed %d: %v", test.Seed, err)
			}
		}
		if err := r.add(pair[0], pair[1]); err != nil {
			t.Fatalf("compare the runs of seed %d: %v", test.Seed, err)
		}
	}
	t.Log(r)
	if r.First != "" {
		t.Log(r.First)
	}
	return r
}

// add compares two runs of one seed.
func (r *Rate) add(a, b *capsize.Result) error {
	x, err := a.Digest()
	if err != nil {
		return err
	}
	y, err := b.Digest()
	if err != nil {
		return err
	}
	if x == y {
		r.Histories++
		if a.Trace == b.Trace {
			r.Traces++
		}
	}
	if a.Verdict == b.Verdict {
		r.Verdicts++
	}
	if d := a.Diff(b); d != "" && r.First == "" {
		r.First = fmt.Sprintf("seed %d: %s", a.Seed, d)
	}
	r.Results = append(r.Results, a, b)
	return nil
}

// All fails t unless every run came to the verdict and user code neither panicked,
// hung nor leaked. It holds whether or not the runs repeat.
func (r Rate) All(t *testing.T, want checker.Verdict) {
	t.Helper()
	for i, x := range r.Results {
		if x.Verdict != want {
			t.Errorf("seed %d, run %d: %v: %s; want %v", x.Seed, i%2+1, x.Verdict, x.Reason, want)
		}
		for _, f := range x.Findings {
			t.Errorf("seed %d, run %d: %v", x.Seed, i%2+1, f)
		}
	}
}
