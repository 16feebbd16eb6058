package detgo

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/capsize-go/capsize/internal/child"
	"github.com/capsize-go/capsize/internal/overlay"
)

// A Terminal is where a command reads and writes.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
}

// An invocation is the go command with an overlay.
type invocation struct {
	arguments
	toolchain overlay.Toolchain
	made      overlay.Made
}

// prepare makes the overlay of the toolchain that the go command would use with these arguments. An overlay that they or GOFLAGS name is
// in it.
func prepare(args []string) (invocation, error) {
	x := invocation{arguments: parse(args)}
	var err error
	if x.toolchain, err = overlay.Installed(x.dir); err != nil {
		return x, err
	}
	merge := x.overlay
	if !x.given {
		if merge, err = overlayOf(x.toolchain.Flags); err != nil {
			return x, err
		}
	}
	dir, err := overlay.CacheDir()
	if err != nil {
		return x, err
	}
	x.made, err = overlay.Make(filepath.Join(dir, "overlay"), x.toolchain, merge)
	return x, err
}

// command returns the arguments of the go command: those that were given behind more flags.
func (x invocation) command(verb string, flags ...string) []string {
	args := append([]string{verb}, x.chdir...)
	args = append(args, "-overlay="+x.made.List)
	return append(append(args, flags...), x.rest...)
}

// run runs the go command and returns its exit code.
func (x invocation) run(t Terminal, args, env []string) (code int, err error) {
	cmd := x.toolchain.Command("", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = t.In, t.Out, t.Err
	cmd.Env = append(cmd.Env, env...)
	return child.Run(cmd)
}

// Test runs go test and returns its exit code.
func Test(t Terminal, args []string) (code int, err error) {
	x, err := prepare(args)
	if err != nil {
		return 0, err
	}
	return x.run(t, x.command("test"), nil)
}

// Overlay prints the flag of the overlay as GOFLAGS takes it, and what else must be set for it.
func Overlay(t Terminal, args []string) error {
	x, err := prepare(args)
	if err != nil {
		return err
	}
	fmt.Fprintln(t.Out, inGOFLAGS("-overlay="+x.made.List))
	if tc := x.toolchain; tc.Linked {
		fmt.Fprintf(t.Err, `The go command has fetched %s into the module cache, and replaces no file there. To have it
use this toolchain by another path, set as well:
  export GOROOT=%s GOTOOLCHAIN=local PATH=%s:$PATH
`, tc.Version, tc.Root, filepath.Join(tc.Root, "bin"))
	}
	return nil
}

// Check prints whether the toolchain is supported, and what the overlay changes. It makes none. The error is an
// [overlay.Unsupported] if the toolchain is not.
func Check(t Terminal, args []string) error {
	tc, err := overlay.Installed(parse(args).dir)
	if err != nil {
		return err
	}
	files, err := overlay.Edit(tc)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.Out, "%s in %s is supported, as all of %s are.\n%d files of it are replaced or added, in these groups of edits:\n", tc.Version, tc.Root, overlay.Supported(), len(files))
	for _, g := range overlay.Groups() {
		fmt.Fprintf(t.Out, "  %-8s %s\n", g.Name, g.Why)
	}
	return nil
}
