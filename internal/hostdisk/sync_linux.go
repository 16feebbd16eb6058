//go:build amd64 || arm64

package hostdisk

import (
	"slices"
	"syscall"
)

// Covered is what a sync covers.
type Covered struct {
	d    *Disk
	f    *file // nil: all files, or a folder
	dir  inode // the folder; the zero value is none
	all  bool
	seq  uint64
	Name string // of the file or folder, below the root; empty for all
}

// Cover returns what a sync of a descriptor covers; false if that is none of the disk's.
func (d *Disk) Cover(fd int) (c Covered, ours bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f, st := d.file(fd); f != nil {
		return Covered{d: d, f: f, seq: d.seq, Name: f.path}, true
	} else if st.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		path, ok := d.below(nameOf(fd))
		return Covered{d: d, dir: inode{st.Dev, st.Ino}, seq: d.seq, Name: path}, ok
	}
	return Covered{}, false
}

// CoverAll returns what a sync of the whole disk covers.
func (d *Disk) CoverAll() Covered {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Covered{d: d, all: true, seq: d.seq}
}

// content calls do for each change of content that is covered.
func (c Covered) content(do func(*change)) {
	for _, f := range c.d.files { // order: each by itself
		if !c.all && f != c.f {
			continue
		}
		for _, x := range f.log {
			if x.seq <= c.seq && !x.durable && !x.dropped {
				do(x)
			}
		}
	}
}

// named calls do for each change of names that is covered, the last one first.
func (c Covered) named(do func(*change)) {
	type entry struct {
		dir  inode
		path string
	}
	also := map[entry]bool{} // names whose earlier changes must not come later
	for _, x := range slices.Backward(c.d.names) {
		own := x.seq <= c.seq && (c.all || !c.d.strict || c.dir != inode{} && (x.dir == c.dir || x.toDir == c.dir))
		if x.durable || x.seq > c.seq || !own && !also[entry{x.dir, x.path}] && !also[entry{x.toDir, x.to}] {
			continue
		}
		also[entry{x.dir, x.path}] = true
		if x.kind == rename {
			also[entry{x.toDir, x.to}] = true
		}
		do(x)
	}
}

// Any reports whether it covers something that is not durable.
func (c Covered) Any() (any bool) {
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	c.content(func(*change) { any = true })
	c.named(func(*change) { any = true })
	return any
}

// Drop drops the writes that are covered: no later sync makes them durable, and the host still reads them.
func (c Covered) Drop() {
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	c.content(func(x *change) { x.dropped = x.kind == write })
}

// Persist makes durable what is covered.
func (c Covered) Persist() {
	d := c.d
	d.mu.Lock()
	defer d.mu.Unlock()
	c.content(func(x *change) { x.durable = true })
	c.named(func(x *change) {
		x.durable = true
		if x.kind == rename && x.f != nil && !d.strict {
			x.f.persistBefore(x.seq)
		}
	})
	d.purge()
}

// persistBefore makes durable what was written before a change.
func (f *file) persistBefore(seq uint64) {
	for _, x := range f.log {
		if x.seq < seq && !x.dropped {
			x.durable = true
		}
	}
}

// purge forgets changes that no crash takes back: those that are durable, up to the first that is not.
func (d *Disk) purge() {
	for id, f := range d.files { // order: each by itself
		n := 0
		for n < len(f.log) && f.log[n].durable && f.log[n].where == f.log[n].landed() {
			n++
		}
		if f.log = slices.Delete(f.log, 0, n); len(f.log) == 0 && !f.mapped {
			d.forget(id)
		}
	}
	n := 0
	for n < len(d.names) && d.names[n].durable {
		if c := d.names[n]; c.attic != "" {
			d.drop(c)
		}
		n++
	}
	d.names = slices.Delete(d.names, 0, n)
}

// landed returns where the change is on the disk unless it was misdirected.
func (c *change) landed() int64 {
	if c.kind == write {
		return c.off
	}
	return 0
}

// drop gives up a file that has lost its last name for good.
func (d *Disk) drop(c *change) {
	var st syscall.Stat_t
	if syscall.Lstat(c.attic, &st) == nil && st.Nlink == 1 {
		d.forget(inode{st.Dev, st.Ino})
	}
	_ = syscall.Unlink(c.attic)
}
