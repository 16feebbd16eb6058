//go:build unix

package engine

import (
	"os"
	"syscall"
)

// resumeSignals have a run go on that waits for a debugger.
var resumeSignals = []os.Signal{syscall.SIGCONT}
