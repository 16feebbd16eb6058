package chainkv

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/capsize-go/capsize/cluster"
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
}

// The kinds of records. What follows the first byte is JSON.
const (
	recordPromise = 'p' // an epoch
	recordImage   = 'i' // all of the state
	recordEntry   = 'e' // the next write
	recordLost    = 'l' // nothing
)

// An image is a state and how far it goes.
type image struct {
	Place place
	State []byte
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
		var m image
		if err := json.Unmarshal(rec[1:], &m); err != nil {
			return err
		}
		return s.take(m)
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
	var records [][]byte
	for _, e := range entries {
		records = append(records, record(recordEntry, e))
	}
	must(s.log.Append(records...))
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
	records := [][]byte{record(recordPromise, s.promised), record(recordImage, s.image())}
	if s.lost {
		records = append(records, []byte{recordLost})
	}
	must(s.log.Replace(records...))
	s.least = s.log.Size()
}

func (s *storage) image() image { return image{s.place, s.kv.snapshot()} }

func record(kind byte, v any) []byte {
	b, err := json.Marshal(v)
	must(err)
	return append([]byte{kind}, b...)
}

// must stops a node whose disk fails it: after an fsync that failed, one that
// succeeds proves nothing.
func must(err error) {
	if err != nil && !errors.Is(err, cluster.ErrCrashed) {
		panic(fmt.Errorf("chainkv: storage: %w", err))
	}
}
