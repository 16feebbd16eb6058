package diskimage

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
)

// Kept says what a crash keeps of the changes that were not synced.
type Kept uint8

const (
	// Nothing is kept.
	Nothing Kept = iota
	// Prefix keeps the changes before a random one.
	Prefix
	// Torn keeps the changes before a random one, and of that a part if it is a write.
	Torn
	// LastTorn keeps all changes but the last, and of that a part if it is a write: the crash is in that write.
	LastTorn
	// Sectors keeps each sector that was written with chance one half.
	Sectors
	// Everything is kept: the process was killed, and the machine runs on.
	Everything
)

// Sector is how many bytes a disk writes atomically.
const Sector = 512

// Crash has the host crash at instant now. What is kept is drawn by k. It returns how many
// bytes that were written are lost, and whether a write was torn. The host's next life sees copies of the files: code that outlives
// the crash still sees the originals.
func (i *Image) Crash(now time.Duration, kept Kept, k keyed.Key) (lost int64, torn bool) {
	i.ApplySynced(now)
	if kept != LastTorn && kept != Everything {
		lost = i.dropAfterSync()
	}
	more, torn := i.persistKept(kept, k)
	i.Root = i.Root.afterCrash(map[*File]*File{})
	i.changes, i.written, i.syncs = nil, nil, nil
	return lost + more, torn
}

// dropAfterSync drops the changes after the first sync of the host that has not ended, and
// counts their bytes. The host would have made them after the sync: so none of them may
// be kept if a part of what the sync covers is lost.
func (i *Image) dropAfterSync() (lost int64) {
	if len(i.syncs) == 0 {
		return 0
	}
	seq := i.syncs[0].seq
	i.changes = slices.DeleteFunc(i.changes, func(c change) bool {
		if c.seq > seq {
			lost += c.bytes()
		}
		return c.seq > seq
	})
	return lost
}

// persistKept makes durable what the crash keeps of the changes, and counts the bytes of
// the rest.
func (i *Image) persistKept(kept Kept, k keyed.Key) (lost int64, torn bool) {
	n := int64(len(i.changes))
	upTo := n
	switch {
	case kept == Sectors:
		return i.persistSomeSectors(k), false
	case kept == Nothing || n == 0:
		upTo = 0
	case kept == LastTorn:
		upTo = n - 1
	case kept == Prefix:
		upTo = k.Range(0, n+1)
	case kept == Torn:
		upTo = k.Range(0, n)
	}
	for at := range i.changes {
		c := &i.changes[at]
		switch {
		case int64(at) < upTo:
			persist(c)
			continue
		case int64(at) == upTo && (kept == Torn || kept == LastTorn) && c.kind == write && len(c.data) > 1:
			whole := len(c.data)
			c.data = c.data[:k.With("byte").Range(1, int64(whole))]
			persist(c)
			lost += int64(whole - len(c.data))
			torn = true
			continue
		}
		lost += c.bytes()
	}
	return lost, torn
}

// persistSomeSectors makes random sectors durable. Changes of names and sizes are kept up
// to a random one, in order. If a rename is kept, so are the earlier writes to the file, as
// ext4 has it: keptBefore has the rename's number for each such file.
func (i *Image) persistSomeSectors(k keyed.Key) (lost int64) {
	var changes int64
	for _, c := range i.changes {
		if c.kind != write {
			changes++
		}
	}
	kept := k.With("names").Range(0, changes+1)
	keptBefore := i.renamedBefore(kept)
	changes = 0
	for at := range i.changes {
		c := &i.changes[at]
		switch {
		case c.kind != write:
			if changes++; changes > kept && (c.kind != resize || c.seq > keptBefore[c.f]) {
				lost += c.bytes()
				continue
			}
			persist(c)
		case c.seq < keptBefore[c.f]:
			persist(c)
		default:
			lost += persistSectors(c, k.Int(c.f.ID))
		}
	}
	return lost
}

// renamedBefore returns the number of the last rename of each file among the first kept changes of names and sizes.
func (i *Image) renamedBefore(kept int64) map[*File]uint64 {
	last := map[*File]uint64{}
	changes := int64(0)
	for _, c := range i.changes {
		if c.kind == write {
			continue
		}
		if changes++; changes <= kept && c.kind == rename {
			last[c.f] = c.seq
		}
	}
	return last
}

// persistSectors makes each sector of a write durable with chance one half.
func persistSectors(c *change, k keyed.Key) (lost int64) {
	for at := 0; at < len(c.data); {
		s := (c.off + at) / Sector
		n := min((s+1)*Sector-c.off-at, len(c.data)-at)
		if k.Int(int64(s)).Float64() < 0.5 {
			c.f.store(c.data[at:at+n], c.off+at)
		} else {
			lost += int64(n)
		}
		at += n
	}
	return lost
}
