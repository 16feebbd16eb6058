package cluster

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"
	"syscall"

	"github.com/capsize-go/capsize/cluster/internal/diskimage"
	"github.com/capsize-go/capsize/internal/sorting"
)

// ErrCrashed is the error of a [Disk] for code that outlived a crash of its host.
var ErrCrashed = errors.New("host crashed")

// ErrDisk is wrapped by all errors of a disk that fails; each wraps the errno as well: [syscall.EIO], [syscall.ENOSPC] or
// [syscall.EROFS]. A node that stops with such an error, by a panic with it or by returning it from Run, does as it should: it
// is no finding, and the host restarts a second later, as under a supervisor.
var ErrDisk = errors.New("disk failed")

// A Disk is a host's disk: files that outlive a crash as far as they were synced. A crash undoes all later changes, unless a
// fault keeps some of them; see [Remains]. Its names are flat: a slash is a character like others. For directories, see
// [Disk.Tree].
//
// A sync takes no virtual time of the goroutine that calls it, so a [sync.Mutex] may be held over it. The host pays for it
// instead, as with [Host.Sync]: for as long as the disk takes, its handler and its timers wait, and so does what it sends and
// what it is sent. Syncs of files at one instant cost as much as one of them, since goroutines that are ready at once run in
// any order. A fault that makes the disk slow, or has it hang, pauses the host. See [Disk.Blocking] for the alternative.
type Disk struct {
	h        *Host
	blocking bool // a sync blocks the goroutine that calls it, and not the host
	quiet    bool // an operation after a crash has no effect, and no error
}

// Blocking returns the same disk, with other syncs: each blocks the goroutine that calls it for as long as the disk takes,
// while the host runs. So a node whose disk hangs still sends heartbeats and answers reads from its memory, as nodes do that
// sync in a goroutine of its own. No goroutine may hold a [sync.Mutex] over such a sync while another wants it: virtual time
// does not pass while a goroutine waits for a mutex, and the run would hang.
func (d *Disk) Blocking() *Disk { return &Disk{h: d.h, blocking: true, quiet: d.quiet} }

// A File is an open file. It is used as an [os.File], and like it promises nothing about what was written before it is synced.
type File struct {
	d       *Disk
	name    string
	f       *diskimage.File
	pos     int64 // of Read
	content bool  // a sync covers the content and not the name
}

// Open opens the file of that name for reading and writing, and creates it if there is none.
func (d *Disk) Open(name string) (*File, error) {
	s, err := d.begin("open", name)
	defer d.end()
	if err != nil {
		return nil, err
	}
	f := s.Root.Names[name]
	if f == nil {
		if err := s.readOnlyError(); err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
		f = s.NewFile()
		s.Link(s.now(), s.Root, name, f)
	}
	if f.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	}
	return &File{d: d, name: name, f: f}, nil
}

// Rename gives a file another name, in one step; a file that had that name is gone. What was written to the file before is on
// the disk when its new name is, as ext4 has it; nothing else is promised before a sync.
func (d *Disk) Rename(from, to string) error {
	s, err := d.begin("rename", from)
	defer d.end()
	if err != nil {
		return err
	}
	if s.Root.Names[from] == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	s.Rename(s.now(), s.Root, from, s.Root, to)
	return nil
}

// Remove removes a file.
func (d *Disk) Remove(name string) error {
	s, err := d.begin("remove", name)
	defer d.end()
	if err != nil {
		return err
	}
	switch f := s.Root.Names[name]; {
	case f == nil:
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	case f.IsDir():
		return &fs.PathError{Op: "remove", Path: name, Err: syscall.EISDIR}
	}
	s.Unlink(s.now(), s.Root, name)
	return nil
}

// List returns the names of all files, sorted, without those in directories.
func (d *Disk) List() []string {
	c := d.h.m.c
	c.lock()
	defer c.unlock()
	var names []string
	for name, f := range d.h.m.disk.Root.Names { // order: sorted below
		if !f.IsDir() {
			names = append(names, name)
		}
	}
	sorting.Ordered(names)
	return names
}

// begin locks the cluster for an operation on the disk, until end is called. The error says why the operation fails. For a
// quiet disk of a crashed host it returns a disk that keeps nothing.
func (d *Disk) begin(op, name string) (s *disk, err error) {
	c := d.h.m.c
	c.lock()
	s = &d.h.m.disk
	if d.h.dead() || d.h.exited {
		if d.quiet {
			return &disk{Image: diskimage.Image{Root: d.h.root, Gone: true}, m: d.h.m}, nil
		}
		return s, &fs.PathError{Op: op, Path: name, Err: ErrCrashed}
	}
	if len(s.impairments) > 0 {
		if err := s.opError(op, c.Now()); err != nil {
			return s, &fs.PathError{Op: op, Path: name, Err: err}
		}
	}
	return s, nil
}

