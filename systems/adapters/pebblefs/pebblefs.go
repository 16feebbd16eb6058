// Package pebblefs runs github.com/cockroachdb/pebble on the simulated disk of a host.
//
// The database runs unmodified, with its flushes and compactions, in the goroutines
// that it starts. What a crash of the host leaves of its files is what the disk kept:
// see [cluster.Tree]. All faults of disks apply.
//
// The package is a module of its own, so that Capsize does not depend on pebble.
package pebblefs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/capsize-go/capsize/cluster"
)

// Options returns options of a database on the disk of h. FS, Logger and
// EventListener.BackgroundError are set, all else is for the caller to set. What
// pebble calls fatal, and an error of a flush or compaction that it would never stop
// retrying, ends the life of the host: see [cluster.Host.Exit]. It is a finding
// unless the cause is the disk.
func Options(h *cluster.Host) *pebble.Options {
	l := logger{h}
	return &pebble.Options{
		FS:     New(h),
		Logger: l,
		EventListener: &pebble.EventListener{BackgroundError: func(err error) {
			l.Fatalf("background error: %v", err)
		}},
	}
}

// A logger passes what pebble logs on to the log of a host.
type logger struct{ h *cluster.Host }

func (l logger) Infof(format string, args ...any)  { l.h.Log().Debug(fmt.Sprintf(format, args...)) }
func (l logger) Errorf(format string, args ...any) { l.h.Log().Error(fmt.Sprintf(format, args...)) }

// Fatalf ends the life of the host. It returns, unlike that of a process: pebble may
// hold locks, and has to release them. What it does afterwards has no effect.
func (l logger) Fatalf(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	l.h.Log().Error(what)
	for _, a := range args {
		if err, ok := a.(error); ok && errors.Is(err, cluster.ErrDisk) {
			l.h.Exit(fmt.Errorf("pebble: %s: %w", what, cluster.ErrDisk))
			return
		}
	}
	l.h.Exit(fmt.Errorf("pebble: %s", what))
}

// New returns the disk of h as pebble wants it. Make one for each life of a host:
// locks are its own.
//
// What pebble does when the host has crashed succeeds and has no effect, so that the
// database can be closed: see [cluster.Tree.QuietAfterCrash]. If the disk fails to
// open, write, sync or rename, the host exits, and the operation counts as one after
// the crash: pebble answers such errors with a panic or with log.Fatal, and a panic
// in a goroutine of pebble's own would end the test. Errors of reads are returned.
func New(h *cluster.Host) vfs.FS {
	return &fsys{h: h, t: h.Disk().Tree().QuietAfterCrash(), locked: map[string]bool{}}
}

type fsys struct {
	h *cluster.Host
	t *cluster.Tree

	mu     sync.Mutex
	locked map[string]bool
}

// must does op, and ends the life of the host if the disk fails. Then it does op
// again, which has no effect on the disk any more.
func must[T any](h *cluster.Host, op func() (T, error)) (T, error) {
	v, err := op()
	if errors.Is(err, cluster.ErrDisk) {
		h.Exit(err)
		return op()
	}
	return v, err
}

// must is [must] for an op that returns nothing.
func (f *fsys) must(op func() error) error {
	_, err := must(f.h, func() (struct{}, error) { return struct{}{}, op() })
	return err
}

// open opens a file and applies the options. The host exits if the disk fails.
func (f *fsys) open(name string, flag int, opts ...vfs.OpenOption) (vfs.File, error) {
	t, err := must(f.h, func() (*cluster.TreeFile, error) { return f.t.OpenFile(name, flag) })
	if err != nil {
		return nil, err
	}
	x := file{t, f.h}
	for _, o := range opts {
		o.Apply(x)
	}
	return x, nil
}

// Create makes a new file. One that had the name loses it, and keeps its content for
// its other names and for those who have it open.
func (f *fsys) Create(name string, _ vfs.DiskWriteCategory) (vfs.File, error) {
	if err := f.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return f.open(name, os.O_RDWR|os.O_CREATE)
}

func (f *fsys) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	return f.open(name, os.O_RDONLY, opts...)
}

