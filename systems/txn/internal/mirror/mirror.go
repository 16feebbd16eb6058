// Package mirror keeps records on the disk of a host twice, in two files, as a mirrored disk does: a record that rots in one file is read
// from the other. It is for a node that acknowledges what no other node has yet, and can't ask the others for what its disk lost.
//
// Records are numbered, and each is found by its checksum wherever it stands: so one that is damaged hides none of those behind it.
package mirror

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/journal"
)

const (
	kindRecord     = 'r'
	kindCheckpoint = 'c' // takes the place of all before it
)

// A Journal is used from the handler and timers of a host.
type Journal struct {
	h     *cluster.Host
	names [2]string
	files [2]*cluster.File
	next  uint64 // number of the next record
	size  int    // bytes of each file, about
	buf   []byte
}

// Open returns what the files of that name hold: the last checkpoint, if there is one, and the records behind it. It is damaged if a
// record is gone from both files though a later one is there; the later ones are returned all the same.
func Open(h *cluster.Host, name string) (j *Journal, checkpoint []byte, records [][]byte, damaged bool, err error) {
	j = &Journal{h: h, names: [2]string{name + "-a", name + "-b"}}
	found, first := map[uint64][]byte{}, uint64(0)
	for i := range j.files {
		if j.files[i], err = h.Disk().Open(j.names[i]); err != nil {
			return nil, nil, nil, false, fmt.Errorf("mirror %s: %w", j.names[i], err)
		}
		data := make([]byte, j.files[i].Size())
		if _, err := io.ReadFull(j.files[i], data); err != nil && len(data) > 0 {
			return nil, nil, nil, false, fmt.Errorf("mirror %s: %w", j.names[i], err)
		}
		j.size = max(j.size, len(data))
		for len(data) > 0 {
			rec, rest, ok := journal.Next(data, false)
			if !ok || len(rec) < 9 {
				data = data[1:]
				continue
			}
			data = rest
			n := binary.LittleEndian.Uint64(rec[1:])
			if rec[0] == kindCheckpoint && n >= first {
				first, checkpoint = n, rec[9:]
			} else if rec[0] == kindRecord {
				found[n] = rec[9:]
			}
			j.next = max(j.next, n+1)
		}
	}
	if checkpoint != nil {
		first++
	}
	for n := first; n < j.next; n++ {
		if rec, ok := found[n]; ok {
			records = append(records, rec)
		} else {
			damaged = true
		}
	}
	return j, checkpoint, records, damaged, nil
}

// Append adds records. They are on the disk before anything leaves the host.
func (j *Journal) Append(records ...[]byte) error {
	j.buf = j.buf[:0]
	for _, rec := range records {
		j.add(kindRecord, rec)
	}
	for _, f := range j.files {
		if _, err := f.Write(j.buf); err != nil {
			return j.wrap(err)
		}
	}
	j.size += len(j.buf)
	return j.wrap(j.h.Sync())
}

func (j *Journal) add(kind byte, rec []byte) {
	start := len(j.buf)
	j.buf = journal.Begin(j.buf, kind)
	j.buf = binary.LittleEndian.AppendUint64(j.buf, j.next)
	j.buf = journal.End(append(j.buf, rec...), start)
	j.next++
}

// Size is about how many bytes each of the files has.
func (j *Journal) Size() int { return j.size }

// Checkpoint has a record take the place of all before it, in one file after the other: a crash leaves the old ones or the new one
// in each.
func (j *Journal) Checkpoint(rec []byte) error {
	j.buf = j.buf[:0]
	j.add(kindCheckpoint, rec)
	for i, name := range j.names {
		f, err := j.h.Disk().Open(name + ".new")
		if err == nil {
			err = f.Truncate(0)
		}
		if err == nil {
			_, err = f.Write(j.buf)
		}
		if err == nil {
			err = j.h.Sync()
		}
		if err == nil {
			err = j.h.Disk().Rename(name+".new", name)
		}
		if err == nil {
			err = j.h.Sync()
		}
		if err != nil {
			return j.wrap(err)
		}
		j.files[i] = f
	}
	j.size = len(j.buf)
	return nil
}

// wrap names the journal. That the host crashed in the meantime is no error: what follows has no effect.
func (j *Journal) wrap(err error) error {
	if err == nil || errors.Is(err, cluster.ErrCrashed) {
		return nil
	}
	return fmt.Errorf("mirror %s: %w", j.names[0], err)
}