func (d *Disk) end() { d.h.m.c.unlock() }

// Name returns the name that the file was opened by.
func (f *File) Name() string { return f.name }

// Size returns the file's length in bytes.
func (f *File) Size() int64 {
	c := f.d.h.m.c
	c.lock()
	defer c.unlock()
	return int64(len(f.f.Data))
}

// ReadAt reads from offset off, as [io.ReaderAt] says.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	_, err := f.d.begin("read", f.name)
	defer f.d.end()
	if err != nil {
		return 0, err
	}
	if off < 0 || off >= int64(len(f.f.Data)) {
		return 0, io.EOF
	}
	n := copy(p, f.f.Data[off:])
	f.f.CountFlipsRead(int(off), int(off)+n)
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
func (f *File) Write(p []byte) (int, error) { return f.write(p, -1) }

// WriteAt writes p at offset off. A gap between the end of the file and off is filled with zeros.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: fmt.Errorf("negative offset %d", off)}
	}
	return f.write(p, int(off))
}

// write writes p at offset off, or at the end of the file if that is negative.
func (f *File) write(p []byte, off int) (int, error) {
	s, err := f.d.begin("write", f.name)
	defer f.d.end()
	if err != nil {
		return 0, err
	}
	if off < 0 {
		off = len(f.f.Data)
	}
	f.f.Overwrite(p, off)
	if s.Gone {
		return len(p), nil
	}
	c := s.m.c
	where := off
	if len(s.impairments) > 0 {
		where = s.misdirected(len(f.f.Data), where, c.Now())
	}
	s.Write(c.Now(), f.f, where, p)
	c.stats.BytesWritten += int64(len(p))
	c.trigger(UnsyncedWrite)
	if s.pendingCrash != nil {
		s.beginCrash()
	}
	return len(p), nil
}

// Truncate makes the file size bytes long.
func (f *File) Truncate(size int64) error {
	s, err := f.d.begin("truncate", f.name)
	defer f.d.end()
	if err != nil {
		return err
	}
	if size < 0 {
		return &fs.PathError{Op: "truncate", Path: f.name, Err: fmt.Errorf("negative size %d", size)}
	}
	s.Resize(s.now(), f.f, int(size))
	return nil
}

// Sync makes the file's content and name durable. It returns at once, in virtual time, and what it covered is durable then; the
// host is busy for as long as the disk takes, as [Disk] says. So a crash is before or after a sync, never within it. After an
// error it is unknown what is durable: what was written since the last sync may be lost even if a later one succeeds.
func (f *File) Sync() error {
	if f.d.blocking {
		return f.syncBlocking()
	}
	s, err := f.d.begin("sync", f.name)
	tooMany := false
	if err == nil && !s.Gone && !s.crashing() {
		var first bool
		if first, tooMany = s.countSync(); first {
			s.occupyForSync()
		}
		s.m.c.trigger(SyncBegins)
		s.ApplySynced(forever) // what the host synced before must not be lost if this is kept
		err = s.syncChosen(f.name, s.Covered(f.f, f.content, s.Seq()))
	}
	f.d.end()
	if tooMany {
		f.d.h.m.die(f.d.h, Hung, fmt.Sprintf("synced its disk %d times at one instant, the last time %s: a loop that only writes and syncs lets no virtual time pass; have it wait for something, or use Disk.Blocking", maxSyncs, f.name), string(debug.Stack()))
		return &fs.PathError{Op: "sync", Path: f.name, Err: ErrCrashed}
	}
	return err
}

// syncBlocking is Sync on a [Disk.Blocking].
func (f *File) syncBlocking() error {
	s, err := f.d.begin("sync", f.name)
	if err != nil || s.Gone {
		f.d.end()
		return err
	}
	took, seq := s.syncTime(s.m.c.Now(), false), s.Seq()
	f.d.end()
	h := f.d.h
	if err := h.Sleep(took); err != nil {
		if f.d.quiet {
			return nil
		}
		return &fs.PathError{Op: "sync", Path: f.name, Err: err}
	}
	h.m.c.lock()
	defer h.m.c.unlock()
	if h.dead() {
		if f.d.quiet {
			return nil
		}
		return &fs.PathError{Op: "sync", Path: f.name, Err: ErrCrashed}
	}
	return s.syncChosen(f.name, s.Covered(f.f, f.content, seq))
}

// Close closes the file. It does not sync it.
func (f *File) Close() error { return nil }
