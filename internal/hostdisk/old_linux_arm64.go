package hostdisk

// Numbers of calls that package syscall has no names for.
const (
	sysCopyFileRange = 285
	sysPwritev2      = 287
	sysRenameat2     = 276
	sysSyncfs        = 267
)

var oldCalls map[uintptr]bool

func makesOld(*call) bool { return false }
