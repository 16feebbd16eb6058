//go:build amd64 || arm64

package hostdisk

import (
	"path/filepath"
	"strings"
	"syscall"
)

// A handler sees a call before it is made, and may refuse it. What it returns is done after the call.
type handler func(c *call) pending

// handlers are by the number of the call.
var handlers = map[uintptr]handler{
	syscall.SYS_READ:      func(c *call) pending { return c.read(-1) },
	syscall.SYS_PREAD64:   func(c *call) pending { return c.read(int64(c.Args[3])) },
	syscall.SYS_WRITE:     func(c *call) pending { return c.write(0, -1, int64(c.Args[2])) },
	syscall.SYS_PWRITE64:  func(c *call) pending { return c.write(0, int64(c.Args[3]), int64(c.Args[2])) },
	syscall.SYS_WRITEV:    func(c *call) pending { return c.write(0, -1, c.Size) },
	syscall.SYS_PWRITEV:   func(c *call) pending { return c.write(0, int64(c.Args[3]), c.Size) },
	sysPwritev2:           func(c *call) pending { return c.write(0, int64(c.Args[3]), c.Size) },
	syscall.SYS_FTRUNCATE: func(c *call) pending { return c.truncate(int64(c.Args[1])) },
	syscall.SYS_FALLOCATE: (*call).allocate,
	syscall.SYS_FSYNC:     (*call).sync,
	syscall.SYS_FDATASYNC: (*call).sync,
	syscall.SYS_SYNC:      (*call).syncAll,
	sysSyncfs:             (*call).syncAll,
	syscall.SYS_MMAP:      (*call).mmap,
	syscall.SYS_SENDFILE:  func(c *call) pending { return c.copyTo(0, syscall.EINVAL) },
	syscall.SYS_SPLICE:    func(c *call) pending { return c.copyTo(2, syscall.EINVAL) },
	sysCopyFileRange:      func(c *call) pending { return c.copyTo(2, syscall.ENOSYS) },
	syscall.SYS_OPENAT:    func(c *call) pending { return c.open(int(int32(c.Args[0])), int(c.Args[2])) },
	syscall.SYS_MKDIRAT:   func(c *call) pending { return c.create("mkdir", int(int32(c.Args[0])), c.Path) },
	syscall.SYS_MKNODAT:   func(c *call) pending { return c.create("link", int(int32(c.Args[0])), c.Path) },
	syscall.SYS_LINKAT:    func(c *call) pending { return c.create("link", int(int32(c.Args[2])), c.To) },
	syscall.SYS_SYMLINKAT: func(c *call) pending { return c.create("link", int(int32(c.Args[1])), c.To) },
	syscall.SYS_UNLINKAT:  func(c *call) pending { return c.remove(int(int32(c.Args[0]))) },
	syscall.SYS_RENAMEAT:  func(c *call) pending { return c.rename(int(int32(c.Args[0])), int(int32(c.Args[2])), 0) },
	sysRenameat2:          func(c *call) pending { return c.rename(int(int32(c.Args[0])), int(int32(c.Args[2])), c.Args[4]) },
	syscall.SYS_TRUNCATE:  (*call).truncatePath,
}

func (c *call) fd(arg int) int { return int(int32(c.Args[arg])) }

func (c *call) read(off int64) pending {
	ours := false
	aside(func() { ours = c.m.d.has(c.fd(0)) })
	if !ours || c.fails("read") {
		return nil
	}
	aside(func() { c.m.d.Read(c.fd(0), off, int64(c.Args[2])) })
	return nil
}

func (c *call) write(fdArg int, off, n int64) pending {
	fd := c.fd(fdArg)
	if !c.isOurs(fd) || c.fails("write") {
		return nil
	}
	var size int64
	aside(func() { off, size, _ = c.m.d.Place(fd, off) })
	where := c.m.h.Misdirected(size, off)
	if !c.logged(func() error { return c.m.d.Write(fd, off, n, where) }) {
		return nil
	}
	return func(c *call) {
		if c.ok() {
			c.m.h.Written(int64(c.Result))
		}
	}
}

// logged has the disk keep what a change does away with, and reports whether it could.
func (c *call) logged(change func() error) bool {
	var err error
	if aside(func() { err = change() }); err != nil {
		c.broken(err)
	}
	return err == nil
}

func (c *call) truncate(size int64) pending {
	if c.isOurs(c.fd(0)) && !c.fails("truncate") {
		c.logged(func() error { return c.m.d.Truncate(c.fd(0), size) })
	}
	return nil
}

// truncatePath is truncate(2), which needs no descriptor.
func (c *call) truncatePath() pending {
	fd := -1
	aside(func() {
		if own, err := syscall.Open(c.Path, syscall.O_RDWR|syscall.O_CLOEXEC, 0); err == nil {
			fd = own
		}
	})
	if fd < 0 {
		return nil // the call itself will say why
	}
	defer aside(func() { _ = syscall.Close(fd) })
	size := int64(c.Args[1])
	c.Args[0] = uintptr(fd)
	defer func() { c.Args[0] = 0 }()
	return c.truncate(size)
}

