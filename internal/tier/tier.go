// Package tier says how much a test tries, so that the same tests serve three
// loops: go test -short while one writes, make test before a commit, and
// make sweep by night.
package tier

import (
	"os"
	"strconv"
	"testing"
)

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

// Sweeping reports whether the long loop runs: whether CAPSIZE_SEEDS is set. A test
// that only the long loop needs skips without it.
func Sweeping() bool { return os.Getenv("CAPSIZE_SEEDS") != "" }
