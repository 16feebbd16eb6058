package diskimage

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/capsize-go/capsize/internal/sorting"
)

// A File is a file or a directory.
type File struct {
	ID      int64            // the same in each life of the host
	Data    []byte           // as the host sees it
	Names   map[string]*File // of a directory, as the host sees it; nil for a file
	Flipped []Flip           // bits that are wrong

	durable      []byte           // as it is on the disk; only store and unshare change it
	shared       bool             // durable is the beginning of Data, in the same memory or with the same bytes
	durableNames map[string]*File // of a directory, as it is on the disk
	changed      time.Duration    // when it was written last
	likely       int              // how long it is expected to become; 0 if nothing says
}

// A Flip is a bit of a file that flipped by itself.
type Flip struct {
	Bit int
	By  FlipCounter // the fault that did it
}

// A FlipCounter counts the reads of flipped bits.
type FlipCounter = interface{ CountFlipRead() }

// IsDir reports whether the file is a directory.
func (f *File) IsDir() bool { return f.Names != nil }

// Overwrite writes p at offset off of what the host sees. A gap before off is filled with zeros.
func (f *File) Overwrite(p []byte, off int) {
	if off < len(f.durable) {
		f.unshare()
	}
	if end := off + len(p); cap(f.Data) < end && end <= f.likely {
		f.Data = slices.Grow(f.Data, f.likely-len(f.Data))
	}
	f.Data = overwritten(f.Data, p, off)
	if len(f.Flipped) > 0 {
		f.Flipped = slices.DeleteFunc(f.Flipped, func(b Flip) bool { return off <= b.Bit/8 && b.Bit/8 < off+len(p) })
	}
}

// store makes p durable at offset off. A file that is only appended to, as a log is, has no bytes of its own for what is durable.
func (f *File) store(p []byte, off int) {
	end := off + len(p)
	if off == len(f.durable) && end <= len(f.Data) && (f.shared || off == 0) && bytes.Equal(f.Data[off:end], p) {
		f.durable, f.shared = f.Data[:end:end], true
		return
	}
	f.unshare()
	f.durable = overwritten(f.durable, p, off)
}

// unshare gives what is durable bytes of its own, so that it stays when Data changes, or the reverse.
func (f *File) unshare() {
	if f.shared {
		f.durable, f.shared = slices.Clone(f.durable), false
	}
}

// CountFlipsRead counts that the bytes from offset from to offset to were read, for each bit there that is wrong.
func (f *File) CountFlipsRead(from, to int) {
	for _, b := range f.Flipped {
		if at := b.Bit / 8; from <= at && at < to {
			b.By.CountFlipRead()
		}
	}
}

// Flip flips a bit, in memory and on the disk.
func (f *File) Flip(b Flip) {
	f.unshare()
	at, mask := b.Bit/8, byte(1)<<(b.Bit%8)
	if at < len(f.Data) {
		f.Data[at] ^= mask
	}
	if at < len(f.durable) {
		f.durable[at] ^= mask
	}
}

// Flip flips one of the durable bits, in memory and on the disk: that which pick returns, given their number. They are counted from 0 in the
// order of the files' paths. It returns the file and the byte. Heal flips it back, unless it was overwritten.
func (i *Image) Flip(pick func(n int64) int64, by FlipCounter) (path string, at int64, heal func(), err error) {
	bits := int64(0)
	for _, s := range i.Stored() {
		bits += 8 * s.Bytes()
	}
	if bits == 0 {
		return "", 0, nil, errors.New("it is empty")
	}
	bit := pick(bits)
	if bit < 0 || bit >= bits {
		return "", 0, nil, fmt.Errorf("bit %d of %d", bit, bits)
	}
	for _, s := range i.Stored() {
		if n := 8 * s.Bytes(); bit >= n {
			bit -= n
			continue
		}
		b := Flip{Bit: int(bit), By: by}
		s.File.Flip(b)
		s.File.Flipped = append(s.File.Flipped, b)
		return s.Path, bit / 8, func() { scrub(i, s.File.ID, b) }, nil
	}
	return "", 0, nil, fmt.Errorf("bit %d is in no file", bit)
}

// scrub flips a bit of a file back, unless it was overwritten.
func scrub(i *Image, id int64, b Flip) {
	for _, s := range i.Stored() {
		if k := slices.Index(s.File.Flipped, b); s.File.ID == id && k >= 0 {
			s.File.Flipped = slices.Delete(s.File.Flipped, k, k+1)
			s.File.Flip(b)
		}
	}
}

