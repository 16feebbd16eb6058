//go:build unix

package capsize

import (
	"os"
	"syscall"
)

// resumeSignals have a run go on that waits for a debugger.
var resumeSignals = []os.Signal{syscall.SIGCONT}
