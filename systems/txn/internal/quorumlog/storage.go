package quorumlog

import (
	"encoding/json"
	"fmt"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/journal"
)

// A place is a position in the log, and the epoch that wrote what stands there.
type place struct{ Epoch, Index uint64 }

// before reports whether a log that ends at p is behind one that ends at q.
func (p place) before(q place) bool {
	return p.Epoch < q.Epoch || p.Epoch == q.Epoch && p.Index < q.Index
}

// An entry holds a command, or none: such a one begins an epoch.
type entry[C any] struct {
	Epoch   uint64
	Command *C `json:",omitempty"`
}

// A storage is a node's log behind its snapshot, in memory and in a journal.
type storage[C any] struct {
	h    *cluster.Host
	file *journal.Journal
	lazy bool

	epoch    uint64 // the highest that the node has heard of
	chosen   string // the node that it has elected in it
	base     place  // of the snapshot
	snapshot []byte
	entries  []entry[C] // from base on
	lost     bool       // the disk lost what it had synced
}

// A record is what one sync makes durable. Its entries replace all from From on.
type record[C any] struct {
	Epoch    uint64
	Chosen   string     `json:",omitempty"`
	From     uint64     `json:",omitempty"`
	Entries  []entry[C] `json:",omitempty"`
	Base     *place     `json:",omitempty"`
	Snapshot []byte     `json:",omitempty"`
	Lost     bool       `json:",omitempty"`
}

// recordKind is the kind of all records in the journal.
const recordKind = 'r'

// openStorage reads what the disk holds.
func openStorage[C any](h *cluster.Host, name string, lazy bool) (*storage[C], error) {
	file, records, damaged, err := journal.Open(h, name)
	if err != nil {
		return nil, err
	}
	s := &storage[C]{h: h, file: file, lazy: lazy, lost: damaged}
	for _, b := range records {
		var r record[C]
		if err := json.Unmarshal(b[1:], &r); err != nil {
			return nil, fmt.Errorf("record of a log: %w", err)
		}
		s.replay(r)
	}
	if s.lost {
		s.lose()
	}
	return s, nil
}

// replay applies one record of the file.
func (s *storage[C]) replay(r record[C]) {
	s.epoch, s.chosen = max(s.epoch, r.Epoch), r.Chosen
	s.lost = s.lost || r.Lost
	if r.Base != nil {
		s.base, s.snapshot, s.entries = *r.Base, r.Snapshot, nil
	}
	if len(r.Entries) == 0 {
		return
	}
	if r.From <= s.base.Index || r.From > s.last().Index+1 { // it was meant for another place
		s.lost = true
		return
	}
	s.entries = append(s.entries[:r.From-s.base.Index-1], r.Entries...)
}

// lose forgets the log, on disk as well: its node has to recover.
func (s *storage[C]) lose() {
	s.h.Count("log damaged")
	s.lost, s.base, s.snapshot, s.entries = true, place{}, nil, nil
	s.rewrite()
}

func (s *storage[C]) last() place {
	if n := len(s.entries); n > 0 {
		return place{s.entries[n-1].Epoch, s.base.Index + uint64(n)}
	}
	return s.base
}

// at returns the place of an index that the log holds, and whether it does.
func (s *storage[C]) at(index uint64) (place, bool) {
	switch {
	case index == s.base.Index:
		return s.base, true
	case index < s.base.Index || index > s.last().Index:
		return place{}, false
	}
	return place{s.entries[index-s.base.Index-1].Epoch, index}, true
}

// saveEpoch makes epoch and choice durable.
func (s *storage[C]) saveEpoch(epoch uint64, chosen string) {
	if s.epoch == epoch && s.chosen == chosen {
		return
	}
	s.epoch, s.chosen = epoch, chosen
	s.save(record[C]{}, true)
}

// append replaces all from index from on by entries. Messages share what the log holds, so what is replaced is left as it is.
func (s *storage[C]) append(from uint64, entries []entry[C]) {
	keep := from - s.base.Index - 1
	if from <= s.last().Index {
		s.h.Count("log truncated")
		s.entries = s.entries[:keep:keep]
	}
	s.entries = append(s.entries, entries...)
	s.save(record[C]{From: from, Entries: entries}, !s.lazy)
}

func (s *storage[C]) save(r record[C], sync bool) {
	must(s.file.Append(s.encode(r)))
	if sync {
		must(s.file.Sync())
	}
}

func (s *storage[C]) encode(r record[C]) []byte {
	r.Epoch, r.Chosen = s.epoch, s.chosen
	body, err := json.Marshal(r)
	must(err)
	return append([]byte{recordKind}, body...)
}

// compact makes a snapshot take the place of all up to p.
func (s *storage[C]) compact(p place, snapshot []byte) {
	s.entries = append([]entry[C](nil), s.entries[p.Index-s.base.Index:]...)
	s.base, s.snapshot = p, snapshot
	s.rewrite()
}

// reset replaces all by a snapshot of the leader.
func (s *storage[C]) reset(p place, snapshot []byte) {
	s.base, s.snapshot, s.entries, s.lost = p, snapshot, nil, false
	s.rewrite()
}

// rewrite gives the journal new content in one step: a crash leaves the old or the new.
func (s *storage[C]) rewrite() {
	s.h.Count("snapshot")
	must(s.file.Replace(s.encode(record[C]{Base: &s.base, Snapshot: s.snapshot, From: s.base.Index + 1, Entries: s.entries, Lost: s.lost})))
}
