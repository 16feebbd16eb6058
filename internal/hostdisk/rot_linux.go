//go:build amd64 || arm64

package hostdisk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// A flip is a bit that flipped by itself.
type flip struct {
	path string
	bit  int64
	by   FlipCounter
}

// stored is a file with as many bytes as are durable.
type stored struct {
	path  string
	bytes int64
}

// all returns the files below the root, in the order of their paths.
func (d *Disk) all() (files []stored, err error) {
	err = filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		var st syscall.Stat_t
		if err := syscall.Lstat(path, &st); err != nil {
			return err
		}
		rel, _ := d.below(path)
		s := stored{rel, st.Size}
		if f := d.files[inode{st.Dev, st.Ino}]; f != nil && len(f.log) > 0 {
			s.bytes = min(s.bytes, f.log[0].size)
		}
		files = append(files, s)
		return nil
	})
	return files, err
}

// Flip flips one of the durable bits, in what the host sees and on the disk: that which pick returns, given their number. They are
// counted from 0 in the order of the files' paths. It returns the file and the byte. Heal flips it back unless it was overwritten.
func (d *Disk) Flip(pick func(n int64) int64, by FlipCounter) (path string, at int64, heal func(), err error) {
	aside(func() { path, at, heal, err = d.flip(pick, by) })
	return path, at, heal, err
}

func (d *Disk) flip(pick func(n int64) int64, by FlipCounter) (path string, at int64, heal func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	files, err := d.all()
	if err != nil {
		return "", 0, nil, err
	}
	var bits int64
	for _, s := range files {
		bits += 8 * s.bytes
	}
	if bits == 0 {
		return "", 0, nil, errors.New("it is empty")
	}
	bit := pick(bits)
	if bit < 0 || bit >= bits {
		return "", 0, nil, fmt.Errorf("bit %d of %d", bit, bits)
	}
	for _, s := range files {
		if bit >= 8*s.bytes {
			bit -= 8 * s.bytes
			continue
		}
		b := &flip{s.path, bit, by}
		if err := d.invert(b); err != nil {
			return "", 0, nil, err
		}
		d.flips = append(d.flips, b)
		return s.path, bit / 8, func() { d.scrub(b) }, nil
	}
	return "", 0, nil, fmt.Errorf("bit %d is in no file", bit)
}

// scrub flips a bit back that was not overwritten.
func (d *Disk) scrub(b *flip) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.Index(d.flips, b); i >= 0 {
		d.flips = slices.Delete(d.flips, i, i+1)
		_ = d.invert(b) // the file may be gone
	}
}

// Scrub flips all bits back.
func (d *Disk) Scrub() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range d.flips {
		_ = d.invert(b) // the file may be gone
	}
	d.flips = nil
}

// invert inverts a bit of the file, and of what the oldest change that has it did away with: that is what the disk has.
func (d *Disk) invert(b *flip) error {
	f, err := os.OpenFile(filepath.Join(d.root, b.path), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	at, mask := b.bit/8, byte(1)<<(b.bit%8)
	var p [1]byte
	if n, _ := f.ReadAt(p[:], at); n == 1 {
		p[0] ^= mask
		if _, err := f.WriteAt(p[:], at); err != nil {
			return err
		}
	}
	var st syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	if x := d.files[inode{st.Dev, st.Ino}]; x != nil {
		for _, c := range x.log {
			if i := at - c.off; i >= 0 && i < int64(len(c.before)) {
				c.before[i] ^= mask
				break
			}
		}
	}
	return nil
}

// Read is called before n bytes of a descriptor's file are read; a negative off is its place.
func (d *Disk) Read(fd int, off, n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.flips) == 0 {
		return
	}
	var st syscall.Stat_t
	path, ok := d.below(nameOf(fd))
	if !ok || syscall.Fstat(fd, &st) != nil {
		return
	}
	off = placeOf(fd, off, &st)
	for _, b := range d.flips {
		if at := b.bit / 8; b.path == path && off <= at && at < off+n {
			b.by.CountFlipRead()
		}
	}
}

// unflipped returns the flips without those that a write of a file overwrites.
func unflipped(flips []*flip, path string, off, n int64) []*flip {
	return slices.DeleteFunc(flips, func(b *flip) bool { return b.path == path && off <= b.bit/8 && b.bit/8 < off+n })
}
