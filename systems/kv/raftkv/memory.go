package raftkv

import (
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// A memory is the log of raft in memory: that of the library, with its two ends at hand. The library asks for them several times
// for each message, and its own storage locks and computes each time. A node is on one goroutine.
type memory struct {
	*raft.MemoryStorage

	first, last uint64
	lastTerm    uint64
}

func newMemory() memory {
	m := memory{MemoryStorage: raft.NewMemoryStorage()}
	m.look()
	return m
}

// look finds the ends after a change.
func (m *memory) look() {
	m.first, _ = m.MemoryStorage.FirstIndex() // neither has an error to return
	m.last, _ = m.MemoryStorage.LastIndex()
	m.lastTerm, _ = m.MemoryStorage.Term(m.last)
}

// FirstIndex returns the index of the first entry.
func (m *memory) FirstIndex() (uint64, error) { return m.first, nil }

// LastIndex returns the index of the last entry.
func (m *memory) LastIndex() (uint64, error) { return m.last, nil }

// Term returns the term of an entry.
func (m *memory) Term(i uint64) (uint64, error) {
	if i == m.last {
		return m.lastTerm, nil
	}
	return m.MemoryStorage.Term(i)
}

// Append appends entries.
func (m *memory) Append(entries []*raftpb.Entry) error {
	defer m.look()
	return m.MemoryStorage.Append(entries)
}

// ApplySnapshot replaces all by a snapshot.
func (m *memory) ApplySnapshot(s *raftpb.Snapshot) error {
	defer m.look()
	return m.MemoryStorage.ApplySnapshot(s)
}

// Compact drops entries.
func (m *memory) Compact(index uint64) error {
	defer m.look()
	return m.MemoryStorage.Compact(index)
}
