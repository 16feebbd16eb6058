package cli

import (
	"io"
	"testing"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report"
)

// A Console is what the command hunt, which is in a package of its own, has of this one.
type Console struct {
	T        *testing.T // what a run needs to enter virtual time
	Out, Err io.Writer
	Style    func() report.Style // of what is printed, once the flags are read
}

// Outcome returns the error that ends a command with the exit code of a verdict. It is nil for [checker.Valid].
func (Console) Outcome(v checker.Verdict) error { return outcome(v) }

// Program returns what to type to run the command capsize.
func (Console) Program() string { return programName() }

// Version returns the version that this was built from.
func (Console) Version() string { return version() }

// Quoted quotes a word for a shell, if it has to be.
func (Console) Quoted(word string) string { return quoted(word) }

// huntCommand is "capsize hunt": that of this program, or that of capsize-hunt, which it runs.
func (a *app) huntCommand() *cobra.Command {
	if a.hunt != nil {
		return a.hunt(Console{T: a.t, Out: a.out, Err: a.err, Style: func() report.Style { return a.style }})
	}
	return &cobra.Command{
		Use:                "hunt [packages]",
		Short:              "Run many seeds on all cores, group failures by signature, and make each small",
		DisableFlagParsing: true, // capsize-hunt has the flags, and the help
		RunE: func(c *cobra.Command, _ []string) error {
			return a.delegate(c.Context(), huntCommand, "campaigns")
		},
	}
}
