package cluster

import (
	"io/fs"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/diskimage"
	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/cluster/trace"
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
	lies, err := d.syncOutcome(chosen)
	if err != nil {
		return &fs.PathError{Op: "sync", Path: name, Err: err}
	}
	if !lies {
		d.Persist(chosen)
	}
	return nil
}

// occupyForSync makes the host busy for a sync that begins now, and returns when it
// ends. A sync that begins during another one starts after that.
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

// countSync counts a sync of a file, and reports whether it is the first one at this
// instant, and whether there were so many that the code must be in a loop.
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
	if torn {
		by.Add(effect.Torn, 1)
	}
	d.pendingCrash = nil
	return lost
}