// ScrubAll flips all wrong bits of some files back.
func ScrubAll(files []Stored) {
	for _, s := range files {
		for _, b := range s.File.Flipped {
			s.File.Flip(b)
		}
		s.File.Flipped = nil
	}
}

// Flipped returns a copy of b with one bit flipped, which draw picks from a range.
func Flipped(b []byte, draw func(from, to int64) int64) []byte {
	b = slices.Clone(b)
	if len(b) > 0 {
		bit := draw(0, int64(8*len(b)))
		b[bit/8] ^= 1 << (bit % 8)
	}
	return b
}

// overwritten returns data with p at off.
func overwritten(data, p []byte, off int) []byte {
	size, end := len(data), off+len(p)
	if end > size {
		if end > cap(data) {
			data = slices.Grow(data, max(end-size, size)) // twice as much: most files are appended to
		}
		data = data[:end]
		clear(data[size:max(size, off)])
	}
	copy(data[off:], p)
	return data
}

// resized returns data with another length.
func resized(data []byte, size int) []byte {
	if size <= len(data) {
		return data[:size]
	}
	return append(data, make([]byte, size-len(data))...)
}

// afterCrash returns a copy of what is durable of a file or directory, for the next
// life. A file with two names is copied once.
func (f *File) afterCrash(known map[*File]*File) *File {
	if g := known[f]; g != nil {
		return g
	}
	data := slices.Clone(f.durable)
	g := &File{ID: f.ID, changed: f.changed, Flipped: f.Flipped, durable: data[:len(data):len(data)], shared: true, Data: data}
	f.durable, f.shared = nil, false
	known[f] = g
	if f.IsDir() {
		g.Names, g.durableNames = map[string]*File{}, map[string]*File{}
		for name, x := range f.durableNames { // order: each by itself
			y := x.afterCrash(known)
			g.Names[name], g.durableNames[name] = y, y
		}
	}
	return g
}

// A Stored is a file whose name is durable.
type Stored struct {
	File *File
	Path string // from the root, slash-separated
}

// Bytes returns how many bytes of the file are durable.
func (s Stored) Bytes() int64 { return int64(len(s.File.durable)) }

// Stored lists the files whose names are durable, in the order of their paths.
func (i *Image) Stored() []Stored { return i.Root.stored("", nil) }

// stored appends those below a directory.
func (f *File) stored(path string, all []Stored) []Stored {
	for _, name := range sorting.Keys(f.durableNames) {
		if x := f.durableNames[name]; x.IsDir() {
			all = x.stored(path+name+"/", all)
		} else {
			all = append(all, Stored{x, path + name})
		}
	}
	return all
}

// Split returns the elements of a slash-separated path.
func Split(name string) []string {
	name = strings.Trim(path.Clean("/"+name), "/")
	if name == "" {
		return nil
	}
	return strings.Split(name, "/")
}

// Lookup returns the file of a path, nil if there is none, and the
// directory for the name. The root is in no directory.
func (i *Image) Lookup(name string) (dir *File, base string, f *File, err error) {
	f = i.Root
	for _, elem := range Split(name) {
		switch {
		case f == nil:
			return nil, "", nil, fs.ErrNotExist
		case !f.IsDir():
			return nil, "", nil, syscall.ENOTDIR
		}
		dir, base, f = f, elem, f.Names[elem]
	}
	return dir, base, f, nil
}

// Empty removes all that is in a directory, children before their parents.
func (i *Image) Empty(now time.Duration, dir *File) {
	for _, name := range sorting.Keys(dir.Names) {
		i.Empty(now, dir.Names[name])
		i.Unlink(now, dir, name)
	}
}

// Describe returns the description of a file by the name it is known by; its times count from start.
func (f *File) Describe(name string, start time.Time) fs.FileInfo {
	if name == "" || name == "/" {
		name = "."
	}
	return info{name, int64(len(f.Data)), f.IsDir(), start.Add(f.changed)}
}

// An info describes a file.
type info struct {
	name    string
	size    int64
	dir     bool
	changed time.Time
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) IsDir() bool        { return i.dir }
func (i info) ModTime() time.Time { return i.changed }
func (i info) Sys() any           { return nil }

func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
