package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/internal/overlay"
)

// An exitError ends a command with the exit code of the program that it ran, which has said why.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// testCommand is "capsize test".
func (a *app) testCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "test [flags and packages of go test]",
		Short:              "Run go test with a deterministic runtime",
		DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
				return c.Help()
			}
			return a.goTest(c.Context(), args)
		},
	}
}

// overlayCommand is "capsize overlay".
func (a *app) overlayCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "overlay",
		Short: "Print the flag that has the go command use a deterministic runtime",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, made, err := makeOverlay("")
			if err != nil {
				return err
			}
			fmt.Fprintln(a.out, "-overlay="+made.List)
			return nil
		},
	}
}

// goTest runs go test with the overlay.
func (a *app) goTest(ctx context.Context, args []string) error {
	theirs, rest := takeOverlay(args)
	tc, made, err := makeOverlay(theirs)
	if err != nil {
		return err
	}
	cmd := tc.Command(".", append([]string{"test", "-overlay=" + made.List}, rest...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.err
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exitError(exit.ExitCode())
	}
	return err
}

// makeOverlay makes the overlay of the toolchain that is used here, with that of GOFLAGS or of theirs in it.
func makeOverlay(theirs string) (overlay.Toolchain, overlay.Made, error) {
	tc, err := overlay.Installed(".")
	if err != nil {
		return tc, overlay.Made{}, err
	}
	if theirs == "" {
		theirs, _ = takeOverlay(strings.Fields(tc.Flags))
	}
	dir, err := overlay.CacheDir()
	if err != nil {
		return tc, overlay.Made{}, err
	}
	made, err := overlay.Make(filepath.Join(dir, "overlay"), tc, theirs)
	return tc, made, err
}

// takeOverlay takes the flag -overlay out of arguments of the go command.
func takeOverlay(args []string) (list string, rest []string) {
	for i := 0; i < len(args); i++ {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(args[i], "-"), "-"), "=")
		switch {
		case args[i] == "-args" || args[i] == "--args":
			return list, append(rest, args[i:]...)
		case name != "overlay" || !strings.HasPrefix(args[i], "-"):
			rest = append(rest, args[i])
		case ok:
			list = value
		case i+1 < len(args):
			i++
			list = args[i]
		}
	}
	return list, rest
}
