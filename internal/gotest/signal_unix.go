//go:build unix

package main

import (
	"os"
	"os/exec"
	"syscall"
)

// passedOn are the signals that go to the tests: SIGQUIT has them print their goroutines.
var passedOn = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT}

// ownGroup has a command start a process group of its own.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// signalGroup signals a command and all that it started.
func signalGroup(cmd *exec.Cmd, s os.Signal) error {
	return syscall.Kill(-cmd.Process.Pid, s.(syscall.Signal))
}
