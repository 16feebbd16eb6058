//go:build amd64 || arm64

package hostdisk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// Supported reports whether this system has what the package needs.
func Supported() bool { return true }

// A Disk is a folder of real files, and what of them is not durable. Its methods may be called from several goroutines.
//
// It has many methods because each thing that a program does with a file is one, and each that a fault does with a disk.
type Disk struct {
	mu      sync.Mutex
	root    string // the folder
	attic   string // a folder beside it, of files that may come back
	strict  bool
	seq     uint64 // of the last change
	seen    int64  // counts files
	stored  int    // counts what was put into the attic
	crashes int
	files   map[inode]*file // that have changes which are not durable, or that lose nothing
	names   []*change       // of names
	flips   []*flip
}

type inode struct{ dev, ino uint64 }

// A file has changes that are not durable.
type file struct {
	id     inode
	number int64 // in the order in which files were changed first: draws go by it, since inodes differ from run to run
	path   string
	fd     int // our own, as that of the program may be for writing only
	log    []*change
	mapped bool // it is written through a map, and never loses anything
}

// A change of a file's content, or of a name.
type change struct {
	kind    kind
	seq     uint64
	durable bool // a sync has covered it
	dropped bool // a sync that failed has covered it: no later one makes it durable

	off, n int64  // of a write; off is the new size of a resize
	where  int64  // of a write: its offset on the disk, which is another one if it was misdirected
	size   int64  // of the file before
	before []byte // what was there
	after  []byte // what there is to do again, while a crash takes everything back

	path, to   string // names below the root
	dir, toDir inode  // their folders
	attic      string // where the file is that lost its name
	wasDir     bool   // the new name of a rename was that of an empty folder
	f          *file  // that was renamed, or lost its name; nil if it has no changes
}

type kind uint8

const (
	write kind = iota
	resize
	create // of a file, folder or link
	remove
	removeDir
	rename
)

// New returns the disk of a folder, which exists. The folder's name with .attic behind it is taken as well. A strict disk makes
// a name durable by a sync of its folder alone.
func New(root string, strict bool) (*Disk, error) {
	d := &Disk{root: root, attic: root + ".attic", strict: strict, files: map[inode]*file{}}
	if err := os.MkdirAll(d.attic, 0o700); err != nil {
		return nil, fmt.Errorf("disk of %s: %w", root, err)
	}
	return d, nil
}

// Root returns the folder.
func (d *Disk) Root() string { return d.root }

// Close gives up what the disk has open, and its memory of what is not durable.
func (d *Disk) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgetAll()
	_ = os.RemoveAll(d.attic)
}

func (d *Disk) forgetAll() {
	for id := range d.files { // order: each by itself
		d.forget(id)
	}
	d.names = nil
}

func (d *Disk) forget(id inode) {
	if f := d.files[id]; f != nil {
		if f.fd >= 0 {
			_ = syscall.Close(f.fd)
		}
		delete(d.files, id)
	}
}

// nameOf returns what a descriptor is open on.
func nameOf(fd int) string {
	name, err := os.Readlink(fmt.Sprint("/proc/self/fd/", fd))
	if err != nil {
		return ""
	}
	return name
}

// below returns the path of a file below the root.
func (d *Disk) below(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, d.root)
	switch {
	case !ok || strings.HasSuffix(name, " (deleted)"):
		return "", false
	case rest == "":
		return ".", true
	case rest[0] != '/':
		return "", false
	}
	return rest[1:], true
}

// file returns the file that a descriptor is open on, and describes it; nil if it is none of the disk's.
func (d *Disk) file(fd int) (*file, syscall.Stat_t) {
	var st syscall.Stat_t
	if syscall.Fstat(fd, &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return nil, st
	}
	id := inode{st.Dev, st.Ino}
	if f := d.files[id]; f != nil {
		return f, st
	}
	path, ok := d.below(nameOf(fd))
	if !ok {
		return nil, st
	}
	d.seen++
	f := &file{id: id, number: d.seen, path: path, fd: -1}
	d.files[id] = f
	return f, st
}

