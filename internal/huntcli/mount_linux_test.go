package huntcli

import (
	"fmt"
	"syscall"
)

// mountSmall mounts a disk of the given size in bytes.
func mountSmall(dir string, bytes int) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprint("size=", bytes))
}

func unmount(dir string) { _ = syscall.Unmount(dir, 0) }
