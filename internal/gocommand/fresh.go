package gocommand

import (
	"os"
	"strings"
	"testing"
)

// Arguments returns those of this test binary that a test may depend on, with one that has it run that test alone: for
// a process of its own in which the test is run again.
func Arguments(test string) []string {
	args := []string{"-test.run=" + Pattern(test), "-test.count=1"}
	if testing.Short() {
		args = append(args, "-test.short")
	}
	if testing.Verbose() {
		args = append(args, "-test.v") // what is logged is then written at once, which passes points
	}
	for _, a := range os.Args[1:] {
		if !strings.HasPrefix(a, "-test.") {
			args = append(args, a)
		}
	}
	return args
}

// LastLines returns the last lines of what such a process printed.
func LastLines(out []byte) string {
	const most = 20
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
