// Package diskimage is the content of a disk: what its host sees, which is in memory, what is durable, and the log of changes
// between the two. A sync makes the changes that it covers durable, in the order in which they were made; a crash
// keeps a part of the others. It knows no host and no clock: instants come from the caller.
package diskimage

import (
	"slices"
	"time"
)

// An Image is the content of a disk. It is not safe for concurrent use.
type Image struct {
	Root *File // the directory of all files
	Gone bool  // its host has crashed: nothing becomes durable

	changes []change // that are not durable yet
	written []byte   // the data of writes among them
	seq     uint64   // of the last change
	syncs   []sync   // that are under way
	files   int64    // counts the files that were made

	replaced int // how long the file was that another one replaced last
}

// A sync makes all changes up to seq durable at an instant.
type sync struct {
	seq uint64
	at  time.Duration
}

// A change still has to reach the disk.
type change struct {
	kind  changeKind
	seq   uint64
	f     *File
	off   int // where data goes; the new size of a resize
	data  []byte
	lost  int   // bytes that a resize cuts off
	dir   *File // the directory of the name; nil unless the change is of names
	name  string
	toDir *File // of a rename
	to    string
}

// A changeKind says what a change does.
type changeKind uint8

const (
	write changeKind = iota
	resize
	create
	rename
	remove
)

// New returns an empty disk.
func New() Image {
	var i Image
	i.Root = i.NewDir()
	i.Root.ID, i.files = 0, 0
	return i
}

// NewFile returns an empty file, which has no name yet. Once files have replaced others, as a log does that is written anew, it has room for
// as much as the last one that was replaced.
func (i *Image) NewFile() *File {
	i.files++
	return &File{ID: i.files, likely: i.replaced + i.replaced/8}
}

// NewDir returns an empty directory, which has no name yet.
func (i *Image) NewDir() *File {
	f := i.NewFile()
	f.Names, f.durableNames = map[string]*File{}, map[string]*File{}
	return f
}

// Link gives f a name at instant now.
func (i *Image) Link(now time.Duration, dir *File, name string, f *File) {
	dir.Names[name] = f
	i.log(now, change{kind: create, f: f, dir: dir, name: name})
}

// Unlink takes a name away.
func (i *Image) Unlink(now time.Duration, dir *File, name string) {
	f := dir.Names[name]
	delete(dir.Names, name)
	i.log(now, change{kind: remove, f: f, dir: dir, name: name})
}

// Rename gives what has a name another one.
func (i *Image) Rename(now time.Duration, dir *File, name string, toDir *File, to string) {
	f := dir.Names[name]
	delete(dir.Names, name)
	if had := toDir.Names[to]; had != nil {
		i.replaced = len(had.Data)
	}
	toDir.Names[to] = f
	i.log(now, change{kind: rename, f: f, dir: dir, name: name, toDir: toDir, to: to})
}

// Write logs that p was written to f at offset off of the disk. What the host sees of it is [File.Overwrite]'s.
func (i *Image) Write(now time.Duration, f *File, off int, p []byte) {
	if i.Gone {
		f.changed = now
		return
	}
	if i.ApplySynced(now); len(i.changes) == 0 {
		i.written = i.written[:0] // nothing refers to it any more
	}
	from := len(i.written)
	i.written = append(i.written, p...)
	i.log(now, change{kind: write, f: f, off: off, data: i.written[from:len(i.written):len(i.written)]})
}

// Resize makes f size bytes long.
func (i *Image) Resize(now time.Duration, f *File, size int) {
	lost := max(0, len(f.Data)-size)
	if size < len(f.durable) {
		f.unshare()
	}
	f.Data = resized(f.Data, size)
	i.log(now, change{kind: resize, f: f, off: size, lost: lost})
}

// log appends a change to the log. It first applies the syncs that are done, so that they
// do not cover it.
func (i *Image) log(now time.Duration, c change) {
	c.f.changed = now
	if i.Gone {
		return
	}
	i.ApplySynced(now)
	i.seq++
	c.seq = i.seq
	i.changes = append(i.changes, c)
}

// Seq returns the number of the last change.
func (i *Image) Seq() uint64 { return i.seq }

// Commit starts a sync of all changes so far. It ends at end.
func (i *Image) Commit(end time.Duration) {
	i.syncs = append(i.syncs, sync{i.seq, end})
}

// ApplySynced makes durable what the syncs cover that have ended by now.
func (i *Image) ApplySynced(now time.Duration) {
	for len(i.syncs) > 0 && i.syncs[0].at <= now {
		seq := i.syncs[0].seq
		i.syncs = slices.Delete(i.syncs, 0, 1)
		n := 0
		for n < len(i.changes) && i.changes[n].seq <= seq {
			persist(&i.changes[n])
			n++
		}
		i.changes = slices.Delete(i.changes, 0, n)
	}
}

// persist makes one change durable.
func persist(c *change) {
	switch c.kind {
	case write:
		c.f.store(c.data, c.off)
	case resize:
		if c.off > len(c.f.durable) {
			c.f.unshare()
		}
		c.f.durable = resized(c.f.durable, c.off)
	case create:
		c.dir.durableNames[c.name] = c.f
	case rename:
		if c.dir.durableNames[c.name] == c.f {
			delete(c.dir.durableNames, c.name)
		}
		c.toDir.durableNames[c.to] = c.f
	case remove:
		delete(c.dir.durableNames, c.name)
	}
}

// bytes returns how many bytes are lost with the change.
func (c *change) bytes() int64 { return int64(len(c.data) + c.lost) }
