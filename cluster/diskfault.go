package cluster

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A DiskImpairment is what is wrong with a disk. The zero value impairs nothing,
// and several fields may be set at once.
type DiskImpairment struct {
	Remains   Remains       // what a crash leaves of what was not synced
	Lie       bool          // a sync says that it did its work, and does nothing
	FailSyncs int           // so many syncs fail with EIO: what they covered counts as written, and is not
	Fail      float64       // chance that an operation fails with EIO; drawn for each millisecond
	Full      bool          // writes fail with ENOSPC
	ReadOnly  bool          // what would change the disk fails with EROFS, and so does a sync of what was written before
	SlowSync  time.Duration // added to the time that a sync takes
	Misdirect float64       // chance that a write lands elsewhere in its file; seen once the host has crashed
}

// A diskTrouble is an impairment of one disk by one fault.
type diskTrouble struct {
	DiskImpairment
	by *tally
}

// A diskError is an errno that a fault made up. It is [ErrDisk] as well.
type diskError struct{ syscall.Errno }

func (e diskError) Is(target error) bool { return target == ErrDisk || e.Errno.Is(target) }
func (e diskError) Unwrap() error        { return e.Errno }

// ImpairDisk does something to the disk of a host until heal is called.
func (c *Cluster) ImpairDisk(name string, i DiskImpairment) (heal func()) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	x := &diskTrouble{i, c.by}
	m.disk.troubles = append(m.disk.troubles, x)
	return c.healing(m, nil, func() {
		m.disk.troubles = slices.DeleteFunc(m.disk.troubles, func(y *diskTrouble) bool { return x == y })
	})
}

// fails returns the error that an operation fails with at t; nil if it does not.
func (d *disk) fails(op string, t time.Duration) error {
	if changes(op) {
		if err := d.frozen(); err != nil {
			return err
		}
	}
	for _, x := range d.troubles {
		switch {
		case x.Full && op == "write":
			x.by.add(biteFull, 1)
			d.note(8)
			return diskError{syscall.ENOSPC}
		case x.Fail > 0 && d.draw("fail", x, t).Float64() < x.Fail:
			x.by.add(biteFailed, 1)
			d.note(9)
			return diskError{syscall.EIO}
		}
	}
	return nil
}

func (d *disk) note(what loss) { d.m.c.note(d.m.c.Now(), d.m, nil, kindFunc, what) }

func (d *disk) draw(what string, x *diskTrouble, t time.Duration) keyed.Key {
	return d.key.With(what, x.by.name).Int(int64(t / time.Millisecond))
}

// frozen returns the error of an operation that would change a disk which has become
// read-only; nil if it has not.
func (d *disk) frozen() error {
	for _, x := range d.troubles {
		if x.ReadOnly {
			x.by.add(biteReadOnly, 1)
			d.note(13)
			return diskError{syscall.EROFS}
		}
	}
	return nil
}

// changes reports whether an operation always changes the disk. An open does so only if
// it creates the file.
func changes(op string) bool {
	return op == "write" || op == "truncate" || op == "rename" || op == "remove" || op == "mkdir" || op == "link"
}

// outcome says what becomes of a sync of what is chosen: it lies, or it fails, and
// then what was written counts as written for ever.
func (d *disk) outcome(chosen func(*redo) bool) (lies bool, err error) {
	if slices.ContainsFunc(d.redos, func(r redo) bool { return chosen(&r) }) {
		if err := d.frozen(); err != nil {
			return false, err
		}
	}
	for _, x := range d.troubles {
		switch {
		case x.FailSyncs > 0:
			x.FailSyncs--
			x.by.add(biteSyncFailed, 1)
			d.note(10)
			d.redos = slices.DeleteFunc(d.redos, func(r redo) bool { return r.what == redoWrite && chosen(&r) })
			return false, diskError{syscall.EIO}
		case x.Lie && slices.ContainsFunc(d.redos, func(r redo) bool { return chosen(&r) }):
			x.by.add(biteLied, 1)
			d.note(11)
			lies = true
		}
	}
	return lies, nil
}

// syncTime returns how long the disk takes for a sync at t. One that waits for
// another is done soon after it: a fault delays both together.
func (d *disk) syncTime(t time.Duration, waits bool) time.Duration {
	took := d.m.syncTime(t)
	for _, x := range d.troubles {
		if x.SlowSync > 0 && !waits {
			x.by.add(biteSyncSlow, 1)
			took += x.SlowSync
		}
	}
	return took
}

// misdirect has a write land elsewhere, if a fault wants it so.
func (d *disk) misdirect(r *redo, t time.Duration) {
	for _, x := range d.troubles {
		if k := d.draw("misdirect", x, t); x.Misdirect > 0 && k.Float64() < x.Misdirect {
			x.by.add(biteMisdirected, 1)
			d.note(12)
			elsewhere := k.With("where").Range(0, int64(len(r.f.data)/sector+1))*sector + int64(r.off%sector)
			if int(elsewhere) == r.off {
				elsewhere += sector
			}
			r.off = int(elsewhere)
			return
		}
	}
}

// remains says what a crash leaves, and by which fault.
func (d *disk) remains() (Remains, *tally) {
	if d.doomed() {
		return Torn, d.doom.by
	}
	for _, x := range slices.Backward(d.troubles) {
		if x.Remains != Nothing {
			return x.Remains, x.by
		}
	}
	return Nothing, nil
}

