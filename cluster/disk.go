package cluster

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"
)

// ErrCrashed is what a [Disk] answers to code that outlived a crash of its host.
var ErrCrashed = errors.New("host crashed")

// A Disk is a host's disk: files that outlive a crash as far as they were
// synced. A crash takes back all that was done since, as if it never was.
type Disk struct{ h *Host }

// A disk is the state behind a Disk. What has been done to it and is not yet
// durable can be undone: each step leaves the way back in undo.
type disk struct {
	files map[string]*file
	undo  []undo
	// A sync that is under way covers undo[:covered] and is done at doneAt.
	covered int
	doneAt  time.Duration
}

type file struct{ data []byte }

// An undo takes one step back: data from off on was old, and the size was size;
// or, for a step that changed names, fn says how.
type undo struct {
	f    *file
	off  int
	size int
	old  []byte
	fn   func()
	n    int64 // bytes that a crash loses with this step
}

// commit starts a sync of all that was done so far, which is done at end.
func (d *disk) commit(now, end time.Duration) {
	d.settle(now)
	d.covered, d.doneAt = len(d.undo), end
}

// settle forgets the way back from what a sync has made durable by now.
func (d *disk) settle(now time.Duration) {
	if d.covered > 0 && d.doneAt <= now {
		d.undo = slices.Delete(d.undo, 0, d.covered)
		d.covered = 0
	}
}

// crash takes back what was not durable, and returns how many bytes that were.
func (d *disk) crash(now time.Duration) (lost int64) {
	d.settle(now)
	for _, u := range slices.Backward(d.undo) {
		lost += u.n
		if u.fn != nil {
			u.fn()
			continue
		}
		u.f.data = u.f.data[:u.size]
		copy(u.f.data[u.off:], u.old)
	}
	d.undo, d.covered = nil, 0
	return lost
}

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
	s, err := d.state("open", name)
	if err != nil {
		return nil, err
	}
	f := s.files[name]
	if f == nil {
		f = &file{}
		s.files[name] = f
		s.undo = append(s.undo, undo{f: f, fn: func() { delete(s.files, name) }})
	}
	return &File{d: d, name: name, f: f}, nil
}

// Rename gives a file another name, in one step; a file that had that name is gone.
func (d *Disk) Rename(from, to string) error {
	s, err := d.state("rename", from)
	if err != nil {
		return err
	}
	f, gone := s.files[from], s.files[to]
	if f == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	s.files[to] = f
	delete(s.files, from)
	s.undo = append(s.undo, undo{f: f, fn: func() {
		s.files[from] = f
		s.put(to, gone)
	}})
	return nil
}

// Remove removes a file.
func (d *Disk) Remove(name string) error {
	s, err := d.state("remove", name)
	if err != nil {
		return err
	}
	f := s.files[name]
	if f == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	delete(s.files, name)
	s.undo = append(s.undo, undo{f: f, fn: func() { s.files[name] = f }})
	return nil
}

func (s *disk) put(name string, f *file) {
	if f == nil {
		delete(s.files, name)
		return
	}
	s.files[name] = f
}

// List returns the names of all files, sorted.
func (d *Disk) List() []string {
	var names []string
	for name := range d.h.m.disk.files { // order: sorted below
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (d *Disk) state(op, name string) (*disk, error) {
	if d.h.gone() {
		return nil, &fs.PathError{Op: op, Path: name, Err: ErrCrashed}
	}
	return &d.h.m.disk, nil
}

// Name returns the name that the file was opened by.
func (f *File) Name() string { return f.name }

// Size returns the file's length in bytes.
func (f *File) Size() int64 { return int64(len(f.f.data)) }

// ReadAt reads from offset off, as [io.ReaderAt] says.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if _, err := f.d.state("read", f.name); err != nil {
		return 0, err
	}
	if off < 0 || off >= int64(len(f.f.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.f.data[off:])
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
	s, err := f.d.state("write", f.name)
	if err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: fmt.Errorf("negative offset %d", off)}
	}
	data, size := f.f.data, len(f.f.data)
	end := int(off) + len(p)
	u := undo{f: f.f, off: min(int(off), size), size: size, n: int64(len(p))}
	if int(off) < size {
		u.old = slices.Clone(data[off:min(end, size)])
	}
	if end > size {
		data = slices.Grow(data, end-size)[:end]
		clear(data[size:max(size, int(off))])
	}
	copy(data[off:], p)
	f.f.data = data
	s.undo = append(s.undo, u)
	f.d.h.m.c.stats.BytesWritten += int64(len(p))
	return len(p), nil
}

// Truncate makes the file size bytes long.
func (f *File) Truncate(size int64) error {
	s, err := f.d.state("truncate", f.name)
	if err != nil {
		return err
	}
	if size < 0 {
		return &fs.PathError{Op: "truncate", Path: f.name, Err: fmt.Errorf("negative size %d", size)}
	}
	old, n := f.f.data, int(size)
	data := slices.Clone(old[:min(n, len(old))])
	f.f.data = append(data, make([]byte, n-len(data))...)
	s.undo = append(s.undo, undo{f: f.f, fn: func() { f.f.data = old }, n: int64(len(old) - len(data))})
	return nil
}

// Sync makes the file's content and name durable. It blocks for as long as the
// disk takes, so it is not for handlers; those call [Host.Sync].
func (f *File) Sync() error {
	s, err := f.d.state("sync", f.name)
	if err != nil {
		return err
	}
	h := f.d.h
	covered := len(s.undo)
	if err := h.Sleep(h.m.syncTime(h.m.c.Now())); err != nil {
		return &fs.PathError{Op: "sync", Path: f.name, Err: err}
	}
	kept := s.undo[:0]
	for i, u := range s.undo {
		if i >= covered || u.f != f.f {
			kept = append(kept, u)
		}
	}
	s.undo = kept
	h.m.c.stats.Syncs++
	return nil
}

// Close closes the file. It does not sync it.
func (f *File) Close() error { return nil }
