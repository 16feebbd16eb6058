//go:build amd64 || arm64

package hostdisk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// renew puts a copy of the folder in its place, and takes from the process what it has of the old one.
func (d *Disk) renew() error {
	d.crashes++
	dead := fmt.Sprintf("%s.dead%d", d.root, d.crashes)
	if err := os.Rename(d.root, dead); err != nil {
		return err
	}
	if err := copyTree(dead, d.root); err != nil {
		return err
	}
	if err := errors.Join(release(dead), release(d.attic)); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(dead), os.RemoveAll(d.attic)); err != nil {
		return err
	}
	return os.MkdirAll(d.attic, 0o700)
}

// copyTree copies a folder with all that is in it. A file with two names is copied once.
func copyTree(from, to string) error {
	copied := map[inode]string{}
	var dirs []func() error // what is left to do when all is in them: they may not be writable
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := to + strings.TrimPrefix(path, from)
		info, err := e.Info()
		if err != nil {
			return err
		}
		switch st := info.Sys().(*syscall.Stat_t); {
		case e.IsDir():
			dirs = append(dirs, func() error {
				return errors.Join(os.Chmod(name, info.Mode().Perm()), os.Chtimes(name, info.ModTime(), info.ModTime()))
			})
			return os.Mkdir(name, 0o700)
		case e.Type() == fs.ModeSymlink:
			at, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(at, name)
		case !e.Type().IsRegular():
			return nil // a socket or pipe goes with who made it
		case copied[inode{st.Dev, st.Ino}] != "":
			return os.Link(copied[inode{st.Dev, st.Ino}], name)
		default:
			copied[inode{st.Dev, st.Ino}] = name
			return copyFile(path, name, info)
		}
	})
	for i := len(dirs) - 1; i >= 0 && err == nil; i-- {
		err = dirs[i]()
	}
	return err
}

// Where the system is asked for the next data or hole of a file.
const seekData, seekHole = 3, 4

// copyFile copies a file, and leaves out what is not there or zero: preallocated files are large.
func copyFile(from, to string, info fs.FileInfo) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer dst.Close()
	page := make([]byte, 1<<16)
	for off := int64(0); off < info.Size(); {
		start, err := src.Seek(off, seekData)
		if errors.Is(err, syscall.ENXIO) {
			break // a hole is all that is left
		} else if err != nil {
			start = off
		}
		end, err := src.Seek(start, seekHole)
		if err != nil {
			end = info.Size()
		}
		if err := copyRange(dst, src, page, start, end); err != nil {
			return err
		}
		off = end
	}
	return errors.Join(dst.Truncate(info.Size()), dst.Chmod(info.Mode().Perm()), os.Chtimes(to, info.ModTime(), info.ModTime()))
}

func copyRange(dst, src *os.File, page []byte, from, to int64) error {
	for off := from; off < to; {
		n, err := src.ReadAt(page[:min(int64(len(page)), to-off)], off)
		if err != nil && err != io.EOF || n == 0 {
			return err
		}
		for at := 0; at < n; at += 4096 {
			if p := page[at:min(at+4096, n)]; !zero(p) {
				if _, err := dst.WriteAt(p, off+int64(at)); err != nil {
					return err
				}
			}
		}
		off += int64(n)
	}
	return nil
}

func zero(p []byte) bool {
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
}

// release gives /dev/null to all descriptors of the process that are open below a folder, and takes from it what it has mapped of
// that. The numbers and addresses stay taken: a finalizer of the dead that closes or unmaps them hits none of the living.
func release(dir string) error {
	null, err := syscall.Open(os.DevNull, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(null)
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range fds {
		var fd int
		if _, err := fmt.Sscan(e.Name(), &fd); err != nil || !strings.HasPrefix(nameOf(fd)+"/", dir+"/") {
			continue
		}
		if err := syscall.Dup3(null, fd, syscall.O_CLOEXEC); err != nil {
			return err
		}
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(maps)) {
		var from, to uintptr
		if !strings.Contains(line, " "+dir+"/") {
			continue
		}
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil {
			return err
		}
		if err := reserve(from, to-from); err != nil {
			return err
		}
	}
	return nil
}

// reserve has a range of addresses hold nothing, and stay taken.
func reserve(at, n uintptr) error {
	const fixed, noReserve = 0x10, 0x4000
	flags := syscall.MAP_PRIVATE | syscall.MAP_ANON | fixed | noReserve
	_, _, errno := syscall.Syscall6(syscall.SYS_MMAP, at, n, syscall.PROT_NONE, uintptr(flags), ^uintptr(0), 0)
	if errno != 0 {
		return errno
	}
	return nil
}
