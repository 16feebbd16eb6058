//go:build unix

package huntcli

import (
	"os/signal"
	"syscall"
)

// limitsAreErrors has a write beyond the limit to the size of files fail, as on a full disk, where it would else end the process.
func limitsAreErrors() { signal.Ignore(syscall.SIGXFSZ) }