// open opens the file for us. Its mode may forbid that for a moment.
func (f *file) open(fd int) error {
	if f.fd >= 0 {
		return nil
	}
	name := fmt.Sprint("/proc/self/fd/", fd)
	own, err := syscall.Open(name, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if errors.Is(err, syscall.EACCES) {
		var st syscall.Stat_t
		if err = syscall.Fstat(fd, &st); err == nil {
			if err = syscall.Chmod(name, st.Mode|0o600); err == nil {
				own, err = syscall.Open(name, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
				_ = syscall.Chmod(name, st.Mode&0o7777)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("open %s again: %w", f.path, err)
	}
	f.fd = own
	return nil
}

// has reports whether a descriptor is open on a regular file below the root.
func (d *Disk) has(fd int) bool {
	var st syscall.Stat_t
	if syscall.Fstat(fd, &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return false
	}
	_, ok := d.below(nameOf(fd))
	return ok
}

// placeOf returns where a write to a descriptor goes: a negative offset is the place of the descriptor, or the end of the file if
// it is open for appending.
func placeOf(fd int, off int64, st *syscall.Stat_t) int64 {
	if off >= 0 {
		return off
	}
	if flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFL, 0); errno == 0 && flags&syscall.O_APPEND != 0 {
		return st.Size
	}
	off, err := syscall.Seek(fd, 0, io.SeekCurrent)
	if err != nil {
		return st.Size
	}
	return off
}

// Place returns where a write to a descriptor goes, and the size of the file; a negative off is the descriptor's place. It reports
// whether the file is one of the disk's.
func (d *Disk) Place(fd int, off int64) (at, size int64, ours bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, st := d.file(fd)
	if f == nil {
		return off, 0, false
	}
	return placeOf(fd, off, &st), st.Size, true
}

// Write is called before a write of n bytes at an offset of a descriptor's file. On the disk it goes to the offset where, which is
// another one if it is misdirected.
func (d *Disk) Write(fd int, off, n, where int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, st := d.file(fd)
	if f == nil || f.mapped || n <= 0 {
		return nil
	}
	d.flips = unflipped(d.flips, f.path, off, n)
	return d.log(f, fd, &change{kind: write, off: off, n: n, where: where, size: st.Size}, off, min(n, st.Size-off))
}

// Truncate is called before a descriptor's file gets another size.
func (d *Disk) Truncate(fd int, size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, st := d.file(fd)
	if f == nil || f.mapped || size < 0 || size == st.Size {
		return nil
	}
	return d.log(f, fd, &change{kind: resize, off: size, size: st.Size}, size, st.Size-size)
}

// log adds a change of a file's content, which does away with n bytes at offset off.
func (d *Disk) log(f *file, fd int, c *change, off, n int64) error {
	if err := f.open(fd); err != nil {
		return err
	}
	if n > 0 {
		c.before = make([]byte, n)
		if err := preadAll(f.fd, c.before, off); err != nil {
			return fmt.Errorf("read %s before it changes: %w", f.path, err)
		}
	}
	d.seq++
	c.seq = d.seq
	f.log = append(f.log, c)
	return nil
}

// preadAll fills p from an offset, with zeros behind the end of the file.
func preadAll(fd int, p []byte, off int64) error {
	for len(p) > 0 {
		n, err := syscall.Pread(fd, p, off)
		if errors.Is(err, syscall.EINTR) {
			continue
		} else if err != nil {
			return err
		}
		if n == 0 {
			clear(p)
			return nil
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// pwriteAll writes all of p at an offset.
func pwriteAll(fd int, p []byte, off int64) error {
	for len(p) > 0 {
		n, err := syscall.Pwrite(fd, p, off)
		if errors.Is(err, syscall.EINTR) {
			continue
		} else if err != nil {
			return err
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// Map is called when a descriptor's file was mapped so that the program can write to it. It returns the path of the file the first time.
func (d *Disk) Map(fd int) (path string, first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, _ := d.file(fd)
	if f == nil || f.mapped {
		return "", false
	}
	f.mapped, f.log = true, nil
	return f.path, true
}

// abs returns the path of a name as a call gives it, from the folder that a descriptor is open on unless it is absolute. Links in the path are
// followed, but for the last element.
func abs(dirfd int, path string) (string, bool) {
	if !filepath.IsAbs(path) {
		dir := ""
		if dirfd == atCWD {
			var err error
			if dir, err = os.Getwd(); err != nil {
				return "", false
			}
		} else if dir = nameOf(dirfd); dir == "" {
			return "", false
		}
		path = filepath.Join(dir, path)
	}
	path = filepath.Clean(path)
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", false
	}
	return filepath.Join(dir, filepath.Base(path)), true
}

const atCWD = -100
