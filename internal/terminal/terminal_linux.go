package terminal

import (
	"os"
	"syscall"
	"unsafe"
)

// Columns returns how many columns a file has if it is a terminal, 0 if that is not known, and whether it is one.
// It asks the kernel itself: golang.org/x/term needs golang.org/x/sys, which takes two seconds to compile.
func Columns(f *os.File) (columns int, ok bool) {
	var size struct{ rows, columns, x, y uint16 }
	_, _, err := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	return int(size.columns), err == 0
}
