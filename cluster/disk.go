package cluster

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
)

// ErrCrashed is what a [Disk] answers to code that outlived a crash of its host.
var ErrCrashed = errors.New("host crashed")

// ErrDisk is wrapped by all errors of a disk that fails; each wraps the errno as
// well: [syscall.EIO], [syscall.ENOSPC] or [syscall.EROFS]. A node that stops with such an error,
// by a panic with it or by returning it from Run, does as it should: it is no
// finding, and the host boots again a second later, as under a supervisor.
var ErrDisk = errors.New("disk failed")

// A Disk is a host's disk: files that outlive a crash as far as they were
// synced. A crash takes back all that was done since, as if it never was, unless
// a fault has it keep some of that; see [Remains].
type Disk struct{ h *Host }

// A File is an open file. It is used as an [os.File] is, and like it keeps no
// promise about what was written until it is synced.
type File struct {
	d    *Disk
	name string
	f    *file
	pos  int64 // of Read
}

// Open opens the file of that name for reading and writing, and creates it if
// there is none.
func (d *Disk) Open(name string) (*File, error) {
	s, done, err := d.begin("open", name)
	defer done()
	if err != nil {
		return nil, err
	}
	f := s.names[name]
	if f == nil {
		if err := s.frozen(); err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
		f = s.newFile()
		s.names[name] = f
		s.log(redo{what: redoCreate, f: f, name: name})
	}
	return &File{d: d, name: name, f: f}, nil
}

// Rename gives a file another name, in one step; a file that had that name is
// gone. What was written to the file before is on the disk when its new name is,
// as ext4 has it; nothing else is promised before a sync.
func (d *Disk) Rename(from, to string) error {
	s, done, err := d.begin("rename", from)
	defer done()
	if err != nil {
		return err
	}
	f := s.names[from]
	if f == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	delete(s.names, from)
	s.names[to] = f
	s.log(redo{what: redoRename, f: f, name: from, to: to})
	return nil
}

// Remove removes a file.
func (d *Disk) Remove(name string) error {
	s, done, err := d.begin("remove", name)
	defer done()
	if err != nil {
		return err
	}
	f := s.names[name]
	if f == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	delete(s.names, name)
	s.log(redo{what: redoRemove, f: f, name: name})
	return nil
}

// List returns the names of all files, sorted.
func (d *Disk) List() []string {
	c := d.h.m.c
	c.lock()
	defer c.unlock()
	return slices.Sorted(maps.Keys(d.h.m.disk.names))
}

// begin locks the cluster for an operation on the disk, until done is called.
// The error says why the operation can't be.
func (d *Disk) begin(op, name string) (s *disk, done func(), err error) {
	c := d.h.m.c
	c.lock()
	s = &d.h.m.disk
	if d.h.dead() {
		return s, c.unlock, &fs.PathError{Op: op, Path: name, Err: ErrCrashed}
	}
	if len(s.troubles) > 0 {
		if err := s.fails(op, c.Now()); err != nil {
			return s, c.unlock, &fs.PathError{Op: op, Path: name, Err: err}
		}
	}
	return s, c.unlock, nil
}

// Name returns the name that the file was opened by.
func (f *File) Name() string { return f.name }

// Size returns the file's length in bytes.
func (f *File) Size() int64 {
	c := f.d.h.m.c
	c.lock()
	defer c.unlock()
	return int64(len(f.f.data))
}

// ReadAt reads from offset off, as [io.ReaderAt] says.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	_, done, err := f.d.begin("read", f.name)
	defer done()
	if err != nil {
		return 0, err
	}
	if off < 0 || off >= int64(len(f.f.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.f.data[off:])
	if len(f.f.rotten) > 0 {
		f.f.tellRot(int(off), int(off)+n)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Read reads on from where the last Read ended.
func (f *File) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.pos)
	f.pos += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// Write appends p to the file.
func (f *File) Write(p []byte) (int, error) { return f.WriteAt(p, f.Size()) }

// WriteAt writes p at offset off. A gap between the end of the file and off is
// filled with zeros.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	s, done, err := f.d.begin("write", f.name)
	defer done()
	if err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: fmt.Errorf("negative offset %d", off)}
	}
	f.f.data = overwrite(f.f.data, p, int(off))
	f.f.forgetRot(int(off), int(off)+len(p))
	r := redo{what: redoWrite, f: f.f, off: int(off), data: slices.Clone(p)}
	c := s.m.c
	if len(s.troubles) > 0 {
		s.misdirect(&r, c.Now())
	}
	s.log(r)
	c.stats.BytesWritten += int64(len(p))
	c.happen(UnsyncedWrite)
	if s.doom != nil {
		s.perish()
	}
	return len(p), nil
}

// overwrite returns data with p at off.
func overwrite(data, p []byte, off int) []byte {
	size, end := len(data), off+len(p)
	if end > size {
		data = slices.Grow(data, end-size)[:end]
		clear(data[size:max(size, off)])
	}
	copy(data[off:], p)
	return data
}

// Truncate makes the file size bytes long.
func (f *File) Truncate(size int64) error {
	s, done, err := f.d.begin("truncate", f.name)
	defer done()
	if err != nil {
		return err
	}
	if size < 0 {
		return &fs.PathError{Op: "truncate", Path: f.name, Err: fmt.Errorf("negative size %d", size)}
	}
	r := redo{what: redoSize, f: f.f, off: int(size), lost: max(0, len(f.f.data)-int(size))}
	f.f.data = resize(f.f.data, int(size))
	s.log(r)
	return nil
}

// resize returns data with another length.
func resize(data []byte, size int) []byte {
	if size <= len(data) {
		return data[:size]
	}
	return append(data, make([]byte, size-len(data))...)
}

// Sync makes the file's content and name durable. It blocks for as long as the
// disk takes, so it is not for handlers; those call [Host.Sync]. After an error
// nobody knows what is on the disk: what was written since the last sync may be
// lost even if a later one succeeds.
func (f *File) Sync() error {
	s, done, err := f.d.begin("sync", f.name)
	now := s.m.c.Now()
	took, covered := s.syncTime(now, false), s.seq
	done()
	if err != nil {
		return err
	}
	h := f.d.h
	if err := h.Sleep(took); err != nil {
		return &fs.PathError{Op: "sync", Path: f.name, Err: err}
	}
	c := h.m.c
	c.lock()
	defer c.unlock()
	if h.dead() {
		return &fs.PathError{Op: "sync", Path: f.name, Err: ErrCrashed}
	}
	c.stats.Syncs++
	of := func(r *redo) bool { return r.f == f.f && r.seq <= covered }
	lies, err := s.syncs(of)
	if err != nil {
		return &fs.PathError{Op: "sync", Path: f.name, Err: err}
	}
	if !lies {
		s.apply(of)
	}
	return nil
}

// Close closes the file. It does not sync it.
func (f *File) Close() error { return nil }
