package cluster

import (
	"io/fs"
	"slices"
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
)

// A disk is the state behind a Disk: what the host sees, which is in its memory,
// what is durable, and the log of changes between the two. A sync makes the changes that
// it covers durable, in the order in which they were made.
//
// It has many methods because the same state answers files, names, syncs, faults and crashes.
type disk struct {
	m       *machine
	key     keyed.Key
	root    *file         // the directory of all files
	gone    bool          // its host has crashed: nothing reaches the disk
	redos   []redo        // changes that are not durable yet
	seq     uint64        // of the last redo
	flushes []flush       // syncs that are under way
	until   time.Duration // when the last sync of the message seam is done
	files   int64         // counts the files that were made
	syncs   int           // syncs of files at the instant synced
	synced  time.Duration

	impairments  []*activeDiskImpairment
	pendingCrash *pendingCrash // the host crashes in the next write
}

// A file is a file or a directory.
type file struct {
	id      int64
	data    []byte // as the host sees it
	durable []byte // as it is on the disk
	rotten  []rot
	changed time.Duration // when it was written last

	names        map[string]*file // of a directory, as the host sees it; nil for a file
	durableNames map[string]*file // as it is on the disk
}

// A flush is a sync on the message seam: all up to seq is on the disk at an instant.
type flush struct {
	seq uint64
	at  time.Duration
}

// A redo is a change that still has to reach the disk.
type redo struct {
	kind  redoKind
	seq   uint64
	f     *file
	off   int // where data goes; the new size for redoSize
	data  []byte
	lost  int   // bytes that redoSize cuts off
	dir   *file // the directory of the name; nil unless the redo is about names
	name  string
	toDir *file // of redoRename
	to    string
}

// A redoKind is what a redo does.
type redoKind uint8

const (
	redoWrite redoKind = iota
	redoSize
	redoCreate
	redoRename
	redoRemove
)

func newDisk(m *machine) disk {
	d := disk{m: m, key: m.key.With("disk")}
	d.root = d.newDir()
	d.root.id, d.files = 0, 0
	return d
}

func (d *disk) newFile() *file {
	d.files++
	return &file{id: d.files}
}

func (d *disk) newDir() *file {
	f := d.newFile()
	f.names, f.durableNames = map[string]*file{}, map[string]*file{}
	return f
}

// link gives f a name.
func (d *disk) link(dir *file, name string, f *file) {
	dir.names[name] = f
	d.log(redo{kind: redoCreate, f: f, dir: dir, name: name})
}

// unlink takes a name away.
func (d *disk) unlink(dir *file, name string) {
	f := dir.names[name]
	delete(dir.names, name)
	d.log(redo{kind: redoRemove, f: f, dir: dir, name: name})
}

// rename gives what has a name another one.
func (d *disk) rename(dir *file, name string, toDir *file, to string) {
	f := dir.names[name]
	delete(dir.names, name)
	toDir.names[to] = f
	d.log(redo{kind: redoRename, f: f, dir: dir, name: name, toDir: toDir, to: to})
}

// log appends a change to the log. It first applies the syncs that are done, so that they
// do not cover it.
func (d *disk) log(r redo) {
	now := d.m.c.Now()
	r.f.changed = now
	if d.gone {
		return
	}
	d.applySynced(now)
	d.seq++
	r.seq = d.seq
	d.redos = append(d.redos, r)
}

// commit starts a sync of all changes so far. It ends at end.
func (d *disk) commit(end time.Duration) {
	d.flushes = append(d.flushes, flush{d.seq, end})
}

// applySynced makes durable what the syncs cover that have ended by now.
func (d *disk) applySynced(now time.Duration) {
	for len(d.flushes) > 0 && d.flushes[0].at <= now {
		seq := d.flushes[0].seq
		d.flushes = slices.Delete(d.flushes, 0, 1)
		n := 0
		for n < len(d.redos) && d.redos[n].seq <= seq {
			d.persist(&d.redos[n])
			n++
		}
		d.redos = slices.Delete(d.redos, 0, n)
	}
}