func (f *fsys) OpenReadWrite(name string, _ vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return f.open(name, os.O_RDWR|os.O_CREATE, opts...)
}

func (f *fsys) OpenDir(name string) (vfs.File, error) { return f.open(name, os.O_RDONLY) }

func (f *fsys) ReuseForWrite(from, to string, _ vfs.DiskWriteCategory) (vfs.File, error) {
	if err := f.Rename(from, to); err != nil {
		return nil, err
	}
	return f.open(to, os.O_RDWR|os.O_CREATE)
}

func (f *fsys) Link(from, to string) error {
	return f.must(func() error { return f.t.Link(from, to) })
}

func (f *fsys) Rename(from, to string) error {
	return f.must(func() error { return f.t.Rename(from, to) })
}

// Remove removes a file, and makes that durable. Pebble removes what is obsolete in
// a goroutine that races with its other ones: whether a crash brings a file back
// would be chance.
func (f *fsys) Remove(name string) error {
	if err := f.must(func() error { return f.t.Remove(name) }); err != nil {
		return err
	}
	dir, err := f.OpenDir(path.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func (f *fsys) RemoveAll(name string) error {
	return f.must(func() error { return f.t.RemoveAll(name) })
}

func (f *fsys) MkdirAll(name string, _ os.FileMode) error {
	return f.must(func() error { return f.t.MkdirAll(name) })
}

// Lock locks a file against others that use this FS.
func (f *fsys) Lock(name string) (io.Closer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locked[name] {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: errors.New("it is locked already")}
	}
	x, err := f.open(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	f.locked[name] = true
	return &lock{x, f, name}, nil
}

type lock struct {
	vfs.File
	f    *fsys
	name string
}

func (l *lock) Close() error {
	l.f.mu.Lock()
	defer l.f.mu.Unlock()
	delete(l.f.locked, l.name)
	return l.File.Close()
}

// List returns the names in a directory.
func (f *fsys) List(name string) ([]string, error) {
	entries, err := must(f.h, func() ([]fs.DirEntry, error) { return f.t.ReadDir(name) })
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

func (f *fsys) Stat(name string) (vfs.FileInfo, error) {
	return describe(must(f.h, func() (fs.FileInfo, error) { return f.t.Stat(name) }))
}

func (f *fsys) PathBase(name string) string { return path.Base(name) }

func (f *fsys) PathJoin(elem ...string) string { return path.Join(elem...) }

func (f *fsys) PathDir(name string) string { return path.Dir(name) }

// GetDiskUsage says that the disk is empty and large. A disk that is full fails
// writes, by a fault.
func (f *fsys) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: 1 << 40, TotalBytes: 1 << 40}, nil
}

func (f *fsys) Unwrap() vfs.FS { return nil }

// A file is an open file as pebble wants it.
type file struct {
	*cluster.TreeFile
	h *cluster.Host
}

func (f file) Write(p []byte) (int, error) {
	return must(f.h, func() (int, error) { return f.TreeFile.Write(p) })
}

func (f file) WriteAt(p []byte, off int64) (int, error) {
	return must(f.h, func() (int, error) { return f.TreeFile.WriteAt(p, off) })
}

func (f file) Sync() error {
	_, err := must(f.h, func() (struct{}, error) { return struct{}{}, f.TreeFile.Sync() })
	return err
}

func (f file) Stat() (vfs.FileInfo, error) {
	return describe(must(f.h, f.TreeFile.Stat))
}

func (f file) SyncData() error { return f.Sync() }

// SyncTo does nothing, as it is free to: it begins a sync and promises nothing.
func (f file) SyncTo(int64) (fullSync bool, err error) { return false, nil }

func (f file) Preallocate(_, _ int64) error { return nil }

func (f file) Prefetch(_, _ int64) error { return nil }

func (f file) Fd() uintptr { return vfs.InvalidFd }

type info struct{ fs.FileInfo }

func describe(i fs.FileInfo, err error) (vfs.FileInfo, error) {
	if err != nil {
		return nil, err
	}
	return info{i}, nil
}

// DeviceID returns the same for all files: a host has one disk.
func (i info) DeviceID() vfs.DeviceID { return vfs.DeviceID{} }
