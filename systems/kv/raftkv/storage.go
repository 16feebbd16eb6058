package raftkv

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"go.etcd.io/raft/v3/raftpb"

	"github.com/capsize-go/capsize/cluster"
)

// A storage is a node's snapshot and log: in memory for raft to read, and in the
// file "log" for the next life. That is one file, so that it can be replaced in
// one step: a snapshot and the log that follows it are never of different ages.
type storage struct {
	h    *cluster.Host
	bugs Bug

	mem   memory
	disk  *cluster.Disk
	file  *cluster.File
	buf   []byte
	first *raftpb.ConfState // the members that the group began with
	conf  *raftpb.ConfState // those of now

	hard          hardState // as last written
	commit        uint64    // how far the log is known to be committed
	snapshotIndex uint64
	length        int64 // of the file
	asked         int64 // how much of it the last sync covers
	synced        int64 // how much of it is on the disk for certain
	lost          bool  // what was synced is damaged: the node has to recover
}

type hardState struct{ term, vote uint64 }

// openStorage reads what the disk holds. A disk that holds nothing begins with
// an empty snapshot at index 1, which names the voters.
func openStorage(h *cluster.Host, voters []uint64, bugs Bug) (*storage, *raftpb.Snapshot, error) {
	s := &storage{h: h, bugs: bugs, mem: newMemory(), disk: h.Disk()}
	s.first = &raftpb.ConfState{Voters: voters}
	s.conf = s.first
	var err error
	if s.file, err = s.disk.Open("log"); err != nil {
		return nil, nil, err
	}
	snapshot, err := s.replay()
	if err != nil {
		return nil, nil, fmt.Errorf("replay log: %w", err)
	}
	if s.lost {
		s.markLost()
		return s, snapshot, nil
	}
	return s, snapshot, s.mem.SetHardState(&raftpb.HardState{Term: &s.hard.term, Vote: &s.hard.vote, Commit: &s.commit})
}

// markLost leaves a file that says that the node has to recover.
func (s *storage) markLost() {
	s.replace(appendHard(endRecord(beginRecord(nil, recordLost), 0), s.hard))
}

func (s *storage) snapshot(term, index uint64, data []byte) *raftpb.Snapshot {
	return &raftpb.Snapshot{Data: data, Metadata: &raftpb.SnapshotMetadata{
		Term: &term, Index: &index, ConfState: s.conf,
	}}
}

// replay reads the file up to its end or to the first record that is not whole.
// If that was being written when the host crashed, it was never acknowledged, and the
// file is cut there. If it had been synced before, or an entry is in the place of another
// one, the node has lost what it acknowledged, and must not act as if
// it had never done so.
func (s *storage) replay() (*raftpb.Snapshot, error) {
	data := make([]byte, s.file.Size())
	if _, err := io.ReadFull(s.file, data); err != nil && len(data) > 0 {
		return nil, err
	}
	base := s.snapshot(1, 1, nil)
	rest := data
	if rec, after, ok := nextRecord(rest, s.skipsChecksums()); ok && isSnapshot(rec) {
		term, index, conf, state, err := decodeSnapshot(rec)
		if err != nil {
			return nil, err
		}
		s.conf = cmp.Or(conf, s.conf)
		base, rest = s.snapshot(term, index, state), after
	}
	s.snapshotIndex, s.hard.term = base.GetMetadata().GetIndex(), base.GetMetadata().GetTerm()
	s.commit = s.snapshotIndex
	if err := s.mem.ApplySnapshot(base); err != nil {
		return nil, err
	}
	for !s.lost {
		rec, after, ok := nextRecord(rest, s.skipsChecksums())
		if !ok {
			break
		}
		if err := s.replayRecord(rec); err != nil {
			return nil, err
		}
		rest = after
	}
	whole := len(data) - len(rest)
	if !s.lost && wholeBatchAfter(rest, whole) {
		s.damaged()
	}
	if s.lost {
		s.salvageTerm(rest)
	}
	s.length = int64(whole)
	s.asked, s.synced = s.length, s.length
	return base, s.file.Truncate(s.length)
}

func (s *storage) skipsChecksums() bool { return s.bugs&CorruptEntries != 0 }

// replayRecord applies one record of the file.
func (s *storage) replayRecord(rec []byte) error {
	switch {
	case rec[0] == recordHard && len(rec) == 17:
		s.hard.term, s.hard.vote = pair(rec)
	case rec[0] == recordEntry && len(rec) >= 18:
		e := decodeEntry(rec)
		last, err := s.mem.LastIndex()
		switch {
		case err != nil:
			return err
		case e.GetIndex() > last+1: // it was meant for another place
			s.damaged()
		case e.GetIndex() > s.snapshotIndex: // the snapshot covers the others
			return s.mem.Append([]*raftpb.Entry{e})
		}
	case rec[0] == recordCommit && len(rec) == 17:
		commit, _ := pair(rec)
		s.commit = max(s.commit, commit)
	case rec[0] == recordLost:
		s.lost = true
	case rec[0] == recordBatch:
	default:
		return fmt.Errorf("a record of type %q and %d bytes", rec[0], len(rec))
	}
	return nil
}

