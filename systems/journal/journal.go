// Package journal keeps records on the disk of a host, so that a node finds them again in its
// next life: each batch whole or not at all, and never one that the disk has changed.
//
// A batch that a crash tore counts as never written: it was not acknowledged,
// since nothing leaves a host before its sync is done. Damage of synced batches is
// different: a node that lost what it acknowledged must recover, and not continue as
// if it had never acknowledged it. To distinguish the two, each batch begins with a mark that
// has its position, and how much of the file was durable when it was written.
// Compare Alagappan et al., Protocol-Aware Recovery for Consensus-Based Storage (FAST 2018).
// Damage of the last batch of all can't be detected: it is taken for a torn one.
package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/capsize-go/capsize/cluster"
)

// markKind is the kind of the record that a batch begins with.
const markKind = 0

// A Journal is a file of records. It is used from the handler and timers of a host.
type Journal struct {
	h    *cluster.Host
	name string
	file *cluster.File

	length int64 // of the file
	asked  int64 // how much of it the last sync covers
	synced int64 // how much of it is on the disk for certain
	buf    []byte
}

// Open opens the journal of that name on the host's disk, and returns what it holds.
// It is damaged if the disk lost or changed some of what had been synced; the records are then those
// from before the damage.
func Open(h *cluster.Host, name string) (j *Journal, records [][]byte, damaged bool, err error) {
	j = &Journal{h: h, name: name}
	if j.file, err = h.Disk().Open(name); err != nil {
		return nil, nil, false, fmt.Errorf("journal %s: %w", name, err)
	}
	data := make([]byte, j.file.Size())
	if _, err := io.ReadFull(j.file, data); err != nil && len(data) > 0 {
		return nil, nil, false, fmt.Errorf("journal %s: %w", name, err)
	}
	records, whole, damaged := read(data)
	j.length = int64(whole)
	j.asked, j.synced = j.length, j.length
	if err := j.file.Truncate(j.length); err != nil {
		return nil, nil, false, fmt.Errorf("journal %s: %w", name, err)
	}
	return j, records, damaged, nil
}

// read returns the records of all batches that are whole, one after the other from the
// beginning, and where they end.
func read(data []byte) (records [][]byte, whole int, damaged bool) {
	rest := data
	for {
		batch, after, ok := nextBatch(rest, len(data)-len(rest))
		if !ok {
			break
		}
		records, rest = append(records, batch...), after
	}
	whole = len(data) - len(rest)
	for i := range rest {
		// A later batch says that what is missing here had been on the disk, or
		// one stands where it does not belong.
		if at, synced, ok := mark(rest[i:]); ok && (synced > int64(whole) || at != int64(whole+i)) {
			return records, whole, true
		}
	}
	return records, whole, false
}

// nextBatch returns the records of the batch at the beginning of b, which is at that place in
// the file.
func nextBatch(b []byte, place int) (records [][]byte, rest []byte, ok bool) {
	at, _, ok := mark(b)
	if !ok || at != int64(place) {
		return nil, b, false
	}
	first, rest, _ := Next(b, false)
	for range binary.LittleEndian.Uint32(first[17:]) {
		var rec []byte
		// A mark in place of a record is that of another batch, which the disk wrote to the wrong place.
		if rec, rest, ok = Next(rest, false); !ok || rec[0] == markKind {
			return nil, b, false
		}
		records = append(records, rec)
	}
	return records, rest, true
}

// mark reads the mark at the beginning of b.
func mark(b []byte) (at, synced int64, ok bool) {
	rec, _, ok := Next(b, false)
	if !ok || rec[0] != markKind || len(rec) != 21 {
		return 0, 0, false
	}
	return int64(binary.LittleEndian.Uint64(rec[1:])), int64(binary.LittleEndian.Uint64(rec[9:])), true
}

func (j *Journal) begin(at, synced int64, records int) {
	j.buf = Begin(j.buf[:0], markKind)
	j.buf = binary.LittleEndian.AppendUint64(j.buf, uint64(at))
	j.buf = binary.LittleEndian.AppendUint64(j.buf, uint64(synced))
	j.buf = End(binary.LittleEndian.AppendUint32(j.buf, uint32(records)), 0)
}

func (j *Journal) add(rec []byte) {
	start := len(j.buf)
	j.buf = Begin(j.buf, rec[0])
	j.buf = End(append(j.buf, rec[1:]...), start)
}

// Size is how many bytes the journal takes on the disk.
func (j *Journal) Size() int64 { return j.length }

// Wake says that a handler or timer of the host runs. That it does means that the last sync
// has come to its end, as the host does nothing before.
func (j *Journal) Wake() { j.synced = j.asked }

// Append adds records, the first byte of each being its kind, which is not 0. They are
// on the disk after [Journal.Sync].
func (j *Journal) Append(records ...[]byte) error {
	j.begin(j.length, j.synced, len(records))
	for _, rec := range records {
		j.add(rec)
	}
	n, err := j.file.Write(j.buf)
	j.length += int64(n)
	return j.wrap(err)
}

// Sync has all that was appended on the disk before anything leaves the host.
func (j *Journal) Sync() error {
	if err := j.h.Sync(); err != nil {
		return j.wrap(err)
	}
	j.asked = j.length
	return nil
}

// Replace has the journal hold these records and no others, in one step: a crash leaves the old
// ones or the new ones. It syncs.
func (j *Journal) Replace(records ...[]byte) error {
	f, err := j.h.Disk().Open(j.name + ".new")
	if err != nil {
		return j.wrap(err)
	}
	if err := f.Truncate(0); err != nil {
		return j.wrap(err)
	}
	j.begin(0, 0, len(records))
	for _, rec := range records {
		j.add(rec)
	}
	n, err := f.Write(j.buf)
	if err != nil {
		return j.wrap(err)
	}
	j.file, j.length, j.asked, j.synced = f, int64(n), 0, 0
	if err := j.Sync(); err != nil {
		return err
	}
	if err := j.h.Disk().Rename(j.name+".new", j.name); err != nil {
		return j.wrap(err)
	}
	return j.Sync()
}

// wrap names the journal. That the host crashed in the meantime is no error: what follows
// has no effect.
func (j *Journal) wrap(err error) error {
	if err == nil || errors.Is(err, cluster.ErrCrashed) {
		return nil
	}
	return fmt.Errorf("journal %s: %w", j.name, err)
}
