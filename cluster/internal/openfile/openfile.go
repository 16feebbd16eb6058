// Package openfile is an open file of a disk, as package os has it: with a place in it, and errors for what it was not opened for.
package openfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
)

// A Content is what a [File] is open for. Its errors are whole.
type Content interface {
	// Name returns the name that it was opened by.
	Name() string
	// IsDir reports whether it is a directory.
	IsDir() bool
	// Size returns its length in bytes.
	Size() int64
	// ReadAt reads from offset off, as [io.ReaderAt] says.
	ReadAt(p []byte, off int64) (int, error)
	// WriteAt writes p at offset off.
	WriteAt(p []byte, off int64) (int, error)
	// Truncate makes it size bytes long.
	Truncate(size int64) error
	// Sync makes it durable.
	Sync() error
	// Stat describes it.
	Stat() (fs.FileInfo, error)
	// List describes what is in a directory, sorted by name.
	List() ([]fs.FileInfo, error)
}

// A File is a file or directory that is open. Its methods are those of [os.File], and may be called from several goroutines.
type File struct {
	f    Content
	flag int

	mu     sync.Mutex // guards the rest
	pos    int64
	listed int // entries that ReadDir has returned
	closed bool
}

// check returns an error if the file is closed, or is not open for the operation.
func (x *File) check(op string, writes bool) error {
	var err error
	switch {
	case x.closed:
		err = fs.ErrClosed
	case writes && x.flag&(os.O_WRONLY|os.O_RDWR) == 0, op == "read" && x.flag&os.O_WRONLY != 0:
		err = syscall.EBADF
	case x.f.IsDir() && (writes || op == "read"):
		err = syscall.EISDIR
	}
	if err != nil {
		return &fs.PathError{Op: op, Path: x.f.Name(), Err: err}
	}
	return nil
}

// Open returns an open file; flag is that of [os.OpenFile].
func Open(c Content, flag int) *File { return &File{f: c, flag: flag} }

// Name returns the name that the file was opened by.
func (x *File) Name() string { return x.f.Name() }

// Read reads on from where the last Read, Write or Seek ended.
func (x *File) Read(p []byte) (int, error) {
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
func (x *File) ReadAt(p []byte, off int64) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("read", false); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, &fs.PathError{Op: "read", Path: x.f.Name(), Err: syscall.EINVAL}
	}
	if len(p) == 0 {
		return 0, nil
	}
	return x.f.ReadAt(p, off)
}

// Write writes where the last Read, Write or Seek ended, or at the end of the file
// if it was opened with os.O_APPEND.
func (x *File) Write(p []byte) (int, error) {
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
func (x *File) WriteAt(p []byte, off int64) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("write", true); err != nil {
		return 0, err
	}
	return x.f.WriteAt(p, off)
}

// Seek sets where the next Read or Write begins.
func (x *File) Seek(offset int64, whence int) (int64, error) {
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
		return 0, &fs.PathError{Op: "seek", Path: x.f.Name(), Err: syscall.EINVAL}
	}
	x.pos = offset
	return offset, nil
}

// Truncate makes the file size bytes long.
func (x *File) Truncate(size int64) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("truncate", true); err != nil {
		return err
	}
	return x.f.Truncate(size)
}

// Sync makes the content of a file durable, or the entries of a directory.
func (x *File) Sync() error {
	x.mu.Lock()
	err := x.check("sync", false)
	x.mu.Unlock()
	if err != nil {
		return err
	}
	return x.f.Sync()
}

// Stat describes the file.
func (x *File) Stat() (fs.FileInfo, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("stat", false); err != nil {
		return nil, err
	}
	return x.f.Stat()
}

// ReadDir lists a directory, sorted by name: the next n entries and at their end
// [io.EOF], or all that remain if n is not positive.
func (x *File) ReadDir(n int) ([]fs.DirEntry, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("readdir", false); err != nil {
		return nil, err
	}
	all, err := x.f.List()
	if err != nil {
		return nil, err
	}
	all = all[min(x.listed, len(all)):]
	if n > 0 && len(all) == 0 {
		return nil, io.EOF
	}
	if n > 0 {
		all = all[:min(n, len(all))]
	}
	x.listed += len(all)
	entries := make([]fs.DirEntry, 0, len(all))
	for _, info := range all {
		entries = append(entries, fs.FileInfoToDirEntry(info))
	}
	return entries, nil
}

// Close closes the file. It does not sync it.
func (x *File) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.check("close", false); err != nil {
		return err
	}
	x.closed = true
	return nil
}
