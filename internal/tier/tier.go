// Package tier says how much a test tries, so that the same tests serve three
// loops: go test -short while one writes, make test before a commit, and
// make sweep by night.
package tier

import (
	"iter"
	"os"
	"runtime/debug"
	"strconv"
	"testing"
	"time"
)

// init has the garbage collector of a test binary run less often, unless GOGC says
// otherwise: runs of systems make much garbage and keep little, and a quarter of their
// processor time went to collecting it.
func init() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// Seeds returns how many seeds, or random histories, a test tries: the number in
// CAPSIZE_SEEDS if that is set, else short under -short, else normal. A number in
// CAPSIZE_SEEDS that is none fails t.
func Seeds(t testing.TB, short, normal int) int {
	t.Helper()
	if text := os.Getenv("CAPSIZE_SEEDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("CAPSIZE_SEEDS=%q is not a number of seeds", text)
		}
		return n
	}
	if testing.Short() {
		return short
	}
	return normal
}

// From returns the seeds 1 to n for a test that stops at the first which shows a bug. Out of
// the long loop the one that is known to show it comes first; when it does so no more,
// since the system or the engine has changed, the others are tried. A known of 0 is none.
func From(known uint64, n int) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		if Sweeping() {
			known = 0
		}
		if known > 0 && !yield(known) {
			return
		}
		for seed := uint64(1); seed <= uint64(n); seed++ {
			if seed != known && !yield(seed) {
				return
			}
		}
	}
}

// For returns for how long, in virtual time, the runs of a test go on: long in the long
// loop, and else as long as they need to show what they show.
func For(needed, long time.Duration) time.Duration {
	if Sweeping() {
		return long
	}
	return needed
}

// Sweeping reports whether the long loop runs: whether CAPSIZE_SEEDS is set. A test
// that only the long loop needs skips without it.
func Sweeping() bool { return os.Getenv("CAPSIZE_SEEDS") != "" }
