//go:build !unix

package child

import (
	"os"
	"os/exec"
)

// Signals are those that are passed on.
var Signals = []os.Signal{os.Interrupt}

// OwnGroup does nothing: a console interrupts all of its processes.
func OwnGroup(*exec.Cmd) {}

// SignalGroup kills a command that was interrupted twice: it has got the first interrupt from the console.
func SignalGroup(cmd *exec.Cmd, s os.Signal) error {
	if s == os.Interrupt {
		return nil
	}
	return cmd.Process.Signal(s)
}

// exitCode returns the exit code of a process that has ended.
func exitCode(p *os.ProcessState) int { return p.ExitCode() }
