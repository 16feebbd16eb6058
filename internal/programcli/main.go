// Package programcli is the command capsize program: a main package becomes the system that is tested. The command is in two programs,
// which have the same flags: capsize-program builds the other one, which has a copy of the main package for each node, and runs it with the
// same arguments.
package programcli

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/internal/cli"
)

// A Build is what is to be built.
type Build struct {
	Package string
	Nodes   int
	Tags    string   // of go build
	Race    bool     // with the race detector
	Private []string // import paths of further packages of which each node has a copy
}

// A Builder builds the program of a Build, and returns its path and what is not as one may expect, a sentence each.
type Builder func(ctx context.Context, b Build) (file string, notes []string, err error)

// Main is func main of capsize-program.
func Main(build Builder) {
	cli.MainOfProgram(func(c cli.Console) *cobra.Command { return newCommand(c, build, nil) }, os.Args[1:])
}

// Drive is func main of a program that was built: it runs what starts has for each node.
func Drive(starts []func(args []string)) {
	cli.MainOfProgram(func(c cli.Console) *cobra.Command { return newCommand(c, nil, starts) }, os.Args[1:])
}
