//go:build !unix

package main

import (
	"os"
	"os/exec"
)

// passedOn are the signals that go to the tests.
var passedOn = []os.Signal{os.Interrupt}

// ownGroup does nothing: a console interrupts all of its processes.
func ownGroup(*exec.Cmd) {}

// signalGroup kills a command that was interrupted twice: it has got the first interrupt from the console.
func signalGroup(cmd *exec.Cmd, s os.Signal) error {
	if s == os.Interrupt {
		return nil
	}
	return cmd.Process.Signal(s)
}
