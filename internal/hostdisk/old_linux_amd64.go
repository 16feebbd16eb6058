package hostdisk

import "syscall"

// Numbers of calls that package syscall has no names for.
const (
	sysCopyFileRange = 326
	sysPwritev2      = 328
	sysRenameat2     = 316
	sysSyncfs        = 306
)

// oldCalls have no descriptor of a folder before their paths. Later processors do not have them.
var oldCalls = map[uintptr]bool{
	syscall.SYS_OPEN: true, syscall.SYS_CREAT: true, syscall.SYS_MKDIR: true, syscall.SYS_RMDIR: true, syscall.SYS_MKNOD: true,
	syscall.SYS_UNLINK: true, syscall.SYS_RENAME: true, syscall.SYS_LINK: true, syscall.SYS_SYMLINK: true,
	syscall.SYS_STAT: true, syscall.SYS_LSTAT: true, syscall.SYS_ACCESS: true, syscall.SYS_READLINK: true,
	syscall.SYS_CHMOD: true, syscall.SYS_CHOWN: true, syscall.SYS_LCHOWN: true, syscall.SYS_UTIMES: true,
}

func makesOld(c *call) bool {
	switch c.Trap {
	case syscall.SYS_OPEN:
		return c.Args[1]&syscall.O_CREAT != 0
	case syscall.SYS_CREAT, syscall.SYS_MKDIR, syscall.SYS_MKNOD:
		return true
	}
	return false
}

func init() {
	for trap, h := range map[uintptr]handler{ // order: a map again
		syscall.SYS_OPEN:    func(c *call) pending { return c.open(atCWD, int(c.Args[1])) },
		syscall.SYS_CREAT:   func(c *call) pending { return c.open(atCWD, syscall.O_CREAT|syscall.O_WRONLY|syscall.O_TRUNC) },
		syscall.SYS_MKDIR:   func(c *call) pending { return c.create("mkdir", atCWD, c.Path) },
		syscall.SYS_MKNOD:   func(c *call) pending { return c.create("link", atCWD, c.Path) },
		syscall.SYS_LINK:    func(c *call) pending { return c.create("link", atCWD, c.To) },
		syscall.SYS_SYMLINK: func(c *call) pending { return c.create("link", atCWD, c.To) },
		syscall.SYS_UNLINK:  func(c *call) pending { return c.remove(atCWD) },
		syscall.SYS_RMDIR:   func(c *call) pending { return c.remove(atCWD) },
		syscall.SYS_RENAME:  func(c *call) pending { return c.rename(atCWD, atCWD, 0) },
	} {
		handlers[trap] = h
	}
}
