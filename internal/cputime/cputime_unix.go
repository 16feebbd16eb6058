//go:build unix

// Package cputime measures how much processor time this process has used.
package cputime

import (
	"syscall"
	"time"
)

// Used returns how much processor time the process has used.
func Used() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
