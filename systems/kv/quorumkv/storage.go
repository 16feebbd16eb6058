package quorumkv

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/journal"
)

// A hint says whom an object is to be handed over to.
type hint struct {
	home int
	key  string
}

func (h hint) compare(o hint) int {
	return cmp.Or(cmp.Compare(h.home, o.home), cmp.Compare(h.key, o.key))
}

// A storage is what a node holds: in memory, and in the file "log" for the next life.
type storage struct {
	h     *cluster.Host
	merge func(a, b object) object
	bugs  Bug

	objects map[string]object
	hints   map[hint]object
	changes uint64            // counts them
	sorted  []string          // the keys of the objects; nil if there are others now
	hashes  map[string]uint64 // of the objects, as far as they were asked for since they changed

	file    *cluster.File
	length  int64 // of the file
	compact int64 // at which length it is written anew
	limit   int64
	buf     []byte // of the last record; kept for its memory
}

// openStorage reads what the disk holds.
func openStorage(h *cluster.Host, s Store) (*storage, error) {
	st := &storage{
		h: h, merge: s.Conflict.merge, bugs: s.Bugs, limit: int64(s.LogLimit), compact: int64(s.LogLimit),
		objects: map[string]object{}, hints: map[hint]object{}, hashes: map[string]uint64{},
	}
	var err error
	if st.file, err = h.Disk().Open("log"); err != nil {
		return nil, err
	}
	if err := st.replay(); err != nil {
		return nil, fmt.Errorf("replay log: %w", err)
	}
	return st, nil
}

// replay reads all records that are whole. One that was being written at a crash is not, and
// was never acknowledged. One that the disk damaged is left out as well: the other replicas have it.
func (s *storage) replay() error {
	data := make([]byte, s.file.Size())
	if _, err := io.ReadFull(s.file, data); err != nil && len(data) > 0 {
		return err
	}
	whole, torn := 0, false
	for rest := data; len(rest) > 0; {
		rec, after, ok := journal.Next(rest, false)
		if !ok {
			rest, torn = rest[1:], true
			continue
		}
		kind, h, o, err := decodeRecord(rec)
		if err != nil {
			return err
		}
		if torn {
			s.h.Count("log damaged")
			torn = false
		}
		s.replayRecord(kind, h, o)
		rest = after
		whole = len(data) - len(rest)
	}
	s.length = int64(whole)
	return s.file.Truncate(s.length)
}

// replayRecord applies one record of the file.
func (s *storage) replayRecord(kind byte, h hint, o object) {
	switch kind {
	case recordObject:
		s.hold(h.key, s.merge(s.objects[h.key], o))
		s.reap(h.key)
	case recordHint:
		s.hints[h] = s.merge(s.hints[h], o)
	case recordHanded:
		if s.hints[h].equal(o) {
			delete(s.hints, h)
		}
	}
}

// read returns all that the node knows of a key, also for others.
func (s *storage) read(key string) object {
	o := s.objects[key]
	var homes []int
	for h := range s.hints { // order: sorted below
		if h.key == key {
			homes = append(homes, h.home)
		}
	}
	slices.Sort(homes)
	for _, home := range homes {
		o = s.merge(o, s.hints[hint{home, key}])
	}
	return o
}

// hold makes an object what there is of a key.
func (s *storage) hold(key string, o object) {
	if _, known := s.objects[key]; !known {
		s.sorted = nil
	}
	s.objects[key] = o
	delete(s.hashes, key)
}

// hash returns the hash of a key that the node has, and of what it has of it.
func (s *storage) hash(key string) uint64 {
	h, ok := s.hashes[key]
	if !ok {
		h = s.objects[key].hash(key)
		s.hashes[key] = h
	}
	return h
}

// pending returns the hints in an order that is the same in every run.
func (s *storage) pending() []hint {
	if len(s.hints) == 0 {
		return nil
	}
	return slices.SortedFunc(maps.Keys(s.hints), hint.compare)
}

// keys returns the keys that the node is a home of, sorted. They are shared, and must not be changed.
func (s *storage) keys() []string {
	if s.sorted == nil {
		s.sorted = slices.Sorted(maps.Keys(s.objects))
	}
	return s.sorted
}

// store merges an object into what the node holds as a home. It is on the disk before
// anybody hears of it. It reports whether there was anything new.
func (s *storage) store(key string, o object) bool {
	had := s.objects[key]
	now := s.merge(had, o)
	if now.equal(had) {
		return false
	}
	s.hold(key, now)
	s.write(recordObject, hint{key: key}, o, true)
	s.reap(key)
	return true
}

// reap forgets a key that has been deleted, with ReapTombstones.
func (s *storage) reap(key string) {
	if s.bugs&ReapTombstones != 0 && len(s.objects[key].values()) == 0 {
		s.h.Count("tombstone reaped")
		delete(s.objects, key)
		delete(s.hashes, key)
		s.sorted = nil
	}
}

// keep merges an object into what is to be handed over.
func (s *storage) keep(h hint, o object) {
	s.h.Count("hinted")
	had := s.hints[h]
	now := s.merge(had, o)
	if now.equal(had) || s.bugs&DropHints != 0 {
		return
	}
	s.hints[h] = now
	s.write(recordHint, h, o, true)
}

// handed forgets a hint, unless more has come for it. It need not be on the disk at
// once: a hint that comes twice does no harm.
func (s *storage) handed(h hint, o object) {
	if had, ok := s.hints[h]; ok && had.equal(o) {
		s.h.Count("handed over")
		delete(s.hints, h)
		s.write(recordHanded, h, o, false)
	}
}

// write appends a record, and rewrites the log if it has become too long.
func (s *storage) write(kind byte, h hint, o object, sync bool) {
	s.changes++
	s.buf = appendRecord(s.buf[:0], kind, h, o)
	n, err := s.file.Write(s.buf)
	must(err)
	if s.length += int64(n); s.length > s.compact {
		s.rewrite()
	}
	if sync && s.bugs&AckBeforeSync == 0 {
		s.sync()
	}
}

// sync makes durable all that was written. Nothing leaves the host before it is.
func (s *storage) sync() { must(s.h.Sync()) }

// rewrite replaces the log by one that holds only what is there now, in one step: a crash
// leaves the old or the new. The new file is synced before it gets the name, and the
// name after it.
func (s *storage) rewrite() {
	s.h.Count("log rewritten")
	var data []byte
	for _, key := range s.keys() {
		data = appendRecord(data, recordObject, hint{key: key}, s.objects[key])
	}
	for _, h := range s.pending() {
		data = appendRecord(data, recordHint, h, s.hints[h])
	}
	disk := s.h.Disk()
	f, err := disk.Open("log.new")
	must(err)
	must(f.Truncate(0))
	n, err := f.Write(data)
	must(err)
	s.file, s.length = f, int64(n)
	s.compact = s.length + s.limit
	s.sync()
	must(disk.Rename("log.new", "log"))
	s.sync()
}

// must stops a node whose disk fails: it must not continue as if it had written, nor try
// again. After an fsync that failed, one that succeeds proves nothing.
func must(err error) {
	if err != nil && !errors.Is(err, cluster.ErrCrashed) {
		panic(fmt.Errorf("quorumkv: storage: %w", err))
	}
}
