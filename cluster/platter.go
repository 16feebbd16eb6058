package cluster

import (
	"io/fs"
	"slices"
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
)

// A disk is the state behind a Disk: what the host sees, which is in its memory,
// what is on the disk itself, and what leads from the one to the other. What is
// synced is carried over, in the order in which it was done.
type disk struct {
	m       *machine
	key     keyed.Key
	root    *file         // the directory of all files
	gone    bool          // it is of a host that has crashed: nothing reaches the disk
	redos   []redo        // what was done and is not on the disk yet
	seq     uint64        // of the last redo
	flushes []flush       // syncs that are under way
	until   time.Duration // when the last sync of the message seam is done
	files   int64         // counts the files that were made
	syncs   int           // of files, at the instant synced
	synced  time.Duration

	troubles []*diskTrouble
	doom     *doom // the host crashes in the next write
}

// A file is a file or a directory.
type file struct {
	id      int64
	data    []byte // as the host sees it
	kept    []byte // as it is on the disk
	rotten  []rot
	changed time.Duration // when it was written last

	names     map[string]*file // of a directory, as the host sees it; nil for a file
	keptNames map[string]*file // as it is on the disk
}

// A flush is a sync on the message seam: all up to seq is on the disk at an instant.
type flush struct {
	seq uint64
	at  time.Duration
}

// A redo is something that was done and still has to reach the disk.
type redo struct {
	what  deed
	seq   uint64
	f     *file
	off   int // where data goes; the size of redoSize
	data  []byte
	lost  int   // bytes that redoSize cuts off
	dir   *file // what has the name; nil unless the redo is about names
	name  string
	toDir *file // of redoRename
	to    string
}

// A deed is what a redo does.
type deed uint8

const (
	redoWrite deed = iota
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
	f.names, f.keptNames = map[string]*file{}, map[string]*file{}
	return f
}

// link gives f a name.
func (d *disk) link(dir *file, name string, f *file) {
	dir.names[name] = f
	d.log(redo{what: redoCreate, f: f, dir: dir, name: name})
}

// unlink takes a name away.
func (d *disk) unlink(dir *file, name string) {
	f := dir.names[name]
	delete(dir.names, name)
	d.log(redo{what: redoRemove, f: f, dir: dir, name: name})
}

// rename gives what has a name another one.
func (d *disk) rename(dir *file, name string, toDir *file, to string) {
	f := dir.names[name]
	delete(dir.names, name)
	toDir.names[to] = f
	d.log(redo{what: redoRename, f: f, dir: dir, name: name, toDir: toDir, to: to})
}

func (d *disk) log(r redo) {
	now := d.m.c.Now()
	r.f.changed = now
	if d.gone {
		return
	}
	d.settle(now)
	d.seq++
	r.seq = d.seq
	d.redos = append(d.redos, r)
}

// commit starts a sync of all that was done so far, which is done at end.
func (d *disk) commit(end time.Duration) {
	d.flushes = append(d.flushes, flush{d.seq, end})
}

// settle carries out the syncs that are done by now.
func (d *disk) settle(now time.Duration) {
	for len(d.flushes) > 0 && d.flushes[0].at <= now {
		seq := d.flushes[0].seq
		d.flushes = slices.Delete(d.flushes, 0, 1)
		n := 0
		for n < len(d.redos) && d.redos[n].seq <= seq {
			d.put(&d.redos[n])
			n++
		}
		d.redos = slices.Delete(d.redos, 0, n)
	}
}

// apply carries over what is chosen.
func (d *disk) apply(chosen func(*redo) bool) {
	d.redos = slices.DeleteFunc(d.redos, func(r redo) bool {
		if !chosen(&r) {
			return false
		}
		d.put(&r)
		return true
	})
}

// put does on the disk what was done in memory.
func (d *disk) put(r *redo) {
	switch r.what {
	case redoWrite:
		r.f.kept = overwrite(r.f.kept, r.data, r.off)
	case redoSize:
		r.f.kept = resize(r.f.kept, r.off)
	case redoCreate:
		r.dir.keptNames[r.name] = r.f
	case redoRename:
		if r.dir.keptNames[r.name] == r.f {
			delete(r.dir.keptNames, r.name)
		}
		r.toDir.keptNames[r.to] = r.f
	case redoRemove:
		delete(r.dir.keptNames, r.name)
	}
}

// reborn returns a copy of what the disk kept of a file or directory, for the next
// life: what is left of the last one goes on to see the original. A file with two
// names is copied once.
func (f *file) reborn(known map[*file]*file) *file {
	if g := known[f]; g != nil {
		return g
	}
	g := &file{id: f.id, changed: f.changed, rotten: f.rotten, kept: f.kept, data: slices.Clone(f.kept)}
	f.kept = nil
	known[f] = g
	if f.names != nil {
		g.names, g.keptNames = map[string]*file{}, map[string]*file{}
		for name, x := range f.keptNames { // order: each by itself
			y := x.reborn(known)
			g.names[name], g.keptNames[name] = y, y
		}
	}
	return g
}

