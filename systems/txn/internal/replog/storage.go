package replog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/journal"
)

// Kinds of records in the journal of a log.
const (
	recordSnapshot = 's' // term, index, state
	recordHard     = 'h' // term, vote
	recordEntry    = 'e' // term, index, data
	recordLost     = 'l' // term, vote: the disk lost something, and the node has to recover
)

type hardState struct{ term, vote uint64 }

// A storage is a node's snapshot and log: in memory for raft to read, and in a journal for the next life.
type storage struct {
	h       *cluster.Host
	journal *journal.Journal
	mem     *raft.MemoryStorage
	voters  []uint64
	base    *raftpb.Snapshot
	hard    hardState
	lost    bool
}

// openStorage reads what the disk holds. A disk that holds nothing begins with an empty snapshot at index 1, which names the voters.
func openStorage(h *cluster.Host, group string, voters []uint64) (*storage, error) {
	s := &storage{h: h, mem: raft.NewMemoryStorage(), voters: voters}
	name := "log-" + group
	raw, err := content(h, name)
	if err != nil {
		return nil, err
	}
	j, records, damaged, err := journal.Open(h, name)
	if err != nil {
		return nil, err
	}
	s.journal, s.lost = j, damaged
	if err := s.restart(s.snapshot(1, 1, nil)); err != nil {
		return nil, err
	}
	for _, rec := range records {
		if err := s.replay(rec); err != nil {
			return nil, err
		}
	}
	if damaged {
		s.salvageTerm(raw)
		h.Count("log damaged")
	}
	if s.lost {
		return s, s.journal.Replace(pair(recordLost, s.hard.term, s.hard.vote))
	}
	commit := s.base.GetMetadata().GetIndex()
	return s, s.mem.SetHardState(&raftpb.HardState{Term: &s.hard.term, Vote: &s.hard.vote, Commit: &commit})
}

// content returns all that is in a file.
func content(h *cluster.Host, name string) ([]byte, error) {
	f, err := h.Disk().Open(name)
	if err != nil {
		return nil, err
	}
	data := make([]byte, f.Size())
	if _, err := io.ReadFull(f, data); err != nil && len(data) > 0 {
		return nil, err
	}
	return data, nil
}

func (s *storage) snapshot(term, index uint64, state []byte) *raftpb.Snapshot {
	return &raftpb.Snapshot{Data: state, Metadata: &raftpb.SnapshotMetadata{Term: &term, Index: &index, ConfState: &raftpb.ConfState{Voters: s.voters}}}
}

// restart has the memory begin with a snapshot.
func (s *storage) restart(base *raftpb.Snapshot) error {
	s.base = base
	s.mem = raft.NewMemoryStorage()
	return s.mem.ApplySnapshot(base)
}

// replay applies one record of the journal.
func (s *storage) replay(rec []byte) error {
	if len(rec) < 17 {
		return fmt.Errorf("a record of kind %q and %d bytes", rec[0], len(rec))
	}
	x, y := binary.LittleEndian.Uint64(rec[1:]), binary.LittleEndian.Uint64(rec[9:])
	switch rec[0] {
	case recordSnapshot:
		return s.restart(s.snapshot(x, y, rec[17:]))
	case recordHard:
		s.hard = hardState{x, y}
	case recordLost:
		s.hard, s.lost = hardState{x, y}, true
	case recordEntry:
		if y > s.last()+1 { // it was meant for another place
			s.lost = true
			return nil
		}
		if y > s.base.GetMetadata().GetIndex() {
			return s.mem.Append([]*raftpb.Entry{{Term: &x, Index: &y, Data: append([]byte(nil), rec[17:]...)}})
		}
	default:
		return fmt.Errorf("a record of kind %q", rec[0])
	}
	return nil
}

// salvageTerm looks through a damaged journal for the last term that the node knew, so that it does not follow a leader of an
// earlier one.
func (s *storage) salvageTerm(b []byte) {
	for i := range b {
		rec, _, ok := journal.Next(b[i:], false)
		if ok && len(rec) >= 17 && (rec[0] == recordHard || rec[0] == recordEntry || rec[0] == recordLost) {
			s.hard.term = max(s.hard.term, binary.LittleEndian.Uint64(rec[1:]))
		}
	}
}

func (s *storage) last() uint64 {
	last, err := s.mem.LastIndex()
	must(err)
	return last
}

// after returns the entries behind the snapshot.
func (s *storage) after() []*raftpb.Entry {
	from, last := s.base.GetMetadata().GetIndex(), s.last()
	if last <= from {
		return nil
	}
	entries, err := s.mem.Entries(from+1, last+1, 1<<62)
	must(err)
	return entries
}

// save writes the hard state, if it changed, and entries. They are on the disk before another node hears of them.
func (s *storage) save(hs *raftpb.HardState, entries []*raftpb.Entry) {
	var records [][]byte
	if hs != nil {
		must(s.mem.SetHardState(hs))
		if now := (hardState{hs.GetTerm(), hs.GetVote()}); now != s.hard {
			s.hard = now
			records = append(records, pair(recordHard, now.term, now.vote))
		}
	}
	for _, e := range entries {
		records = append(records, encodeEntry(e))
	}
	if len(records) == 0 {
		return
	}
	if len(entries) > 0 {
		if entries[0].GetIndex() <= s.last() {
			s.h.Count("log truncated")
		}
		must(s.mem.Append(entries))
	}
	must(s.journal.Append(records...))
	must(s.journal.Sync())
}

// compact makes a snapshot of the state at index, and drops the entries that it makes unneeded.
func (s *storage) compact(index uint64, state []byte) {
	s.h.Count("snapshot")
	snapshot, err := s.mem.CreateSnapshot(index, &raftpb.ConfState{Voters: s.voters}, state)
	must(err)
	s.base = snapshot
	first, err := s.mem.FirstIndex()
	must(err)
	if index >= keepEntries+first {
		must(s.mem.Compact(index - keepEntries))
	}
	s.rewrite()
}

// reset replaces all by a snapshot of the leader, and entries behind it.
func (s *storage) reset(base *raftpb.Snapshot, entries []*raftpb.Entry) {
	must(s.mem.ApplySnapshot(base))
	s.base = base
	if len(entries) > 0 {
		must(s.mem.Append(entries))
	}
	s.rewrite()
}

// rewrite has the journal hold the snapshot and what comes after it, and no more.
func (s *storage) rewrite() {
	m := s.base.GetMetadata()
	records := [][]byte{append(pair(recordSnapshot, m.GetTerm(), m.GetIndex()), s.base.GetData()...), pair(recordHard, s.hard.term, s.hard.vote)}
	for _, e := range s.after() {
		records = append(records, encodeEntry(e))
	}
	must(s.journal.Replace(records...))
}

func encodeEntry(e *raftpb.Entry) []byte {
	return append(pair(recordEntry, e.GetTerm(), e.GetIndex()), e.GetData()...)
}

// pair begins a record with two numbers.
func pair(kind byte, x, y uint64) []byte {
	b := binary.LittleEndian.AppendUint64(append(make([]byte, 0, 64), kind), x)
	return binary.LittleEndian.AppendUint64(b, y)
}

// must stops a node whose disk fails: it must not continue as if it had written, nor try again. After an fsync that failed,
// one that succeeds proves nothing.
func must(err error) {
	if err != nil && !errors.Is(err, cluster.ErrCrashed) {
		panic(fmt.Errorf("replog: %w", err))
	}
}
