package chainkv

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/fields"
	"github.com/capsize-go/capsize/systems/internal/jsontext"
	"github.com/capsize-go/capsize/systems/journal"
)

// A place is how far a history goes: the epoch of the chain that handed it down,
// and the index of its last write.
type place struct{ Epoch, Index uint64 }

func (p place) before(q place) bool {
	return p.Epoch < q.Epoch || p.Epoch == q.Epoch && p.Index < q.Index
}

// A storage is what a node has, in memory and in its journal.
type storage struct {
	log      *journal.Journal
	lazy     bool   // it does not sync
	promised uint64 // the epoch before which the node supports none
	place    place
	kv       *state
	lost     bool  // the disk lost some of it: the node has to be handed down a state
	least    int64 // the size of the journal when it was written anew
	last     image // that was sent last

	buf     []byte   // of the last records; kept for its memory
	records [][]byte // likewise
}

// The kinds of records, by their first byte.
const (
	recordPromise = 'p' // an epoch, as JSON
	recordImage   = 'i' // all of the state: the epoch and the index as varints, and its snapshot
	recordEntry   = 'e' // the next write, as JSON
	recordLost    = 'l' // nothing
)

// An image is a state and how far it goes.
type image struct {
	Place place
	State []byte
	kv    *state // the same as it is in memory, which is never changed; nil if the image was on a disk
}

// smallest is the size under which the journal is not written anew.
const smallest = 32 << 10

// openStorage reads what the disk has.
func openStorage(h *cluster.Host, lazy bool) (*storage, error) {
	s := &storage{lazy: lazy, kv: newState()}
	log, records, damaged, err := journal.Open(h, "chain")
	if err != nil {
		return nil, err
	}
	s.log, s.lost = log, damaged
	for _, rec := range records {
		if err := s.replay(rec); err != nil {
			return nil, fmt.Errorf("journal chain: record %q: %w", rec[0], err)
		}
	}
	if s.lost {
		h.Count("data damaged")
		s.place, s.kv = place{}, newState()
		s.rewrite()
	}
	return s, nil
}

// replay applies one record of the journal.
func (s *storage) replay(rec []byte) error {
	switch rec[0] {
	case recordPromise:
		return json.Unmarshal(rec[1:], &s.promised)
	case recordImage:
		r := fields.Reader{B: rec[1:]}
		p := place{r.Uvarint(), r.Uvarint()}
		if r.Err != nil {
			return r.Err
		}
		return s.take(image{Place: p, State: r.B})
	case recordEntry:
		var e entry
		if err := json.Unmarshal(rec[1:], &e); err != nil {
			return err
		}
		s.place.Index = e.Index
		s.kv.apply(e)
	case recordLost:
		s.lost = true
	}
	return nil
}

func (s *storage) take(m image) (err error) {
	s.place = m.Place
	if m.kv != nil {
		s.kv = m.kv.clone()
		return nil
	}
	s.kv, err = restore(m.State)
	return err
}

// promise makes durable that no earlier epoch is supported.
func (s *storage) promise(epoch uint64) {
	s.promised = epoch
	must(s.log.Append(record(recordPromise, epoch)))
	must(s.log.Sync())
}

// append makes writes durable, and applies them.
func (s *storage) append(entries []entry, applied func(e entry, answer int)) {
	s.buf, s.records = s.buf[:0], s.records[:0]
	for _, e := range entries {
		start := len(s.buf)
		s.buf = e.appendJSON(append(s.buf, recordEntry))
		s.records = append(s.records, s.buf[start:])
	}
	must(s.log.Append(s.records...))
	s.sync()
	for _, e := range entries {
		s.place.Index = e.Index
		applied(e, s.kv.apply(e))
	}
}

func (s *storage) sync() {
	if !s.lazy {
		must(s.log.Sync())
	}
}

// install makes an image what the node has.
func (s *storage) install(m image) {
	must(s.take(m))
	s.lost = false
	s.promised = max(s.promised, m.Place.Epoch)
	s.rewrite()
}

// compact rewrites the journal when it is more than twice as long as it needs to be.
func (s *storage) compact() {
	if s.log.Size() > smallest+2*s.least {
		s.rewrite()
	}
}

// rewrite gives the journal new content in one step.
func (s *storage) rewrite() {
	records := [][]byte{record(recordPromise, s.promised), imageRecord(s.place, s.kv.snapshot())}
	if s.lost {
		records = append(records, []byte{recordLost})
	}
	must(s.log.Replace(records...))
	s.least = s.log.Size()
}

// image returns what the node has. It is the same one until that changes: an image is sent again until it has arrived.
func (s *storage) image() image {
	data := s.kv.snapshot()
	if had := s.last; had.kv == nil || had.Place != s.place || &had.State[0] != &data[0] {
		s.last = image{s.place, data, s.kv.clone()}
	}
	return s.last
}

func imageRecord(p place, state []byte) []byte {
	b := append(make([]byte, 0, 32+len(state)), recordImage)
	return append(binary.AppendUvarint(binary.AppendUvarint(b, p.Epoch), p.Index), state...)
}

func record(kind byte, v any) []byte {
	b, err := json.Marshal(v)
	must(err)
	return append([]byte{kind}, b...)
}

// appendJSON appends what [json.Marshal] returns, spelled out: to look up how its type is to be written took most of the time of a write.
func (e *entry) appendJSON(b []byte) []byte {
	w := &e.Write
	b = strconv.AppendUint(append(b, `{"Index":`...), e.Index, 10)
	b = jsontext.AppendString(append(b, `,"Via":`...), e.Via)
	b = strconv.AppendUint(append(b, `,"Write":{"Session":`...), w.Session, 10)
	b = strconv.AppendUint(append(b, `,"Number":`...), w.Number, 10)
	b = jsontext.AppendString(append(b, `,"Key":`...), w.Key)
	b = strconv.AppendBool(append(b, `,"CAS":`...), w.CAS)
	b = strconv.AppendInt(append(b, `,"Old":`...), int64(w.Old), 10)
	b = strconv.AppendInt(append(b, `,"Value":`...), int64(w.Value), 10)
	return append(b, "}}"...)
}

// must stops a node whose disk fails it: after an fsync that failed, one that
// succeeds proves nothing.
func must(err error) {
	if err != nil && !errors.Is(err, cluster.ErrCrashed) {
		panic(fmt.Errorf("chainkv: storage: %w", err))
	}
}
