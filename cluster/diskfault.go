package cluster

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/diskimage"
	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/cluster/internal/runhash"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/keyed"
)

// A DiskImpairment is what is wrong with a disk. The zero value impairs nothing, and several fields may be set at once.
type DiskImpairment struct {
	Remains   Remains       // what a crash keeps of what was not synced
	Lie       bool          // a sync reports success, and does nothing
	FailSyncs int           // number of syncs that fail with EIO: what they covered counts as written, and is not
	Fail      float64       // chance that an operation fails with EIO; drawn for each millisecond
	Full      bool          // writes fail with ENOSPC
	ReadOnly  bool          // changes of the disk fail with EROFS, and so does a sync of earlier ones
	SlowSync  time.Duration // added to the time that a sync takes
	Misdirect float64       // chance that a write goes to another place in its file; seen once the host has crashed
}

// Remains says what a crash keeps of what was written and not synced.
type Remains string

const (
	// Nothing is kept: the disk is as it was at the last sync.
	Nothing Remains = ""
	// Prefix keeps the changes before an instant that is drawn at random.
	Prefix Remains = "prefix"
	// Torn keeps the first changes, and of the next write a part: it is cut at some byte.
	Torn Remains = "torn"
	// Sectors keeps each sector of 512 bytes that was written with chance one half, independent of their order, as a write-back
	// cache does.
	Sectors Remains = "sectors"
)

// An activeDiskImpairment is an impairment of one disk by one fault.
type activeDiskImpairment struct {
	DiskImpairment
	by *effect.Tally
}

// A diskError is an errno that a fault caused. It is [ErrDisk] as well.
type diskError struct{ syscall.Errno }

func (e diskError) Is(target error) bool { return target == ErrDisk || e.Errno.Is(target) }
func (e diskError) Unwrap() error        { return e.Errno }

// ImpairDisk impairs the disk of a host until heal is called.
func (c *Cluster) ImpairDisk(name string, i DiskImpairment) (heal func()) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	x := &activeDiskImpairment{i, c.by}
	m.disk.impairments = append(m.disk.impairments, x)
	return c.healing(m, nil, wrong{trace.Disk, i}, func() {
		m.disk.impairments = slices.DeleteFunc(m.disk.impairments, func(y *activeDiskImpairment) bool { return x == y })
	})
}

// opError returns the error of an operation at t under the disk's impairments; nil if it succeeds.
func (d *disk) opError(op string, t time.Duration) error {
	if changes(op) {
		if err := d.readOnlyError(); err != nil {
			return err
		}
	}
	for _, x := range d.impairments {
		switch {
		case x.Full && op == "write":
			x.by.Add(effect.DiskFull, 1)
			d.note(runhash.DiskFull, x.by)
			return diskError{syscall.ENOSPC}
		case x.Fail > 0 && d.draw("fail", x, t).Float64() < x.Fail:
			x.by.Add(effect.DiskFailed, 1)
			d.note(runhash.DiskError, x.by)
			return diskError{syscall.EIO}
		}
	}
	return nil
}

func (d *disk) note(what runhash.Event, by *effect.Tally) {
	d.m.c.note(d.m.c.Now(), d.m, nil, kindFunc, what)
	if c := d.m.c; c.rec != nil {
		c.recordEvent(trace.Event{Host: d.m.name, Kind: trace.Disk, Text: what.DiskEffect(), Fault: by.Name, Once: true}, nil)
	}
}

func (d *disk) draw(what string, x *activeDiskImpairment, t time.Duration) keyed.Key {
	return d.key.With(what, x.by.Name).Int(int64(t / time.Millisecond))
}

// readOnlyError returns the error of an operation that changes the disk if the disk is read-only; nil if it is not.
func (d *disk) readOnlyError() error {
	for _, x := range d.impairments {
		if x.ReadOnly {
			x.by.Add(effect.ReadOnly, 1)
			d.note(runhash.ReadOnly, x.by)
			return diskError{syscall.EROFS}
		}
	}
	return nil
}

// changes reports whether an operation always changes the disk. An open does so only if it creates the file.
func changes(op string) bool {
	return op == "write" || op == "truncate" || op == "rename" || op == "remove" || op == "mkdir" || op == "link"
}

// syncOutcome says whether a sync lies or fails. One that has nothing to do can't lie. The writes that a failed sync covers are
// dropped: no later sync makes them durable.
func (d *disk) syncOutcome(any func() bool, drop func()) (lies bool, err error) {
	if len(d.impairments) == 0 {
		return false, nil
	}
	if any() {
		if err := d.readOnlyError(); err != nil {
			return false, err
		}
	}
	for _, x := range d.impairments {
		switch {
		case x.FailSyncs > 0:
			x.FailSyncs--
			x.by.Add(effect.SyncFailed, 1)
			d.note(runhash.SyncError, x.by)
			drop()
			return false, diskError{syscall.EIO}
		case x.Lie && any():
			x.by.Add(effect.SyncLied, 1)
			d.note(runhash.SyncLie, x.by)
			lies = true
		}
	}
	return lies, nil
}

