// Package child runs a command in a process group of its own, so that signals reach all that the command has started, and
// once: a terminal sends its interrupt to the group of this process alone, and it is passed on from here.
package child

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
)

// Run runs a command, passes signals on to it and all that it started, and returns its exit code. One that a signal ended has that
// which a shell would give. The error is that it could not be started.
func Run(cmd *exec.Cmd) (code int, err error) {
	OwnGroup(cmd)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, Signals...)
	defer close(signals)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	go PassOn(signals, func(s os.Signal) error { return SignalGroup(cmd, s) })
	err = cmd.Wait()
	if cmd.ProcessState == nil {
		return 0, fmt.Errorf("run %s: %w", cmd.Path, err)
	}
	return exitCode(cmd.ProcessState), nil
}

// PassOn passes each signal on, and from the second interrupt on kills instead.
func PassOn(signals <-chan os.Signal, send func(os.Signal) error) {
	interrupts := 0
	for s := range signals {
		if s == os.Interrupt {
			interrupts++
		}
		if interrupts > 1 {
			s = os.Kill
		}
		_ = send(s) // who has ended takes no signal
	}
}