// damaged notes that the disk changed what had been synced.
func (s *storage) damaged() {
	s.h.Count("log damaged")
	s.lost = true
}

// salvageTerm looks through what follows the damage for the last term that the
// node knew, so that it does not listen to a leader of an earlier one.
func (s *storage) salvageTerm(b []byte) {
	for i := range b {
		rec, _, ok := nextRecord(b[i:], false)
		if ok && len(rec) >= 17 && (rec[0] == recordHard || rec[0] == recordEntry) {
			term, _ := pair(rec)
			s.hard.term = max(s.hard.term, term)
		}
	}
}

// wake notes that the host's last sync has come to its end, since the host does
// nothing before.
func (s *storage) wake() { s.synced = s.asked }

// sync makes durable all that was written. Nothing leaves the host before it is.
func (s *storage) sync() {
	must(s.h.Sync())
	s.asked = s.length
}

// save writes the hard state, if it changed, and entries. They are on the disk
// before anybody hears of them.
func (s *storage) save(hs *raftpb.HardState, entries []*raftpb.Entry) {
	s.buf = s.buf[:0]
	if hs != nil {
		s.commit = hs.GetCommit()
		if h := (hardState{hs.GetTerm(), hs.GetVote()}); h != s.hard {
			s.hard = h
			s.buf = s.appendHard(appendBatch(s.buf, s.synced))
		}
	}
	if len(entries) > 0 {
		if len(s.buf) == 0 {
			s.buf = appendBatch(s.buf, s.synced)
		}
		s.buf = s.appendEntries(s.buf, entries)
		if last, _ := s.mem.LastIndex(); entries[0].GetIndex() <= last {
			s.h.Count("log truncated")
		}
		must(s.mem.Append(entries))
	}
	if len(s.buf) == 0 {
		return
	}
	n, err := s.file.Write(s.buf)
	must(err)
	s.length += int64(n)
	if s.bugs&AckBeforeSync == 0 {
		s.sync()
	}
}

func (s *storage) appendHard(b []byte) []byte {
	if s.bugs&VolatileVote != 0 {
		return b
	}
	return appendHard(b, s.hard)
}

// appendEntries appends entries and, if they change the members, how far the log is committed.
// Otherwise that need not be known, as the next leader finds out. But a change of members
// holds from when it is committed, and a node that has the next change in its log must know
// that this one is: a majority of the members before it may be none today.
func (s *storage) appendEntries(b []byte, entries []*raftpb.Entry) []byte {
	for _, e := range entries {
		b = appendEntry(b, e)
	}
	if changesMembers(entries) {
		b = appendPair(b, recordCommit, s.commit, 0)
	}
	return b
}

// compact makes a snapshot of the state at index and drops the entries that it
// makes unneeded, on disk and in memory.
func (s *storage) compact(index uint64, data []byte) {
	snapshot, err := s.mem.CreateSnapshot(index, s.conf, data)
	must(err)
	first, err := s.mem.FirstIndex()
	must(err)
	if index >= keepEntries+first {
		must(s.mem.Compact(index - keepEntries))
	}
	s.rewrite(snapshot)
}

// reset replaces all by a snapshot of the leader.
func (s *storage) reset(snapshot *raftpb.Snapshot) {
	must(s.mem.ApplySnapshot(snapshot))
	s.conf = snapshot.GetMetadata().GetConfState()
	s.rewrite(snapshot)
}

// rewrite writes the snapshot and what comes after it.
func (s *storage) rewrite(snapshot *raftpb.Snapshot) {
	s.h.Count("snapshot")
	s.snapshotIndex = snapshot.GetMetadata().GetIndex()
	data := s.appendHard(appendSnapshot(nil, snapshot, s.first))
	s.replace(s.appendEntries(data, s.after(s.snapshotIndex)))
}

// after returns the entries from behind index on, which is that of the snapshot or later.
func (s *storage) after(index uint64) []*raftpb.Entry {
	last, err := s.mem.LastIndex()
	must(err)
	if last <= index {
		return nil
	}
	entries, err := s.mem.Entries(index+1, last+1, 1<<62)
	must(err)
	return entries
}

// replace gives the file new content in one step: a crash leaves the old or the
// new. The new content is synced before it gets the name, and the name after it.
func (s *storage) replace(data []byte) {
	f, err := s.disk.Open("log.new")
	must(err)
	must(f.Truncate(0))
	n, err := f.Write(data)
	must(err)
	s.file, s.length = f, int64(n)
	s.sync()
	must(s.disk.Rename("log.new", "log"))
	s.sync()
}

// must stops a node whose disk fails: it must not continue as if it had written,
// nor try again. After an fsync that failed, one that succeeds proves nothing.
func must(err error) {
	if err != nil && !errors.Is(err, cluster.ErrCrashed) {
		panic(fmt.Errorf("raftkv: storage: %w", err))
	}
}
