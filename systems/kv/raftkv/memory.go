package raftkv

import (
	"fmt"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// A memory is the log of raft in memory. The library asks for its ends several times for each message, and for entries by how long they
// are when encoded. Its own storage locks for each question, and encodes to answer the last one; a node is on one goroutine.
type memory struct {
	hard     *raftpb.HardState
	snapshot *raftpb.Snapshot
	entries  []*raftpb.Entry // those behind base; raft may hold slices of them, so none is overwritten

	base, baseTerm uint64 // the entry before the first one
	last, lastTerm uint64
}

func newMemory() memory {
	return memory{hard: &raftpb.HardState{}, snapshot: &raftpb.Snapshot{Metadata: &raftpb.SnapshotMetadata{}}}
}

// InitialState returns what raft begins with.
func (m *memory) InitialState() (*raftpb.HardState, *raftpb.ConfState, error) {
	return m.hard, m.snapshot.GetMetadata().GetConfState(), nil
}

// SetHardState says with which term, vote and commit index raft begins.
func (m *memory) SetHardState(s *raftpb.HardState) error {
	m.hard = s
	return nil
}

// FirstIndex returns the index of the first entry.
func (m *memory) FirstIndex() (uint64, error) { return m.base + 1, nil }

// LastIndex returns the index of the last entry.
func (m *memory) LastIndex() (uint64, error) { return m.last, nil }

// Snapshot returns the latest snapshot.
func (m *memory) Snapshot() (*raftpb.Snapshot, error) { return m.snapshot, nil }

// Term returns the term of an entry, or of that before the first one.
func (m *memory) Term(i uint64) (uint64, error) {
	switch {
	case i == m.last:
		return m.lastTerm, nil
	case i > m.last:
		return 0, raft.ErrUnavailable
	case i > m.base:
		return m.entries[i-m.base-1].GetTerm(), nil
	case i == m.base:
		return m.baseTerm, nil
	}
	return 0, raft.ErrCompacted
}

// entryOverhead is the most bytes that an encoded entry takes beside its data.
const entryOverhead = 40

// Entries returns the entries from lo on and before hi, of at most maxSize bytes, but one at least.
func (m *memory) Entries(lo, hi, maxSize uint64) ([]*raftpb.Entry, error) {
	switch {
	case lo <= m.base:
		return nil, raft.ErrCompacted
	case len(m.entries) == 0:
		return nil, raft.ErrUnavailable
	case hi > m.last+1:
		return nil, fmt.Errorf("entries up to %d of a log that ends at %d", hi, m.last)
	}
	found := m.entries[lo-m.base-1 : hi-m.base-1 : hi-m.base-1]
	size := uint64(0)
	for i, e := range found {
		if size += uint64(len(e.GetData())) + entryOverhead; size > maxSize && i > 0 {
			return found[:i:i], nil
		}
	}
	return found, nil
}

// Append appends entries, in the place of those that have their indexes and all that follow.
func (m *memory) Append(entries []*raftpb.Entry) error {
	for len(entries) > 0 && entries[0].GetIndex() <= m.base {
		entries = entries[1:] // the snapshot has it
	}
	if len(entries) == 0 {
		return nil
	}
	switch at := entries[0].GetIndex(); {
	case at > m.last+1:
		return fmt.Errorf("entry %d for a log that ends at %d", at, m.last)
	case at <= m.last:
		kept := at - m.base - 1
		m.entries = m.entries[:kept:kept]
	}
	m.entries = append(m.entries, entries...)
	end := entries[len(entries)-1]
	m.last, m.lastTerm = end.GetIndex(), end.GetTerm()
	return nil
}

// ApplySnapshot replaces all by a snapshot.
func (m *memory) ApplySnapshot(s *raftpb.Snapshot) error {
	index, term := s.GetMetadata().GetIndex(), s.GetMetadata().GetTerm()
	if had := m.snapshot.GetMetadata().GetIndex(); had != 0 && had >= index {
		return raft.ErrSnapOutOfDate
	}
	m.snapshot, m.entries = s, nil
	m.base, m.baseTerm, m.last, m.lastTerm = index, term, index, term
	return nil
}

// CreateSnapshot makes data, the state after an entry, the latest snapshot.
func (m *memory) CreateSnapshot(index uint64, conf *raftpb.ConfState, data []byte) (*raftpb.Snapshot, error) {
	if index <= m.snapshot.GetMetadata().GetIndex() {
		return nil, raft.ErrSnapOutOfDate
	}
	term, err := m.Term(index)
	if err != nil {
		return nil, err
	}
	m.snapshot = &raftpb.Snapshot{Data: data, Metadata: &raftpb.SnapshotMetadata{
		Index: &index, Term: &term, ConfState: proto.CloneOf(conf),
	}}
	return m.snapshot, nil
}

// Compact drops the entries up to an index.
func (m *memory) Compact(index uint64) error {
	term, err := m.Term(index)
	if err != nil || index <= m.base {
		return raft.ErrCompacted
	}
	m.entries = append(make([]*raftpb.Entry, 0, len(m.entries)), m.entries[index-m.base:]...)
	m.base, m.baseTerm = index, term
	return nil
}
