package detgo

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Output runs a command of the go command with the overlay, as [Build] does, and returns what it prints. What it prints to standard error
// is in the error.
func Output(verb string, args []string) ([]byte, error) {
	x, err := prepare(args)
	if err != nil {
		return nil, err
	}
	cmd := x.toolchain.Command("", x.command(verb)...)
	var out bytes.Buffer
	cmd.Stdout = &out
	var said bytes.Buffer
	cmd.Stderr = &said
	err = cmd.Run()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		err = fmt.Errorf("go %s: %w\n%s", verb, err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), err
}
