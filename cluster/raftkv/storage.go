package raftkv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/capsize-go/capsize/cluster"
)

// A storage is a node's log and snapshot: in memory for raft to read, and in
// the files "log" and "snapshot" for the next life.
//
// A record of either file is its length and CRC-32, four bytes each, and then a
// type and the fields. A record that the disk did not keep whole ends the log.
type storage struct {
	mem           *raft.MemoryStorage
	disk          *cluster.Disk
	file          *cluster.File
	buf           []byte
	hard          hardState // as last written
	snapshotIndex uint64
	voters        []uint64
	bugs          Bug
}

type hardState struct{ term, vote uint64 }

const (
	recordEntry    = 'e' // term, index, type, data
	recordHard     = 'h' // term, vote
	recordSnapshot = 's' // term, index, state
)

// openStorage reads what the disk holds. A disk that holds nothing begins with
// an empty snapshot at index 1, which names the voters.
func openStorage(h *cluster.Host, voters []uint64, bugs Bug) (*storage, *raftpb.Snapshot, error) {
	s := &storage{mem: raft.NewMemoryStorage(), disk: h.Disk(), voters: voters, bugs: bugs}
	snapshot, err := s.readSnapshot()
	if err != nil {
		return nil, nil, err
	}
	if err := s.mem.ApplySnapshot(snapshot); err != nil {
		return nil, nil, fmt.Errorf("apply snapshot: %w", err)
	}
	s.snapshotIndex = snapshot.GetMetadata().GetIndex()
	s.hard.term = snapshot.GetMetadata().GetTerm()
	if s.file, err = s.disk.Open("log"); err != nil {
		return nil, nil, err
	}
	if err := s.replay(); err != nil {
		return nil, nil, err
	}
	commit := s.snapshotIndex
	return s, snapshot, s.mem.SetHardState(&raftpb.HardState{Term: &s.hard.term, Vote: &s.hard.vote, Commit: &commit})
}

func (s *storage) readSnapshot() (*raftpb.Snapshot, error) {
	f, err := s.disk.Open("snapshot")
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	if len(data) == 0 {
		return s.snapshot(1, 1, nil), nil
	}
	rec, _, ok := nextRecord(data)
	if !ok || rec[0] != recordSnapshot || len(rec) < 17 {
		return nil, errors.New("the snapshot on the disk is damaged")
	}
	return s.snapshot(binary.LittleEndian.Uint64(rec[1:]), binary.LittleEndian.Uint64(rec[9:]), rec[17:]), nil
}

func (s *storage) snapshot(term, index uint64, data []byte) *raftpb.Snapshot {
	return &raftpb.Snapshot{Data: data, Metadata: &raftpb.SnapshotMetadata{
		Term: &term, Index: &index, ConfState: &raftpb.ConfState{Voters: s.voters},
	}}
}

// replay reads the log up to its end or to the first record that is not whole,
// and cuts it there.
func (s *storage) replay() error {
	data := make([]byte, s.file.Size())
	if _, err := io.ReadFull(s.file, data); err != nil && len(data) > 0 {
		return fmt.Errorf("read log: %w", err)
	}
	rest := data
	for {
		rec, after, ok := nextRecord(rest)
		if !ok {
			break
		}
		rest = after
		switch {
		case rec[0] == recordHard && len(rec) == 17:
			s.hard = hardState{binary.LittleEndian.Uint64(rec[1:]), binary.LittleEndian.Uint64(rec[9:])}
		case rec[0] == recordEntry && len(rec) >= 18:
			if err := s.append(decodeEntry(rec)); err != nil {
				return fmt.Errorf("replay log: %w", err)
			}
		default:
			return fmt.Errorf("the log holds a record of type %q and %d bytes", rec[0], len(rec))
		}
	}
	return s.file.Truncate(int64(len(data) - len(rest)))
}

// append adds an entry of the log on disk, unless the snapshot covers it.
func (s *storage) append(e *raftpb.Entry) error {
	if e.GetIndex() <= s.snapshotIndex {
		return nil
	}
	return s.mem.Append([]*raftpb.Entry{e})
}

