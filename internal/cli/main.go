// Package cli is the command capsize: its flags, what it prints, and its exit codes. It is a package and not a
// command because two commands are made of it: capsize, and capsize-scenarios, which adds the scenarios and the
// libraries that they need.
package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/scenarios"
)

// Scenarios are what capsize-scenarios adds to the command. Without them, the commands scenario, cap and isolation
// run capsize-scenarios.
type Scenarios struct {
	All   []scenarios.Scenario                                                    // in the order of their names
	Grids map[string]func(s scenarios.Scenario, rows []scenarios.Row) report.Grid // the pages of capsize cap and isolation, by scenario
}

// Main is func main of a command with these scenarios; nil for none.
func Main(s *Scenarios) { run(&app{scenarios: s}, os.Args[1:]) }

// MainOfHunt is func main of the program that has the command hunt, which a function makes. Args are its arguments.
func MainOfHunt(hunt func(Console) *cobra.Command, args []string) {
	run(&app{is: huntCommand, more: hunt}, args)
}

// MainOfProgram is [MainOfHunt] of the programs that have the command program.
func MainOfProgram(program func(Console) *cobra.Command, args []string) {
	run(&app{is: programCommand, more: program}, args)
}

// run makes an app the program, with these arguments.
func run(a *app, args []string) {
	if os.Getenv("GOGC") == "" {
		// What is alive is small, some megabytes of history, and what dies is much:
		// with the default of 100 the collector would run every few milliseconds.
		debug.SetGCPercent(800)
	}
	capsize.Main(func(t *testing.T) int {
		a.t, a.in, a.out, a.err = t, os.Stdin, os.Stdout, os.Stderr
		return a.main(args)
	})
}

// main runs the command line and returns the exit code. An interrupt ends the
// run that is under way early; a second one ends the process at once.
func (a *app) main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return a.execute(ctx, args)
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of Capsize and of Go",
		Long:    "Version prints what a bug report should name: the version of Capsize, of Go, and the platform.",
		Example: "  capsize version",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.out, "capsize %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// version returns the version that this was built from: that of the module, and
// the commit where the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	if revision != "" && !strings.Contains(v, revision) {
		v += " " + revision + dirty
	}
	return v
}
