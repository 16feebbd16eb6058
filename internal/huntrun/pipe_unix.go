//go:build unix

package huntrun

import "syscall"

// keepPipe has no process inherit the pipe that the worker starts.
func keepPipe() { syscall.CloseOnExec(Pipe) }