// syncTime returns how long the disk takes for a sync at t. A fault does not delay a sync that waits for another one: it has
// delayed that.
func (d *disk) syncTime(t time.Duration, waits bool) time.Duration {
	took := d.m.syncTime(t)
	for _, x := range d.impairments {
		if x.SlowSync > 0 && !waits {
			x.by.Add(effect.SyncSlow, 1)
			took += x.SlowSync
		}
	}
	return took
}

// misdirected returns where a write to offset off of a file goes: to another sector, with the chance that a fault sets.
func (d *disk) misdirected(size, off int, t time.Duration) int {
	for _, x := range d.impairments {
		if k := d.draw("misdirect", x, t); x.Misdirect > 0 && k.Float64() < x.Misdirect {
			x.by.Add(effect.Misdirected, 1)
			d.note(runhash.Misdirect, x.by)
			elsewhere := int(k.With("where").Range(0, int64(size/diskimage.Sector+1)))*diskimage.Sector + off%diskimage.Sector
			if elsewhere == off {
				elsewhere += diskimage.Sector
			}
			return elsewhere
		}
	}
	return off
}

// remains says what a crash keeps, and which fault decides that.
func (d *disk) remains() (Remains, *effect.Tally) {
	if d.crashing() {
		return Torn, d.pendingCrash.by
	}
	for _, x := range slices.Backward(d.impairments) {
		if x.Remains != Nothing {
			return x.Remains, x.by
		}
	}
	return Nothing, nil
}

// restore ends all impairments of the disk, and flips rotten bits back.
func (d *disk) restore() {
	d.impairments, d.pendingCrash = nil, nil
	diskimage.ScrubAll(d.Stored())
	if d.files != nil {
		d.files.Scrub()
	}
}

// A pendingCrash is a crash that waits for a write.
type pendingCrash struct {
	by    *effect.Tally
	begun bool
}

// CrashInWrite crashes a host in the middle of its next write to disk: what was written before is kept, and of that write a
// part. Heal cancels it if there was no write yet; the host restarts with [Cluster.Restart].
func (c *Cluster) CrashInWrite(name string) (heal func()) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	x := &pendingCrash{by: c.by}
	m.disk.pendingCrash = x
	return c.healing(m, nil, wrong{trace.Disk, "crash in the next write"}, func() {
		if m.disk.pendingCrash == x && !x.begun {
			m.disk.pendingCrash = nil
		}
	})
}

// crashing reports whether the host crashes in this instant, in a write: no sync after that write has an effect.
func (d *disk) crashing() bool { return d.pendingCrash != nil && d.pendingCrash.begun }

// beginCrash crashes the host at its next instant, and keeps it busy until then: what it sends from now on never leaves.
func (d *disk) beginCrash() {
	x, m := d.pendingCrash, d.m
	if x.begun {
		return
	}
	x.begun = true
	m.occupy(m.ready() + 2*time.Microsecond)
	m.c.loop.pushLocked(m.align(m.c.Now()+1), &event{kind: kindFunc, fn: func() {
		m.c.loop.wakes()
		m.crashBy(x.by, false)
	}})
}

// FlipBit flips one durable bit of a host's disk, drawn by pick from the number of bits, and says which. Heal flips it back, as
// a scrub from a good copy does, unless it was overwritten. It fails if nothing on the disk is durable.
func (c *Cluster) FlipBit(name string, pick func(n int64) int64) (where string, heal func(), err error) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	m.disk.ApplySynced(c.Now())
	flip := m.disk.Flip
	if m.disk.files != nil {
		flip = m.disk.files.Flip
	}
	path, at, back, err := flip(pick, c.by)
	if err != nil {
		return "", nil, fmt.Errorf("rot: the disk of %s: %w", name, err)
	}
	return fmt.Sprintf("%s: byte %d of %s", name, at, path), c.healing(m, nil, wrong{trace.Disk, "a bit flipped in " + path}, back), nil
}

// ReserveDamage counts a node as damaged for the rest of the run, and reports whether a fault may then have its disk lose or
// change what it had promised to keep. The damaged nodes stay a minority: so no byte is damaged on more than a minority of its
// replicas, wherever they are.
func (c *Cluster) ReserveDamage(node string) bool {
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

// Damaged reports whether a fault was allowed to have the disk of a node break a promise.
func (c *Cluster) Damaged(node string) bool {
	m := c.machine(node)
	c.lock()
	defer c.unlock()
	return m.damaged
}
