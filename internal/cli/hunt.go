package cli

import (
	"context"
	"io"
	"testing"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report"
)

// A Console is what a command that is in a package of its own has of this one.
type Console struct {
	T        *testing.T // what a run needs to enter virtual time
	Out, Err io.Writer
	Style    func() report.Style // of what is printed, once the flags are read
	app      *app
}

// Ended returns the error that ends a command with an exit code; nil for 0.
func (Console) Ended(code int) error { return ended(code, nil) }

// LookFlags adds the flags for looking into a run.
func (c Console) LookFlags(cmd *cobra.Command, stopAt *string) { c.app.lookFlags(cmd, stopAt) }

// Runs are seeds of a test that another command has put together.
type Runs struct {
	Test            capsize.Test // all but the seed
	System, Nemesis string       // what they are called
	Seed            uint64
	Seeds           int
	Report          string
	JSON            bool
	Rerun, All      func(seed uint64) string // the commands that run one seed again, and all from it on
}

// RunSeeds runs them as capsize run does.
func (c Console) RunSeeds(ctx context.Context, x Runs) error {
	s := runSpec{System: x.System, Workload: x.Test.Workload.Name, Nemesis: x.Nemesis, Test: x.Test}
	return c.app.runSpec(ctx, s, runOptions{seed: x.Seed, seeds: x.Seeds, nemesis: x.Nemesis, report: x.Report, json: x.JSON, rerun: x.Rerun, all: x.All})
}

// Outcome returns the error that ends a command with the exit code of a verdict. It is nil for [checker.Valid].
func (Console) Outcome(v checker.Verdict) error { return outcome(v) }

// Program returns what to type to run the command capsize.
func (Console) Program() string { return programName() }

// Version returns the version that this was built from.
func (Console) Version() string { return version() }

// Quoted quotes a word for a shell, if it has to be.
func (Console) Quoted(word string) string { return quoted(word) }

// other is a command of another program: that of this one, if it is that program, or else one that runs it.
func (a *app) other(program, use, short, has string) *cobra.Command {
	if program == a.is {
		return a.more(Console{T: a.t, Out: a.out, Err: a.err, Style: func() report.Style { return a.style }, app: a})
	}
	return &cobra.Command{
		Use: use, Short: short, DisableFlagParsing: true, // the other program has the flags, and the help
		RunE: func(c *cobra.Command, _ []string) error { return a.delegate(c.Context(), program, has) },
	}
}
