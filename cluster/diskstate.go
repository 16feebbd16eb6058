package cluster

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/diskimage"
	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/hostdisk"
	"github.com/capsize-go/capsize/internal/keyed"
)

// A disk is the state behind a [Disk]: its content, the time that syncs take, and what faults do to it.
type disk struct {
	diskimage.Image
	m      *machine
	key    keyed.Key
	until  time.Duration // when the last sync of the message seam is done
	syncs  int           // syncs of files at the instant synced
	synced time.Duration

	impairments  []*activeDiskImpairment
	pendingCrash *pendingCrash // the host crashes in the next write

	files  *hostdisk.Disk // real ones, which a program on the host has
	failed bool           // it has failed an operation of the present life of such a program
}

func newDisk(m *machine) disk {
	return disk{Image: diskimage.New(), m: m, key: m.key.With("disk")}
}

// now returns the virtual time.
func (d *disk) now() time.Duration { return d.m.c.Now() }

// syncChosen makes the chosen changes durable, unless a fault makes the sync fail or lie.
func (d *disk) syncChosen(name string, chosen diskimage.Selection) error {
	d.m.c.stats.Syncs++
	d.m.event(trace.Sync, name, "")
	lies, err := d.syncOutcome(func() bool { return d.Any(chosen) }, func() { d.DropWrites(chosen) })
	if err != nil {
		return &fs.PathError{Op: "sync", Path: name, Err: err}
	}
	if !lies {
		d.Persist(chosen)
	}
	return nil
}

// occupyForSync makes the host busy for a sync that begins now, and returns when it ends. A sync that begins during another one
// starts after that.
func (d *disk) occupyForSync() (end time.Duration) {
	m := d.m
	start := m.ready()
	end = start + d.syncTime(start, min(d.until, m.busy) > m.c.Now())
	d.until = end
	m.occupy(end)
	return end
}

// maxSyncs is how many syncs of files are possible at one instant.
const maxSyncs = 100_000

// countSync counts a sync of a file, and reports whether it is the first one at this instant, and whether there were so many
// that the code must be in a loop.
func (d *disk) countSync() (first, tooMany bool) {
	if now := d.m.c.Now(); d.synced != now || d.syncs == 0 {
		d.synced, d.syncs = now, 0
	}
	d.syncs++
	return d.syncs == 1, d.syncs >= maxSyncs
}

// kept says what the image keeps in a crash.
var kept = map[Remains]diskimage.Kept{Nothing: diskimage.Nothing, Prefix: diskimage.Prefix, Torn: diskimage.Torn, Sectors: diskimage.Sectors}

// crash decides what the disk keeps, and returns how many bytes that were written are lost.
func (d *disk) crash(now time.Duration, life int64) (lost int64) {
	remains, by := d.remains()
	what := kept[remains]
	if d.crashing() {
		what = diskimage.LastTorn
	}
	lost, torn := d.Crash(now, what, d.key.With("crash").Int(life))
	if d.files != nil && !d.m.c.stopping {
		lostOfFiles, tornOfFiles, err := d.crashFiles(what, life)
		if lost, torn = lost+lostOfFiles, torn || tornOfFiles; err != nil {
			d.m.c.addFinding(Finding{Host: d.m.name, What: err.Error()})
		}
	}
	if torn {
		by.Add(effect.Torn, 1)
	}
	d.pendingCrash = nil
	return lost
}

// crashFiles decides what is kept of real files. A program that ends by itself leaves all that it wrote to the system.
func (d *disk) crashFiles(what diskimage.Kept, life int64) (lost int64, torn bool, err error) {
	keep := hostdisk.Kept(what)
	if d.m.crashedBy == nil {
		keep = hostdisk.Everything
	}
	return d.files.Crash(keep, d.key.With("files").Int(life))
}

// mount gives the present life of the machine real files, as a program has them.
func (m *machine) mount() error {
	c := m.c
	dir, err := c.folders.Get(m.name)
	if err != nil || !hostdisk.Active() {
		return err
	}
	if c.files == nil {
		c.files = hostdisk.NewDisks(filepath.Dir(dir))
	}
	if m.disk.files, err = c.files.Add(m.name); err != nil {
		return err
	}
	m.disk.failed = false
	c.files.Mount(m.goroutines, m.disk.files, programDisk{m})
	m.program.Setenv("PWD", hostdisk.Dir(m.name))
	return nil
}

// programDisk has the faults of a disk be those of the real files that a program uses.
type programDisk struct{ m *machine }

func (p programDisk) Fails(op string) syscall.Errno {
	return p.errno(func(d *disk) error { return d.opError(op, d.now()) })
}

func (p programDisk) Refuses() syscall.Errno { return p.errno((*disk).readOnlyError) }

// errno returns why an operation fails under the disk's impairments; 0 if it succeeds.
func (p programDisk) errno(check func(d *disk) error) (no syscall.Errno) {
	d := &p.m.disk
	p.m.c.lock()
	defer p.m.c.unlock()
	if errors.As(check(d), &no) {
		d.failed = true
	}
	return no
}

func (p programDisk) Misdirected(size, off int64) int64 {
	p.m.c.lock()
	defer p.m.c.unlock()
	return int64(p.m.disk.misdirected(int(size), int(off), p.m.c.Now()))
}

// Written lets a crash come that waits for a write, before the program does what follows.
func (p programDisk) Written(n int64) {
	d, c := &p.m.disk, p.m.c
	c.lock()
	c.stats.BytesWritten += n
	wait := time.Duration(0)
	if len(c.awaited[UnsyncedWrite]) > 0 {
		wait = 2 * time.Microsecond
	}
	c.trigger(UnsyncedWrite)
	if d.pendingCrash != nil {
		d.beginCrash()
		wait = forever
	}
	h := p.m.host
	c.unlock()
	if wait > 0 {
		_ = h.Sleep(wait) // after a crash none comes back from it
	}
}

func (p programDisk) Sync(covered hostdisk.Covered) (no syscall.Errno) {
	d, c := &p.m.disk, p.m.c
	c.lock()
	took, h := d.syncTime(c.Now(), false), p.m.host
	c.trigger(SyncBegins)
	c.unlock()
	_ = h.Sleep(took) // after a crash none comes back from it
	return p.errno(func(d *disk) error {
		c.stats.Syncs++
		d.m.event(trace.Sync, covered.Name, "")
		lies, err := d.syncOutcome(covered.Any, covered.Drop)
		if !lies && err == nil {
			covered.Persist()
		}
		return err
	})
}

func (p programDisk) Warn(text string) { p.m.host.Log().Warn(text) }
