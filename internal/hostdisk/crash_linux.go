//go:build amd64 || arm64

package hostdisk

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/internal/sorting"
)

// Crash makes the folder what is left after a crash, and gives it new inodes. What is kept of the changes that were not synced is
// drawn by k. It returns how many bytes that were written are lost, and whether a write was torn. What the process has open below the folder is
// /dev/null from then on, under the same number, and what it has mapped can't be used any more. No goroutine of the host may run.
func (d *Disk) Crash(kept Kept, k keyed.Key) (lost int64, torn bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	files := d.changed()
	if kept != Everything {
		lost, torn, err = d.lose(files, kept, k)
	}
	d.forgetAll()
	if err == nil {
		err = d.renew()
	}
	if err != nil {
		return lost, torn, fmt.Errorf("crash of the disk %s: %w", d.root, err)
	}
	return lost, torn, nil
}

// changed returns the files that have changes, in the order in which they had their first one.
func (d *Disk) changed() (files []*file) {
	for _, f := range d.files { // order: sorted below
		if len(f.log) > 0 {
			files = append(files, f)
		}
	}
	sorting.Func(files, func(a, b *file) int { return int(a.number - b.number) })
	return files
}

// A fate is what becomes of a change in a crash.
type fate struct {
	kept  bool
	parts [][2]int64 // of a write that is kept in part: from and to, in bytes of what was written
}

// lose takes all changes back, and makes those again that are kept.
func (d *Disk) lose(files []*file, kept Kept, k keyed.Key) (lost int64, torn bool, err error) {
	fates := map[*change]fate{}
	d.decideNames(fates, kept, k)
	last := lastOf(files)
	for _, f := range files {
		more, cut := f.decide(fates, kept, k.Int(f.number), last)
		lost, torn = lost+more, torn || cut
	}
	for _, f := range files {
		for _, c := range slices.Backward(f.log) {
			if err := f.undo(c, fates[c].kept); err != nil {
				return lost, torn, fmt.Errorf("take back a change of %s: %w", f.path, err)
			}
		}
	}
	for _, c := range slices.Backward(d.names) {
		if err := d.undo(c); err != nil && !errors.Is(err, os.ErrNotExist) {
			return lost, torn, fmt.Errorf("take back the name %s: %w", c.path, err)
		}
	}
	for _, c := range d.names {
		if fates[c].kept {
			d.redo(c)
		}
	}
	for _, f := range files {
		for _, c := range f.log {
			if err := f.redo(c, fates[c]); err != nil {
				return lost, torn, fmt.Errorf("keep a change of %s: %w", f.path, err)
			}
		}
	}
	return lost, torn, nil
}

// decideNames decides which changes of names are kept: those that are durable, and a prefix of the others.
func (d *Disk) decideNames(fates map[*change]fate, kept Kept, k keyed.Key) {
	var open []*change
	for _, c := range d.names {
		if fates[c] = (fate{kept: c.durable}); !c.durable {
			open = append(open, c)
		}
	}
	n := int64(len(open))
	switch kept {
	case Nothing:
		n = 0
	case Prefix, Torn, Sectors:
		n = k.With("names").Range(0, n+1)
	}
	for _, c := range open[:n] {
		fates[c] = fate{kept: true}
	}
	if d.strict {
		return
	}
	for _, c := range d.names {
		if c.kind == rename && c.f != nil && fates[c].kept {
			c.f.persistBefore(c.seq)
		}
	}
}

// lastOf returns the last change that is not durable.
func lastOf(files []*file) (last *change) {
	for _, f := range files {
		for _, c := range f.log {
			if !c.durable && !c.dropped && (last == nil || c.seq > last.seq) {
				last = c
			}
		}
	}
	return last
}

// decide decides which changes of a file are kept, and counts the bytes that are lost.
func (f *file) decide(fates map[*change]fate, kept Kept, k keyed.Key, last *change) (lost int64, torn bool) {
	var open []*change
	for _, c := range f.log {
		if fates[c] = (fate{kept: c.durable}); !c.durable && !c.dropped {
			open = append(open, c)
		}
	}
	if kept == Sectors {
		return decideSectors(fates, open, k), false
	}
	n := len(open)
	switch kept {
	case Nothing:
		n = 0
	case Prefix:
		n = int(k.Range(0, int64(n)+1))
	case Torn:
		n = int(k.Range(0, int64(max(n, 1))))
	}
	for i, c := range open {
		cut := c.kind == write && c.n > 1 && (kept == Torn && i == n || kept == LastTorn && c == last)
		switch {
		case cut:
			part := k.With("byte").Range(1, c.n)
			fates[c] = fate{true, [][2]int64{{0, part}}}
			lost, torn = lost+c.n-part, true
		case i < n && (kept != LastTorn || c != last):
			fates[c] = fate{kept: true}
		default:
			lost += c.bytes()
		}
	}
	return lost, torn
}

// decideSectors keeps each sector of the writes with chance one half, and a prefix of the changes of size.
func decideSectors(fates map[*change]fate, open []*change, k keyed.Key) (lost int64) {
	sizes := int64(0)
	for _, c := range open {
		if c.kind == resize {
			sizes++
		}
	}
	sizes = k.With("sizes").Range(0, sizes+1)
	for _, c := range open {
		if c.kind == resize {
			if sizes--; sizes < 0 {
				lost += c.bytes()
			} else {
				fates[c] = fate{kept: true}
			}
			continue
		}
		x := fate{kept: true}
		for at := int64(0); at < c.n; {
			s := (c.where + at) / Sector
			to := min((s+1)*Sector-c.where, c.n)
			if k.Int(s).Float64() < 0.5 {
				x.parts = append(x.parts, [2]int64{at, to})
			} else {
				lost += to - at
			}
			at = to
		}
		if x.kept = len(x.parts) > 0; x.kept {
			fates[c] = x
		}
	}
	return lost
}

// bytes returns how many bytes are lost with the change.
func (c *change) bytes() int64 {
	if c.kind == resize {
		return max(0, c.size-c.off)
	}
	return c.n
}

// undo takes a change of content back. What it wrote is remembered if it is to be made again.
func (f *file) undo(c *change, again bool) error {
	if c.kind == write && again {
		c.after = make([]byte, c.n)
		if err := preadAll(f.fd, c.after, c.off); err != nil {
			return err
		}
	}
	if err := pwriteAll(f.fd, c.before, c.off); err != nil {
		return err
	}
	return syscall.Ftruncate(f.fd, c.size)
}

// redo makes a change of content again, as far as it is kept.
func (f *file) redo(c *change, x fate) error {
	switch {
	case !x.kept:
		return nil
	case c.kind == resize:
		return syscall.Ftruncate(f.fd, c.off)
	case x.parts == nil:
		return pwriteAll(f.fd, c.after, c.where)
	}
	for _, p := range x.parts {
		if err := pwriteAll(f.fd, c.after[p[0]:p[1]], c.where+p[0]); err != nil {
			return err
		}
	}
	return nil
}
