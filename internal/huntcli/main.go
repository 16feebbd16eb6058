// Package huntcli is the command capsize hunt: campaigns of many seeds on all cores.
package huntcli

import (
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/cli"
	"github.com/capsize-go/capsize/internal/huntrun"
)

// Main is func main of capsize-hunt.
func Main() {
	limitsAreErrors()
	if os.Getenv(huntrun.Variable) != "" {
		debug.SetGCPercent(800) // what is alive is small: see internal/cli
		capsize.Main(work)
	}
	cli.MainOfHunt(newCommand, arguments(os.Args[1:]))
}

// work is a worker process that runs seeds of a system of the catalog.
func work(t *testing.T) int {
	w, err := huntrun.Open()
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	if w.Task.System == nil {
		t.Fatalf("capsize: environment variable %s names no system", huntrun.Variable)
	}
	test, err := testOf(*w.Task.System)
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	capsize.Run(t, test)
	return 0
}

// ofGoTest are flags of go test that may be given with one dash, as there.
var ofGoTest = []string{"-run", "-race", "-short", "-tags"}

// arguments returns the arguments with two dashes before the flags that go test has with one.
func arguments(args []string) []string {
	args = slices.Clone(args)
	for i, a := range args {
		name, _, _ := strings.Cut(a, "=")
		if slices.Contains(ofGoTest, name) {
			args[i] = "-" + a
		}
	}
	return args
}
