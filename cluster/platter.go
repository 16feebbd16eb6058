package cluster

import (
	"maps"
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
	names   map[string]*file // as the host sees them
	kept    map[string]*file // as they are on the disk
	redos   []redo           // what was done and is not on the disk yet
	seq     uint64           // of the last redo
	flushes []flush          // syncs that are under way
	until   time.Duration    // when the last sync of the message seam is done
	files   int64            // counts the files that were made

	troubles []*diskTrouble
	doom     *doom // the host crashes in the next write
}

type file struct {
	id     int64
	data   []byte // as the host sees it
	kept   []byte // as it is on the disk
	rotten []rot
}

// A flush is a sync on the message seam: all up to seq is on the disk at an instant.
type flush struct {
	seq uint64
	at  time.Duration
}

// A redo is something that was done and still has to reach the disk.
type redo struct {
	what     deed
	seq      uint64
	f        *file
	off      int // where data goes; the size of redoSize
	data     []byte
	lost     int // bytes that redoSize cuts off
	name, to string
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
	return disk{m: m, key: m.key.With("disk"), names: map[string]*file{}, kept: map[string]*file{}}
}

func (d *disk) newFile() *file {
	d.files++
	return &file{id: d.files}
}

func (d *disk) log(r redo) {
	d.settle(d.m.c.Now())
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
		d.kept[r.name] = r.f
	case redoRename:
		if d.kept[r.name] == r.f {
			delete(d.kept, r.name)
		}
		d.kept[r.to] = r.f
	case redoRemove:
		delete(d.kept, r.name)
	}
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
	remains, by := d.remains()
	lost = d.fold(remains, by, d.key.With("crash").Int(life))
	d.names = maps.Clone(d.kept)
	for _, f := range d.names { // order: each by itself
		f.data = slices.Clone(f.kept)
	}
	d.redos, d.flushes, d.doom = nil, nil, nil
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
	case d.doom != nil && d.doom.struck:
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