// save writes the hard state, if it changed, and entries, and reports whether
// they have to be synced before anybody may hear of them. How far the log is
// committed is not written: the next leader finds out.
func (s *storage) save(hs *raftpb.HardState, entries []*raftpb.Entry) (sync bool) {
	s.buf = s.buf[:0]
	if hs != nil {
		must(s.mem.SetHardState(hs))
		if h := (hardState{hs.GetTerm(), hs.GetVote()}); h != s.hard {
			s.hard = h
			s.buf = s.appendHard(s.buf)
		}
	}
	for _, e := range entries {
		s.buf = appendEntry(s.buf, e)
	}
	if len(entries) > 0 {
		must(s.mem.Append(entries))
	}
	if len(s.buf) == 0 {
		return false
	}
	s.write(s.file, s.buf)
	return true
}

// compact makes a snapshot of the state at index and drops the entries that it
// makes unneeded, on disk and in memory.
func (s *storage) compact(index uint64, data []byte) {
	snapshot, err := s.mem.CreateSnapshot(index, &raftpb.ConfState{Voters: s.voters}, data)
	must(err)
	if index > keepEntries && index-keepEntries > s.snapshotIndex {
		must(s.mem.Compact(index - keepEntries))
	}
	s.rewrite(snapshot)
}

// reset replaces all by a snapshot of the leader.
func (s *storage) reset(snapshot *raftpb.Snapshot) {
	must(s.mem.ApplySnapshot(snapshot))
	s.rewrite(snapshot)
}

// rewrite writes the snapshot, and a log of what comes after it. Each file is
// written under another name first, so that a crash leaves the old or the new.
func (s *storage) rewrite(snapshot *raftpb.Snapshot) {
	meta := snapshot.GetMetadata()
	s.snapshotIndex = meta.GetIndex()
	rec := beginRecord(nil, recordSnapshot)
	rec = binary.LittleEndian.AppendUint64(rec, meta.GetTerm())
	rec = binary.LittleEndian.AppendUint64(rec, meta.GetIndex())
	s.replace("snapshot", endRecord(append(rec, snapshot.GetData()...), 0))

	log := s.appendHard(nil)
	last, err := s.mem.LastIndex()
	must(err)
	if first := s.snapshotIndex + 1; first <= last {
		entries, err := s.mem.Entries(first, last+1, 1<<62)
		must(err)
		for _, e := range entries {
			log = appendEntry(log, e)
		}
	}
	s.file = s.replace("log", log)
}

func (s *storage) replace(name string, data []byte) *cluster.File {
	tmp := name + ".new"
	f, err := s.disk.Open(tmp)
	must(err)
	must(f.Truncate(0))
	s.write(f, data)
	must(s.disk.Rename(tmp, name))
	return f
}

func (s *storage) write(f *cluster.File, data []byte) {
	_, err := f.Write(data)
	must(err)
}

// must stops a node whose disk fails it: it must not go on as if it had written.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("raftkv: storage: %v", err))
	}
}

func beginRecord(b []byte, kind byte) []byte {
	return append(b, 0, 0, 0, 0, 0, 0, 0, 0, kind)
}

// endRecord fills in length and checksum of the record that begins at start.
func endRecord(b []byte, start int) []byte {
	body := b[start+8:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.ChecksumIEEE(body))
	return b
}

// nextRecord returns the first record of b and what follows, and whether there
// is a whole one.
func nextRecord(b []byte) (rec, rest []byte, ok bool) {
	if len(b) < 9 {
		return nil, b, false
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < 1 || n > len(b)-8 || crc32.ChecksumIEEE(b[8:8+n]) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, b, false
	}
	return b[8 : 8+n], b[8+n:], true
}

func (s *storage) appendHard(b []byte) []byte {
	if s.bugs&ForgottenVote != 0 {
		return b
	}
	start := len(b)
	b = beginRecord(b, recordHard)
	b = binary.LittleEndian.AppendUint64(b, s.hard.term)
	b = binary.LittleEndian.AppendUint64(b, s.hard.vote)
	return endRecord(b, start)
}

func appendEntry(b []byte, e *raftpb.Entry) []byte {
	start := len(b)
	b = beginRecord(b, recordEntry)
	b = binary.LittleEndian.AppendUint64(b, e.GetTerm())
	b = binary.LittleEndian.AppendUint64(b, e.GetIndex())
	b = append(b, byte(e.GetType()))
	return endRecord(append(b, e.GetData()...), start)
}

func decodeEntry(rec []byte) *raftpb.Entry {
	return &raftpb.Entry{
		Term:  proto.Uint64(binary.LittleEndian.Uint64(rec[1:])),
		Index: proto.Uint64(binary.LittleEndian.Uint64(rec[9:])),
		Type:  raftpb.EntryType(rec[17]).Enum(),
		Data:  append([]byte(nil), rec[18:]...),
	}
}
