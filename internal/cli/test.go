package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/internal/detgo"
	"github.com/capsize-go/capsize/internal/overlay"
)

// An exitError ends a command with the exit code of the program that it ran, which has said why.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

const testHelp = `Runs go test with a deterministic runtime: a test that runs on Capsize repeats byte for byte whatever its code leaves to chance
(goroutines, select, maps, timers, math/rand, crypto/rand), and the seed searches its interleavings. Where package
runtime wakes goroutines and draws, small edits to Go's own sources ask the seed; "go test -overlay" applies them while it compiles. Go's
installation stays as it is.

All arguments are go test's, as "go help test" has them, and so is the exit code; input, output and signals are passed on. Flags of
capsize test have two dashes and stand before all of them.

The first time, the standard library and all that a test needs is compiled again: a minute of two processors, say. From then on
the go command has it in its cache, and it takes a fraction of a second longer than go test does.

A binary that is built so is for tests alone: what it draws from crypto/rand, and its hashes, can be predicted. Never ship one.
`

const testCodes = `Exit codes: those of go test, or 3 if it was not run, since this version of Go is not supported or the overlay could not
be written. Of --diff: 0 the two runs are alike, 1 they differ, 2 no test has a run of Capsize, 3 go test failed.

Environment:
  CAPSIZE_CACHE        the folder for the overlay; otherwise capsize in the user's folder for caches
  CAPSIZE_RUNTIME=det  has tests fail that are run without the deterministic runtime
  CAPSIZE_SEED, CAPSIZE_SEEDS, CAPSIZE_DURATION, CAPSIZE_REPORT: as with go test
`

// testCommand is "capsize test".
func (a *app) testCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test [--diff SEED] [flags and packages of go test]",
		Short: "Run go test with a deterministic runtime",
		Long:  testHelp + "\n" + testCodes,
		Example: `  capsize test ./...                        # as go test ./...
  capsize test -race -run TestStore ./store # flags of go test
  capsize test --diff 7 -run TestStore .    # seed 7 twice, in two processes: what differs first?`,
		DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			if asksHelp(args) {
				return c.Help()
			}
			seed, args, err := takeDiff(args)
			switch {
			case err != nil:
				return err
			case seed != 0:
				self, err := twiceCommand()
				if err != nil {
					return err
				}
				return ended(detgo.Diff(a.terminal(), seed, args, self))
			}
			return ended(detgo.Test(a.terminal(), args))
		},
	}
}

// twiceCommand is what "capsize test --diff" has go test run in place of a test binary.
func (a *app) twiceCommand() *cobra.Command {
	return &cobra.Command{
		Use: runTwice, Hidden: true, DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error { return detgo.Twice(args) },
	}
}

const runTwice = "run-twice"

// twiceCommand returns that command of this program, as the flag -exec of go test takes it.
func twiceCommand() (string, error) {
	self, err := exec.LookPath(os.Args[0]) // and no link in it resolved
	if err == nil {
		self, err = filepath.Abs(self)
	}
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	if strings.Contains(self, "'") {
		return `"` + self + `" ` + runTwice, nil
	}
	return "'" + self + "' " + runTwice, nil
}

// buildCommand is "capsize build".
func (a *app) buildCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "build [flags and packages of go build]",
		Short: "Run go build with a deterministic runtime",
		Long: `Runs go build with the deterministic runtime of "capsize test". All arguments are go build's. A program is written as NAME.det unless -o
says otherwise. Never ship one: what it draws from crypto/rand, and its hashes, can be predicted.

Exit codes: those of go build, or 3 if it was not run.`,
		Example:            `  capsize build ./cmd/simulate    # writes simulate.det`,
		DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			if asksHelp(args) {
				return c.Help()
			}
			return ended(detgo.Build(a.terminal(), args))
		},
	}
}

// overlayCommand is "capsize overlay".
func (a *app) overlayCommand() *cobra.Command {
	check, dir := false, "."
	c := &cobra.Command{
		Use:   "overlay",
		Short: "Print the flag that has the go command use a deterministic runtime",
		Long: `Makes the overlay of the Go that is used here, and prints the flag for it, as editors and CI need it:

  export GOFLAGS="$GOFLAGS $(capsize overlay)"

An overlay that GOFLAGS has already is part of it. What else must be set is printed to standard error.

Exit codes: 0, or 3 if this version of Go is not supported or the overlay could not be written.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			in := []string{"-C", dir}
			if check {
				return refused(detgo.Check(a.terminal(), in))
			}
			return refused(detgo.Overlay(a.terminal(), in))
		},
	}
	c.Flags().BoolVar(&check, "check", false, "only say whether this version of Go is supported, and what is changed")
	c.Flags().StringVarP(&dir, "dir", "C", ".", "the folder whose go.mod or go.work chooses the version of Go")
	return c
}

func (a *app) terminal() detgo.Terminal { return detgo.Terminal{In: a.in, Out: a.out, Err: a.err} }

// asksHelp reports whether the first argument is a flag for help. Later ones are for the go command.
func asksHelp(args []string) bool {
	return len(args) > 0 && (args[0] == "-h" || args[0] == "--help")
}

// takeDiff takes --diff SEED from the front of arguments. The seed is 0 if it is not there.
func takeDiff(args []string) (seed uint64, rest []string, err error) {
	const flag = "--diff"
	for i, arg := range args {
		name, text, ok := strings.Cut(arg, "=")
		switch {
		case arg == "-args" || arg == "--args":
			return 0, args, nil
		case name != flag:
			continue
		case i > 0:
			return 0, nil, fmt.Errorf("%s SEED must stand before the arguments of go test", flag)
		case !ok && len(args) == 1:
			return 0, nil, fmt.Errorf("%s needs a seed; see capsize test --help", flag)
		case !ok:
			text, rest = args[1], args[2:]
		default:
			rest = args[1:]
		}
		seed, err := strconv.ParseUint(text, 0, 64)
		if err != nil || seed == 0 {
			return 0, nil, fmt.Errorf("%s must be a whole number from 1 on, not %q; see capsize test --help", flag, text)
		}
		return seed, rest, nil
	}
	return 0, args, nil
}

// ended returns the error of a command that ran the go command and has its exit code.
func ended(code int, err error) error {
	switch {
	case err != nil:
		return refused(err)
	case code != 0:
		return exitError(code)
	}
	return nil
}

// refused says that nothing was run, if the version of Go is not supported.
func refused(err error) error {
	if unsupported := new(overlay.Unsupported); errors.As(err, &unsupported) {
		return fmt.Errorf("%w\nNothing was run. Without the deterministic runtime, the go command runs the same tests, and what repeats without it still does", err)
	}
	return err
}