// allocate is fallocate(2): it makes a file longer, or a part of it zero.
func (c *call) allocate() pending {
	const keepSize, punch, zeroRange = 1, 2, 0x10
	fd, mode, off, n := c.fd(0), c.Args[1], int64(c.Args[2]), int64(c.Args[3])
	if !c.isOurs(fd) || c.fails("write") {
		return nil
	}
	c.logged(func() error {
		var st syscall.Stat_t
		if err := syscall.Fstat(fd, &st); err != nil {
			return err
		}
		if longer := off+n > st.Size && mode&keepSize == 0; longer && (mode == 0 || mode == zeroRange) {
			if err := c.m.d.Truncate(fd, off+n); err != nil {
				return err
			}
		}
		switch {
		case mode&(punch|zeroRange) != 0:
			n = max(0, min(n, st.Size-off))
		case mode == 0 || mode == keepSize:
			return nil
		default: // it moves all that is behind
			n += st.Size - off
		}
		return c.m.d.Write(fd, off, n, off)
	})
	return nil
}

// sync answers by itself: a sync of the real files would only take time of the machine.
func (c *call) sync() pending {
	var covered Covered
	ours := false
	aside(func() { covered, ours = c.m.d.Cover(c.fd(0)) })
	if ours && !c.fails("sync") {
		c.Refuse = uintptr(c.m.h.Sync(covered))
		c.Skip = true
	}
	return nil
}

func (c *call) syncAll() pending {
	if c.fails("sync") {
		return nil
	}
	var covered Covered
	aside(func() { covered = c.m.d.CoverAll() })
	c.Refuse = uintptr(c.m.h.Sync(covered))
	c.Skip = true
	return nil
}

// mmap notes a file that is written through a map.
func (c *call) mmap() pending {
	const shared, sharedValidate = 1, 3
	prot, flags, fd := c.Args[2], c.Args[3], c.fd(4)
	if kind := flags & 0xf; fd < 0 || flags&syscall.MAP_ANON != 0 || prot&syscall.PROT_WRITE == 0 || kind != shared && kind != sharedValidate {
		return nil
	}
	return func(c *call) {
		var path string
		first := false
		if c.ok() {
			aside(func() { path, first = c.m.d.Map(fd) })
		}
		if first {
			c.m.h.Warn("writes " + path + " through a map, which is not seen: a crash loses nothing of this file")
		}
	}
}

// copyTo refuses a copy by the system to a file of the disk. Programs then copy by reading and writing.
func (c *call) copyTo(arg int, errno syscall.Errno) pending {
	if c.isOurs(c.fd(arg)) {
		c.Refuse = uintptr(errno)
	}
	return nil
}

// name returns the absolute path of a name, and reports whether it is below the root.
func (c *call) name(dirfd int, path string) (name string, ours bool) {
	aside(func() {
		if name, ours = abs(dirfd, path); ours {
			_, ours = c.m.d.below(name)
		}
	})
	return name, ours
}

func (c *call) open(dirfd, flags int) pending {
	writes := flags&(syscall.O_WRONLY|syscall.O_RDWR) != 0
	name, ours := c.name(dirfd, c.Path)
	if !ours {
		if writes && !strings.HasPrefix(name, "/dev/") && !strings.HasPrefix(name, "/proc/") {
			c.outside(name)
		}
		return nil
	}
	if c.fails("open") {
		return nil
	}
	var mode uint32
	there := false
	aside(func() {
		if _, mode, there = inodeOf(name); mode == syscall.S_IFLNK {
			if to, err := filepath.EvalSymlinks(name); err == nil {
				name = to
				_, mode, there = inodeOf(to)
			}
		}
	})
	creates := !there && flags&syscall.O_CREAT != 0
	truncates := there && mode == syscall.S_IFREG && flags&syscall.O_TRUNC != 0 && writes
	if creates || truncates {
		if c.Refuse = uintptr(c.m.h.Refuses()); c.Refuse != 0 {
			return nil
		}
	}
	switch {
	case creates:
		return c.naming(func() (Naming, bool, error) { n, ours := c.m.d.Creating(name); return n, ours, nil })
	case truncates:
		c.emptied(name)
	}
	return nil
}

// emptied notes that a file becomes empty as it is opened. One that can't be opened does not.
func (c *call) emptied(name string) {
	c.logged(func() error {
		fd, err := syscall.Open(name, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
		if err != nil {
			return nil // nor can the program open it
		}
		defer syscall.Close(fd)
		return c.m.d.Truncate(fd, 0)
	})
}

// naming begins a change of names, which ends with the call.
func (c *call) naming(begin func() (Naming, bool, error)) pending {
	var n Naming
	if !c.logged(func() (err error) { n, _, err = begin(); return err }) {
		return nil
	}
	return func(c *call) { aside(func() { n.Done(c.ok()) }) }
}

func (c *call) create(op string, dirfd int, path string) pending {
	name, ours := c.name(dirfd, path)
	if !ours {
		c.outside(name)
		return nil
	}
	if c.fails(op) {
		return nil
	}
	return c.naming(func() (Naming, bool, error) { n, ours := c.m.d.Creating(name); return n, ours, nil })
}

func (c *call) remove(dirfd int) pending {
	name, ours := c.name(dirfd, c.Path)
	if !ours {
		c.outside(name)
		return nil
	}
	if c.fails("remove") {
		return nil
	}
	return c.naming(func() (Naming, bool, error) { return c.m.d.Removing(name) })
}

func (c *call) rename(dirfd, toDirfd int, flags uintptr) pending {
	const noReplace = 1
	from, ours := c.name(dirfd, c.Path)
	to, too := c.name(toDirfd, c.To)
	switch {
	case !ours && !too:
		c.outside(to)
		return nil
	case !ours || !too:
		c.Refuse = uintptr(syscall.EXDEV) // as between two disks
		return nil
	case flags&^noReplace != 0:
		c.Refuse = uintptr(syscall.EINVAL)
		return nil
	case c.fails("rename"):
		return nil
	}
	return c.naming(func() (Naming, bool, error) { return c.m.d.Renaming(from, to) })
}
