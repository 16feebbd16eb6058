package tier

import "testing"

// SkipComputing skips a test under the race detector out of the long loop that has one
// goroutine only, and much to compute.
func SkipComputing(t testing.TB) {
	t.Helper()
	if raced() {
		t.Skip("one goroutine that computes: the race detector has nothing to see")
	}
}

// SkipRepeats skips a test under the race detector out of the long loop. It is for tests
// that run anew what another test of their package runs as well, under the same kinds of
// faults: that check that a run repeats, compare digests, or measure. The detector needs
// each pair of goroutines to meet once; whether a second run equals the first it can't
// tell, and without it the same test says so in a tenth of the time.
func SkipRepeats(t testing.TB) {
	t.Helper()
	if raced() {
		t.Skip("a repetition: it shows the race detector no goroutines that another test does not")
	}
}

// InRace returns less under the race detector out of the long loop, and else all: a
// duration, a rate or a number of runs. What is less must still bring all goroutines of the
// test together, and show what the test asserts.
func InRace[T any](less, all T) T {
	if raced() {
		return less
	}
	return all
}

// raced reports whether tests are to do less: under the race detector, out of the long loop.
func raced() bool { return Race && !Sweeping() }