// apply makes the chosen changes durable.
func (d *disk) apply(chosen func(*redo) bool) {
	d.redos = slices.DeleteFunc(d.redos, func(r redo) bool {
		if !chosen(&r) {
			return false
		}
		d.persist(&r)
		return true
	})
}

// persist makes one change durable.
func (d *disk) persist(r *redo) {
	switch r.kind {
	case redoWrite:
		r.f.durable = overwrite(r.f.durable, r.data, r.off)
	case redoSize:
		r.f.durable = resize(r.f.durable, r.off)
	case redoCreate:
		r.dir.durableNames[r.name] = r.f
	case redoRename:
		if r.dir.durableNames[r.name] == r.f {
			delete(r.dir.durableNames, r.name)
		}
		r.toDir.durableNames[r.to] = r.f
	case redoRemove:
		delete(r.dir.durableNames, r.name)
	}
}

// afterCrash returns a copy of what is durable of a file or directory, for the next
// life: code that outlives the crash still sees the original. A file with two
// names is copied once.
func (f *file) afterCrash(known map[*file]*file) *file {
	if g := known[f]; g != nil {
		return g
	}
	g := &file{id: f.id, changed: f.changed, rotten: f.rotten, durable: f.durable, data: slices.Clone(f.durable)}
	f.durable = nil
	known[f] = g
	if f.names != nil {
		g.names, g.durableNames = map[string]*file{}, map[string]*file{}
		for name, x := range f.durableNames { // order: each by itself
			y := x.afterCrash(known)
			g.names[name], g.durableNames[name] = y, y
		}
	}
	return g
}

// withEarlierNames returns what a sync makes durable: its own changes, and all earlier
// changes of the names that these are about. Without the latter, an older change of a name
// would become durable later and undo the newer one.
func (d *disk) withEarlierNames(own func(*redo) bool) func(*redo) bool {
	type entry struct {
		dir  *file
		name string
	}
	var names map[entry]bool
	var more map[uint64]bool
	for _, r := range slices.Backward(d.redos) {
		if r.dir == nil {
			continue
		}
		from, to := entry{r.dir, r.name}, entry{r.toDir, r.to}
		if !own(&r) {
			if !names[from] && !names[to] {
				continue
			}
			if more == nil {
				more = map[uint64]bool{}
			}
			more[r.seq] = true
		}
		if names == nil {
			names = map[entry]bool{}
		}
		names[from] = true
		if r.toDir != nil {
			names[to] = true
		}
	}
	return func(r *redo) bool { return own(r) || more[r.seq] }
}

