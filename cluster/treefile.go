package cluster

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
	"syscall"

	"github.com/capsize-go/capsize/cluster/internal/diskimage"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A TreeFile is a file or directory of a [Tree] that is open. Its methods are
// those of [os.File], and may be called from several goroutines.
type TreeFile struct {
	f    File
	flag int

	mu     sync.Mutex // guards the rest
	pos    int64
	listed int // entries that ReadDir has returned
	closed bool
}

// check returns an error if the file is closed, or is not open for the operation.
func (x *TreeFile) check(op string, writes bool) error {
	var err error
	switch {
	case x.closed:
		err = fs.ErrClosed
	case writes && x.flag&(os.O_WRONLY|os.O_RDWR) == 0, op == "read" && x.flag&os.O_WRONLY != 0:
		err = syscall.EBADF
	case x.f.f.IsDir() && (writes || op == "read"):
		err = syscall.EISDIR
	}
	if err != nil {
		return &fs.PathError{Op: op, Path: x.f.name, Err: err}
	}
	return nil
}

// Name returns the name that the file was opened by.
func (x *TreeFile) Name() string { return x.f.name }

// Read reads on from where the last Read, Write or Seek ended.
func (x *TreeFile) Read(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("read", false); err != nil || len(p) == 0 {
		return 0, err
	}
	n, err := x.f.ReadAt(p, x.pos)
	x.pos += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// ReadAt reads from offset off, as [io.ReaderAt] says.
func (x *TreeFile) ReadAt(p []byte, off int64) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("read", false); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, &fs.PathError{Op: "read", Path: x.f.name, Err: syscall.EINVAL}
	}
	if len(p) == 0 {
		return 0, nil
	}
	return x.f.ReadAt(p, off)
}

// Write writes where the last Read, Write or Seek ended, or at the end of the file
// if it was opened with os.O_APPEND.
func (x *TreeFile) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("write", true); err != nil {
		return 0, err
	}
	if x.flag&os.O_APPEND != 0 {
		x.pos = x.f.Size()
	}
	n, err := x.f.WriteAt(p, x.pos)
	x.pos += int64(n)
	return n, err
}

// WriteAt writes at offset off.
func (x *TreeFile) WriteAt(p []byte, off int64) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("write", true); err != nil {
		return 0, err
	}
	return x.f.WriteAt(p, off)
}

// Seek sets where the next Read or Write begins.
func (x *TreeFile) Seek(offset int64, whence int) (int64, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("seek", false); err != nil {
		return 0, err
	}
	switch whence {
	case io.SeekCurrent:
		offset += x.pos
	case io.SeekEnd:
		offset += x.f.Size()
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return 0, &fs.PathError{Op: "seek", Path: x.f.name, Err: syscall.EINVAL}
	}
	x.pos = offset
	return offset, nil
}

// Truncate makes the file size bytes long.
func (x *TreeFile) Truncate(size int64) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("truncate", true); err != nil {
		return err
	}
	return x.f.Truncate(size)
}

// Sync makes the content of a file durable, or the entries of a directory; see
// [Tree]. How long it takes, and for whom, is as [File.Sync] says.
func (x *TreeFile) Sync() error {
	x.mu.Lock()
	err := x.check("sync", false)
	x.mu.Unlock()
	if err != nil {
		return err
	}
	return x.f.Sync()
}

// Stat describes the file.
func (x *TreeFile) Stat() (fs.FileInfo, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("stat", false); err != nil {
		return nil, err
	}
	s, err := x.f.d.begin("stat", x.f.name)
	defer x.f.d.end()
	if err != nil {
		return nil, err
	}
	return s.describe(path.Base(x.f.name), x.f.f), nil
}

// ReadDir lists a directory, sorted by name: the next n entries and at their end
// [io.EOF], or all that remain if n is not positive.
func (x *TreeFile) ReadDir(n int) ([]fs.DirEntry, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("readdir", false); err != nil {
		return nil, err
	}
	s, err := x.f.d.begin("readdir", x.f.name)
	defer x.f.d.end()
	if err != nil {
		return nil, err
	}
	if !x.f.f.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: x.f.name, Err: syscall.ENOTDIR}
	}
	names := sorting.Keys(x.f.f.Names)
	names = names[min(x.listed, len(names)):]
	if n > 0 && len(names) == 0 {
		return nil, io.EOF
	}
	if n > 0 {
		names = names[:min(n, len(names))]
	}
	x.listed += len(names)
	entries := make([]fs.DirEntry, 0, len(names))
	for _, name := range names {
		entries = append(entries, fs.FileInfoToDirEntry(s.describe(name, x.f.f.Names[name])))
	}
	return entries, nil
}

// Close closes the file. It does not sync it.
func (x *TreeFile) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("close", false); err != nil {
		return err
	}
	x.closed = true
	return nil
}

// describe describes a file by the name that it is known by.
func (d *disk) describe(name string, f *diskimage.File) fs.FileInfo {
	return f.Describe(name, d.m.c.loop.start)
}