// mend undoes whatever faults do to the disk, and what they did as far as it can
// be undone: bits that rotted.
func (d *disk) mend() {
	d.troubles, d.doom = nil, nil
	d.root.walk("", func(_ string, f *file) {
		for _, r := range f.rotten {
			f.flip(r)
		}
		f.rotten = nil
	})
}

// A doom is a crash that waits for a write.
type doom struct {
	by     *tally
	struck bool
}

// CrashInWrite crashes a host in the middle of its next write to disk: what was
// written before is kept, and of that write a part. Heal calls it off if there
// was no write yet; the host boots with [Cluster.Restart].
func (c *Cluster) CrashInWrite(name string) (heal func()) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	x := &doom{by: c.by}
	m.disk.doom = x
	return c.healing(m, nil, func() {
		if m.disk.doom == x && !x.struck {
			m.disk.doom = nil
		}
	})
}

// doomed reports whether the host crashes in this instant, in a write: no sync that
// comes after that write has an effect.
func (d *disk) doomed() bool { return d.doom != nil && d.doom.struck }

// perish crashes the host at its next instant. Nothing that it sends from now on
// leaves.
func (d *disk) perish() {
	x, m := d.doom, d.m
	if x.struck {
		return
	}
	x.struck = true
	m.occupy(m.ready() + 2*time.Microsecond)
	m.c.loop.pushLocked(m.align(m.c.Now()+1), &event{kind: kindFunc, fn: func() {
		m.c.loop.wakes()
		m.crashBy(x.by, false)
	}})
}

// A rot is a bit that flipped by itself.
type rot struct {
	bit int
	by  *tally
}

func (f *file) flip(r rot) {
	at, mask := r.bit/8, byte(1)<<(r.bit%8)
	if at < len(f.data) {
		f.data[at] ^= mask
	}
	if at < len(f.kept) {
		f.kept[at] ^= mask
	}
}

// tellRot books a read that shows rotten bits.
func (f *file) tellRot(from, to int) {
	for _, r := range f.rotten {
		if at := r.bit / 8; from <= at && at < to {
			r.by.add(biteRot, 1)
		}
	}
}

// forgetRot forgets about bits that were overwritten.
func (f *file) forgetRot(from, to int) {
	if len(f.rotten) > 0 {
		f.rotten = slices.DeleteFunc(f.rotten, func(r rot) bool { return from <= r.bit/8 && r.bit/8 < to })
	}
}

// Rot flips one bit of what is on a host's disk, drawn by pick from a number of
// bits, and says which. Heal flips it back, as a scrub from a good copy does,
// unless it was overwritten. It fails if the disk holds nothing that is synced.
func (c *Cluster) Rot(name string, pick func(n int64) int64) (where string, heal func(), err error) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	m.disk.settle(c.Now())
	var total int64
	files, paths := m.disk.onDisk()
	for _, f := range files {
		total += 8 * int64(len(f.kept))
	}
	if total == 0 {
		return "", nil, fmt.Errorf("rot: the disk of %s is empty", name)
	}
	bit := pick(total)
	for i, f := range files {
		if n := 8 * int64(len(f.kept)); bit >= n {
			bit -= n
			continue
		}
		r := rot{int(bit), c.by}
		f.flip(r)
		f.rotten = append(f.rotten, r)
		return fmt.Sprintf("%s: byte %d of %s", name, bit/8, paths[i]), c.healing(m, nil, func() { m.disk.scrub(f.id, r) }), nil
	}
	return "", nil, fmt.Errorf("rot: bit %d of a disk of %d", bit, total)
}

// scrub flips a bit of a file back, unless it was overwritten.
func (d *disk) scrub(id int64, r rot) {
	files, _ := d.onDisk()
	for _, f := range files {
		if i := slices.Index(f.rotten, r); f.id == id && i >= 0 {
			f.rotten = slices.Delete(f.rotten, i, i+1)
			f.flip(r)
		}
	}
}

// onDisk lists the files that are on the disk, with their paths.
func (d *disk) onDisk() (files []*file, paths []string) {
	d.root.walk("", func(path string, f *file) {
		files, paths = append(files, f), append(paths, path)
	})
	return files, paths
}

// walk calls do for each file of a directory that is on the disk, in the order of
// their paths.
func (f *file) walk(path string, do func(path string, f *file)) {
	for _, name := range sorting.Keys(f.keptNames) {
		x := f.keptNames[name]
		if x.names != nil {
			x.walk(path+name+"/", do)
		} else {
			do(path+name, x)
		}
	}
}

// Damage asks for leave to have the disk of a node lose or change what it had
// promised to keep. It books the node as damaged, for the rest of the run, and
// reports true as long as the damaged ones are a minority of the nodes: then no
// byte is damaged on more than a minority of its replicas, wherever they are.
func (c *Cluster) Damage(node string) bool {
	m := c.machine(node)
	c.lock()
	defer c.unlock()
	if !m.damaged && 2*(c.damaged+1) >= len(c.nodes) {
		return false
	}
	if !m.damaged {
		m.damaged = true
		c.damaged++
	}
	return true
}

// Damaged reports whether the disk of a node had leave to break a promise.
func (c *Cluster) Damaged(node string) bool {
	m := c.machine(node)
	c.lock()
	defer c.unlock()
	return m.damaged
}