// syncChosen makes the chosen changes durable, unless a fault makes the sync fail or lie.
func (d *disk) syncChosen(name string, chosen func(*redo) bool) error {
	d.m.c.stats.Syncs++
	lies, err := d.syncOutcome(chosen)
	if err != nil {
		return &fs.PathError{Op: "sync", Path: name, Err: err}
	}
	if !lies {
		d.apply(chosen)
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

// Remains says what a crash keeps of what was written and not synced.
type Remains string

const (
	// Nothing is kept: the disk is as it was at the last sync.
	Nothing Remains = ""
	// Prefix keeps the changes before an instant that is drawn at random.
	Prefix Remains = "prefix"
	// Torn keeps the first changes, and of the next write a part: it is cut at
	// some byte.
	Torn Remains = "torn"
	// Sectors keeps each sector of 512 bytes that was written with chance one half,
	// independent of their order, as a write-back cache does.
	Sectors Remains = "sectors"
)

// sector is the unit that a disk writes atomically.
const sector = 512

// crash decides what the disk keeps, and returns how many bytes that were written are lost.
func (d *disk) crash(now time.Duration, life int64) (lost int64) {
	d.applySynced(now)
	lost = d.dropAfterSync()
	remains, by := d.remains()
	lost += d.persistRemains(remains, by, d.key.With("crash").Int(life))
	d.root = d.root.afterCrash(map[*file]*file{})
	d.redos, d.flushes, d.pendingCrash = nil, nil, nil
	return lost
}

// dropAfterSync drops the changes after the first sync of the host that has not ended, and
// counts their bytes. The host would have made them after the sync: so none of them may
// be kept if a part of what the sync covers is lost.
func (d *disk) dropAfterSync() (lost int64) {
	if len(d.flushes) == 0 || d.crashing() {
		return 0
	}
	seq := d.flushes[0].seq
	d.redos = slices.DeleteFunc(d.redos, func(r redo) bool {
		if r.seq > seq {
			lost += r.bytes()
		}
		return r.seq > seq
	})
	return lost
}

// persistRemains makes durable what the crash keeps of the changes, and counts the bytes of
// the rest.
func (d *disk) persistRemains(remains Remains, by *tally, k keyed.Key) (lost int64) {
	n := int64(len(d.redos))
	upTo := n
	switch {
	case remains == Sectors:
		return d.persistSomeSectors(k)
	case remains == Nothing || n == 0:
		upTo = 0
	case d.crashing():
		upTo = n - 1 // the crash is in the last write
	case remains == Prefix:
		upTo = k.Range(0, n+1)
	case remains == Torn:
		upTo = k.Range(0, n)
	}
	for i := range d.redos {
		r := &d.redos[i]
		switch {
		case int64(i) < upTo:
			d.persist(r)
			continue
		case int64(i) == upTo && remains == Torn && r.kind == redoWrite && len(r.data) > 1:
			whole := len(r.data)
			r.data = r.data[:k.With("byte").Range(1, int64(whole))]
			d.persist(r)
			lost += int64(whole - len(r.data))
			by.add(effectTorn, 1)
			continue
		}
		lost += r.bytes()
	}
	return lost
}

// bytes returns how many bytes are lost with the redo.
func (r *redo) bytes() int64 { return int64(len(r.data) + r.lost) }

// persistSomeSectors makes random sectors durable. Changes of names and sizes are kept up
// to a random one, in order. If a rename is kept, so are the earlier writes to the file, as
// ext4 has it: keptBefore has the rename's number for each such file.
func (d *disk) persistSomeSectors(k keyed.Key) (lost int64) {
	var changes int64
	for _, r := range d.redos {
		if r.kind != redoWrite {
			changes++
		}
	}
	kept := k.With("names").Range(0, changes+1)
	keptBefore := map[*file]uint64{}
	changes = 0
	for _, r := range d.redos {
		if r.kind == redoWrite {
			continue
		}
		if changes++; changes <= kept && r.kind == redoRename {
			keptBefore[r.f] = r.seq
		}
	}
	changes = 0
	for i := range d.redos {
		r := &d.redos[i]
		switch {
		case r.kind != redoWrite:
			if changes++; changes > kept && (r.kind != redoSize || r.seq > keptBefore[r.f]) {
				lost += r.bytes()
				continue
			}
			d.persist(r)
		case r.seq < keptBefore[r.f]:
			d.persist(r)
		default:
			lost += d.persistSectors(r, k.Int(r.f.id))
		}
	}
	return lost
}

// persistSectors makes each sector of a write durable with chance one half.
func (d *disk) persistSectors(r *redo, k keyed.Key) (lost int64) {
	for at := 0; at < len(r.data); {
		s := (r.off + at) / sector
		n := min((s+1)*sector-r.off-at, len(r.data)-at)
		if k.Int(int64(s)).Float64() < 0.5 {
			r.f.durable = overwrite(r.f.durable, r.data[at:at+n], r.off+at)
		} else {
			lost += int64(n)
		}
		at += n
	}
	return lost
}