// cover returns what a sync carries over: the redos of its own, and of the names
// that these are about all that was done to them before. Without the latter, what
// comes to the disk later would take back what was done last.
func (d *disk) cover(own func(*redo) bool) func(*redo) bool {
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

// carry carries out a sync of what is chosen, unless a fault has it fail or lie.
func (d *disk) carry(name string, chosen func(*redo) bool) error {
	d.m.c.stats.Syncs++
	lies, err := d.outcome(chosen)
	if err != nil {
		return &fs.PathError{Op: "sync", Path: name, Err: err}
	}
	if !lies {
		d.apply(chosen)
	}
	return nil
}

// charge has the host stand still for a sync that begins now, and returns when it
// is done. One that begins while another is under way comes after it.
func (d *disk) charge() (end time.Duration) {
	m := d.m
	start := m.ready()
	end = start + d.syncTime(start, min(d.until, m.busy) > m.c.Now())
	d.until = end
	m.occupy(end)
	return end
}

// maxSyncs is how many syncs of files are possible at one instant.
const maxSyncs = 100_000

// count counts a sync of a file, and reports whether it is the first one at this
// instant, and whether there were too many.
func (d *disk) count() (first, spins bool) {
	if now := d.m.c.Now(); d.synced != now || d.syncs == 0 {
		d.synced, d.syncs = now, 0
	}
	d.syncs++
	return d.syncs == 1, d.syncs >= maxSyncs
}

// Remains says what a crash leaves of what was written and not synced.
type Remains string

const (
	// Nothing is left: the disk is as it was at the last sync.
	Nothing Remains = ""
	// Prefix leaves what was done first, up to an instant drawn at random.
	Prefix Remains = "prefix"
	// Torn leaves what was done first, and of one write a part: it was cut at
	// some byte.
	Torn Remains = "torn"
	// Sectors leaves each sector of 512 bytes that was written or not, by chance,
	// whatever the order in which they were: as a cache writes them back.
	Sectors Remains = "sectors"
)

// sector is the unit in which a disk writes.
const sector = 512

// crash leaves on the disk what it left there, and returns how many bytes that
// were written are lost.
func (d *disk) crash(now time.Duration, life int64) (lost int64) {
	d.settle(now)
	lost = d.undo()
	remains, by := d.remains()
	lost += d.fold(remains, by, d.key.With("crash").Int(life))
	d.root = d.root.reborn(map[*file]*file{})
	d.redos, d.flushes, d.doom = nil, nil, nil
	return lost
}

// undo takes back what was done after a sync of the host that is under way still,
// and counts the bytes: the host would have done that when the sync was done. None
// of it may be kept where some of what the sync covers is lost.
func (d *disk) undo() (lost int64) {
	if len(d.flushes) == 0 || d.doomed() {
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

// fold puts on the disk what remains of the redos, and counts the rest.
func (d *disk) fold(remains Remains, by *tally, k keyed.Key) (lost int64) {
	n := int64(len(d.redos))
	upTo := n
	switch {
	case remains == Sectors:
		return d.foldSectors(k)
	case remains == Nothing || n == 0:
		upTo = 0
	case d.doomed():
		upTo = n - 1 // the write that it crashed in was the last
	case remains == Prefix:
		upTo = k.Range(0, n+1)
	case remains == Torn:
		upTo = k.Range(0, n)
	}
	for i := range d.redos {
		r := &d.redos[i]
		switch {
		case int64(i) < upTo:
			d.put(r)
			continue
		case int64(i) == upTo && remains == Torn && r.what == redoWrite && len(r.data) > 1:
			whole := len(r.data)
			r.data = r.data[:k.With("byte").Range(1, int64(whole))]
			d.put(r)
			lost += int64(whole - len(r.data))
			by.add(biteTorn, 1)
			continue
		}
		lost += r.bytes()
	}
	return lost
}

// bytes returns how many bytes are lost with the redo.
func (r *redo) bytes() int64 { return int64(len(r.data) + r.lost) }

// foldSectors puts on the disk what chance has kept. Names and sizes are kept in
// the order in which they changed, and what was written to a file before it was
// renamed is kept with its new name.
func (d *disk) foldSectors(k keyed.Key) (lost int64) {
	var changes int64
	for _, r := range d.redos {
		if r.what != redoWrite {
			changes++
		}
	}
	kept := k.With("names").Range(0, changes+1)
	pinned := map[*file]uint64{} // up to where the writes to a file are kept
	changes = 0
	for _, r := range d.redos {
		if r.what == redoWrite {
			continue
		}
		if changes++; changes <= kept && r.what == redoRename {
			pinned[r.f] = r.seq
		}
	}
	changes = 0
	for i := range d.redos {
		r := &d.redos[i]
		switch {
		case r.what != redoWrite:
			if changes++; changes > kept && (r.what != redoSize || r.seq > pinned[r.f]) {
				lost += r.bytes()
				continue
			}
			d.put(r)
		case r.seq < pinned[r.f]:
			d.put(r)
		default:
			lost += d.putSectors(r, k.Int(r.f.id))
		}
	}
	return lost
}

// putSectors puts the sectors of a write on the disk that chance has kept.
func (d *disk) putSectors(r *redo, k keyed.Key) (lost int64) {
	for at := 0; at < len(r.data); {
		s := (r.off + at) / sector
		n := min((s+1)*sector-r.off-at, len(r.data)-at)
		if k.Int(int64(s)).Float64() < 0.5 {
			r.f.kept = overwrite(r.f.kept, r.data[at:at+n], r.off+at)
		} else {
			lost += int64(n)
		}
		at += n
	}
	return lost
}
