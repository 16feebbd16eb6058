package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/terminal"
	"github.com/capsize-go/capsize/report"
)

// An app is one invocation of the command: where it reads and writes, and how.
//
// It has many methods because each command and each part of its output is one.
type app struct {
	scenarios *Scenarios                   // nil if another command has them
	is        string                       // which of the programs this is that have a command more; empty if it is capsize
	more      func(Console) *cobra.Command // makes that command

	t     *testing.T // what a run needs to enter virtual time
	in    io.Reader
	out   io.Writer
	err   io.Writer
	args  []string
	color string // auto, always or never
	style report.Style

	verbose bool  // -v: of the commands that have it
	lost    error // why the first page that could not be written was not
}

// The exit codes. Those of verdicts come first, so that a script can tell a
// system that is wrong from a command that is.
const (
	exitValid   = 0
	exitInvalid = 1
	exitUnknown = 2
	exitHarness = 3 // usage, or the harness itself
)

const exitCodes = `Exit codes: 0 valid, 1 invalid, 2 unknown, 3 usage or harness error.`

// exitOf returns the exit code of a verdict.
func exitOf(v checker.Verdict) int {
	return [...]int{exitValid, exitUnknown, exitInvalid}[min(int(v), 2)]
}

// A verdictError ends a command that did its work, with the exit code of what it
// found. It has been reported by then.
type verdictError checker.Verdict

func (v verdictError) Error() string { return checker.Verdict(v).String() }

// outcome is what a command returns that came to a verdict.
func outcome(v checker.Verdict) error {
	if v == checker.Valid {
		return nil
	}
	return verdictError(v)
}

// execute runs the command line. A panic is the harness's fault, and must not
// end with the exit code 2 of the runtime, which means unknown.
func (a *app) execute(ctx context.Context, args []string) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(a.err, "capsize: internal error: %v\n\n%s", p, debug.Stack())
			code = exitHarness
		}
	}()
	root := a.root()
	root.SetArgs(args)
	a.args = args
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := noCommand(root, args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	var v verdictError
	var exit exitError
	switch {
	case err == nil:
		return exitValid
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &v):
		return exitOf(checker.Verdict(v))
	case errors.Is(err, errReported):
		return exitHarness
	}
	fmt.Fprintf(a.err, "capsize: %v\n", err)
	return exitHarness
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "capsize",
		Short: "Test distributed systems on virtual time",
		Long: `Capsize runs a cluster, its clients and a nemesis in one process on virtual time,
records every operation, and says which rule the history broke, with the
smallest counterexample and the seed that repeats it.

` + exitCodes,
		Example: `  capsize run                          # a raft store under partitions
  capsize run --bug local-reads        # a bug in it, found and explained
  capsize cap                          # who gets answers, and are they right, while the network is cut
  capsize isolation                    # which isolation level does each database claim, and keep
  capsize check history.jsonl          # judge a history that was recorded
  capsize show --open                  # the pages of all runs
  capsize hunt --for 10m               # find failures of many seeds on all cores, and make each small
  capsize test ./...                   # go test with a deterministic runtime
  capsize program ./cmd/server         # a main package of your own, as it is
  capsize list                         # what there is to run`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs, // so that a wrong command is our error, not cobra's
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return a.dress()
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringVar(&a.color, "color", "auto", "colours: auto, always or never; auto heeds NO_COLOR")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(a.runCommand(), a.capCommand(), a.isolationCommand(), a.scenarioCommand(), a.checkCommand(), a.convertCommand(), a.replayCommand(), a.showCommand(), a.diffCommand(), a.listCommand(), a.testCommand(), a.twiceCommand(), a.buildCommand(), a.overlayCommand(), a.versionCommand(),
		a.other(huntCommand, "hunt [packages]", "Run many seeds on all cores, group failures by signature, and make each small", "campaigns"),
		a.other(programCommand, "program PACKAGE", "Test a main package of your own as a cluster, as it is", "what reads Go programs"))
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(root, args[0])
	}
	return root
}

func unknownCommand(root *cobra.Command, name string) error {
	var names []string
	for _, c := range root.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return unknown("command", name, names)
}

// noCommand returns an error if help is asked of a command that there is not: cobra
// would print that of the whole program.
func noCommand(root *cobra.Command, args []string) error {
	asked := slices.Contains(args, "--help") || slices.Contains(args, "-h")
	if len(args) > 0 && args[0] == "help" {
		asked, args = true, args[1:]
	}
	if cmd, _, err := root.Find(args); !asked || err != nil || cmd != root {
		return nil
	}
	for i, arg := range args {
		if !strings.HasPrefix(arg, "-") && (i == 0 || args[i-1] != "--color") {
			return unknownCommand(root, arg)
		}
	}
	return nil
}

// dress decides on colours and on the width of lines.
func (a *app) dress() error {
	a.style = report.Style{Verbose: a.verbose}
	tty := false
	if f, ok := a.out.(*os.File); ok {
		var columns int
		columns, tty = terminal.Columns(f)
		a.style.Width = min(columns, 160) // longer lines are hard to follow
	}
	switch a.color {
	case "auto":
		a.style.Color = tty && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	case "always":
		a.style.Color = true
	case "never":
	default:
		return unknown("colour mode", a.color, []string{"auto", "always", "never"})
	}
	return nil
}

// valueKinds say what the value of a flag must be, by its type.
var valueKinds = map[string]string{
	"uint": "a whole number from 0 on", "uint64": "a whole number from 0 on", "int": "a whole number", "float64": "a number",
	"duration": `a time such as "1m30s"`, "bool": "true or false",
}

// flagError says which flags there are when one is unknown, and what a value must be.
func flagError(cmd *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		if kind, ok := valueKinds[value.GetFlag().Value.Type()]; ok {
			if errors.Is(err, strconv.ErrRange) {
				kind += " that fits in 64 bits"
			}
			return fmt.Errorf("--%s must be %s, not %q; see capsize %s --help", value.GetFlag().Name, kind, value.GetValue(), cmd.Name())
		}
	}
	if !errors.As(err, &missing) {
		return fmt.Errorf("%w; see capsize %s --help", err, cmd.Name())
	}
	name := missing.GetSpecifiedName()
	if len(missing.GetSpecifiedShortnames()) > 0 {
		return unknown("flag", "-"+missing.GetSpecifiedShortnames(), flagNames(cmd))
	}
	return unknown("flag", "--"+name, flagNames(cmd))
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	sorting.Ordered(names)
	return names
}
