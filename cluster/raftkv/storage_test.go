package raftkv

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/capsize-go/capsize/cluster"
)

var voters = []uint64{1, 2, 3}

func entry(term, index uint64, data string) *raftpb.Entry {
	return &raftpb.Entry{Term: &term, Index: &index, Type: raftpb.EntryNormal.Enum(), Data: []byte(data)}
}

func hard(term, vote uint64) *raftpb.HardState {
	return &raftpb.HardState{Term: &term, Vote: &vote, Commit: proto.Uint64(1)}
}

func open(t *testing.T, h *cluster.Host) (*storage, *raftpb.Snapshot) {
	t.Helper()
	s, snapshot, err := openStorage(h, voters, 0)
	require.NoError(t, err)
	return s, snapshot
}

// entries lists the log as "term.index data".
func entries(t *testing.T, s *storage) (list []string) {
	t.Helper()
	first, err := s.mem.FirstIndex()
	require.NoError(t, err)
	last, err := s.mem.LastIndex()
	require.NoError(t, err)
	if first > last {
		return nil
	}
	es, err := s.mem.Entries(first, last+1, 1<<62)
	require.NoError(t, err)
	for _, e := range es {
		list = append(list, fmt.Sprintf("%d.%d %s", e.GetTerm(), e.GetIndex(), e.GetData()))
	}
	return list
}

func TestStorage(t *testing.T) {
	lives(t, func(t *testing.T, h *cluster.Host) {
		s, snapshot := open(t, h)
		assert.Equal(t, uint64(1), snapshot.GetMetadata().GetIndex(), "a disk that is new")
		assert.Equal(t, voters, snapshot.GetMetadata().GetConfState().GetVoters())
		assert.Empty(t, entries(t, s))
		assert.True(t, s.save(hard(2, 3), []*raftpb.Entry{entry(2, 2, "a"), entry(2, 3, "b")}))
		assert.False(t, s.save(hard(2, 3), nil), "it was written already")
		assert.False(t, s.save(nil, nil))
		h.Sync()
	}, func(t *testing.T, h *cluster.Host) {
		s, _ := open(t, h)
		assert.Equal(t, hardState{2, 3}, s.hard)
		assert.Equal(t, []string{"2.2 a", "2.3 b"}, entries(t, s))
		hs, conf, err := s.mem.InitialState()
		require.NoError(t, err)
		assert.Equal(t, uint64(3), hs.GetVote())
		assert.Equal(t, uint64(1), hs.GetCommit(), "the next leader finds out")
		assert.Equal(t, voters, conf.GetVoters())
		assert.True(t, s.save(nil, []*raftpb.Entry{entry(4, 3, "c")}), "another leader's entry in place of one")
		assert.Equal(t, []string{"2.2 a", "4.3 c"}, entries(t, s))
		h.Sync()
	}, func(t *testing.T, h *cluster.Host) {
		s, _ := open(t, h)
		assert.Equal(t, []string{"2.2 a", "4.3 c"}, entries(t, s))
		s.save(hard(9, 1), []*raftpb.Entry{entry(9, 4, "never synced")})
	}, func(t *testing.T, h *cluster.Host) {
		s, _ := open(t, h)
		assert.Equal(t, hardState{2, 3}, s.hard)
		assert.Equal(t, []string{"2.2 a", "4.3 c"}, entries(t, s))
	})
}

func TestCompact(t *testing.T) {
	lives(t, func(t *testing.T, h *cluster.Host) {
		s, _ := open(t, h)
		for i := uint64(2); i <= 300; i++ {
			s.save(hard(1, 2), []*raftpb.Entry{entry(1, i, fmt.Sprint(i))})
		}
		h.Sync()
	}, func(t *testing.T, h *cluster.Host) {
		s, _ := open(t, h)
		before := s.file.Size()
		s.compact(298, []byte("state at 298"))
		assert.Less(t, s.file.Size(), before)
		assert.Len(t, entries(t, s), 300-(298-keepEntries), "followers that are behind find some in memory")
		s.save(nil, []*raftpb.Entry{entry(1, 301, "after")})
		h.Sync()
	}, func(t *testing.T, h *cluster.Host) {
		s, snapshot := open(t, h)
		assert.Equal(t, "state at 298", string(snapshot.GetData()))
		assert.Equal(t, uint64(298), s.snapshotIndex)
		assert.Equal(t, hardState{1, 2}, s.hard)
		assert.Equal(t, []string{"1.299 299", "1.300 300", "1.301 after"}, entries(t, s))
		assert.NoError(t, s.append(entry(1, 298, "covered")))
		assert.Len(t, entries(t, s), 3)
		s.compact(300, []byte("never synced"))
		assert.Equal(t, []string{"log", "snapshot"}, s.disk.List())
	}, func(t *testing.T, h *cluster.Host) {
		s, snapshot := open(t, h)
		assert.Equal(t, "state at 298", string(snapshot.GetData()), "a crash leaves the old or the new")
		assert.Len(t, entries(t, s), 3)
		s.reset(s.snapshot(5, 900, []byte("of the leader")))
		h.Sync()
	}, func(t *testing.T, h *cluster.Host) {
		s, snapshot := open(t, h)
		assert.Equal(t, "of the leader", string(snapshot.GetData()))
		assert.Equal(t, uint64(900), s.snapshotIndex)
		assert.Empty(t, entries(t, s))
	})
}

// TestDamagedLog cuts the log at every byte, and damages every byte of it: what
// is read is always what was written, up to a record.
func TestDamagedLog(t *testing.T) {
	whole := []string{"1.2 a", "1.3 bc", "1.4 "}
	lives(t, func(t *testing.T, h *cluster.Host) {
		s, _ := open(t, h)
		s.save(nil, []*raftpb.Entry{entry(1, 2, "a"), entry(1, 3, "bc"), entry(1, 4, "")})
		log := make([]byte, s.file.Size())
		_, err := s.file.ReadAt(log, 0)
		require.NoError(t, err)
		read := func(data []byte) (list []string, kept int64) {
			require.NoError(t, s.file.Truncate(0))
			s.write(s.file, data)
			again, _ := open(t, h)
			return entries(t, again), again.file.Size()
		}
		lengths := map[int]bool{}
		for i := range log {
			list, kept := read(log[:i])
			require.Equal(t, whole[:len(list)], append([]string{}, list...), "cut at %d", i)
			require.LessOrEqual(t, kept, int64(i), "what is no record is cut away")
			lengths[len(list)] = true

			damaged := append([]byte(nil), log...)
			damaged[i] ^= 0x10
			list, _ = read(damaged)
			require.Equal(t, whole[:len(list)], append([]string{}, list...), "damaged at %d", i)
			require.Less(t, len(list), 3)
		}
		assert.Len(t, lengths, 3)
		list, _ := read(log)
		assert.Equal(t, whole, list)
	})
}

func TestUnknownRecord(t *testing.T) {
	lives(t, func(t *testing.T, h *cluster.Host) {
		s, _ := open(t, h)
		s.write(s.file, endRecord(beginRecord(nil, '?'), 0))
		_, _, err := openStorage(h, voters, 0)
		assert.EqualError(t, err, `the log holds a record of type '?' and 1 bytes`)
		require.NoError(t, s.file.Truncate(0))
		s.write(s.replace("snapshot", nil), []byte("no snapshot"))
		_, _, err = openStorage(h, voters, 0)
		assert.EqualError(t, err, "the snapshot on the disk is damaged")
		_, err = boot(h, 0)
		assert.Error(t, err)
		s.replace("snapshot", snapshotRecord("no state"))
		_, err = boot(h, 0)
		assert.ErrorContains(t, err, "decode snapshot")
	})
}

// snapshotRecord returns a record of the file "snapshot" that holds state.
func snapshotRecord(state string) []byte {
	rec := append(beginRecord(nil, recordSnapshot), make([]byte, 16)...)
	rec[9], rec[17] = 1, 1
	return endRecord(append(rec, state...), 0)
}

func TestDiskThatFails(t *testing.T) {
	var old *storage
	lives(t, func(t *testing.T, h *cluster.Host) {
		old, _ = open(t, h)
	}, func(t *testing.T, h *cluster.Host) {
		assert.PanicsWithValue(t, "raftkv: storage: write log: host crashed", func() {
			old.save(nil, []*raftpb.Entry{entry(1, 2, "a")})
		})
	})
}

func TestQuiet(t *testing.T) {
	var l raft.Logger = quiet{}
	l.Debug()
	l.Debugf("")
	l.Error()
	l.Errorf("")
	l.Info()
	l.Infof("")
	l.Warning()
	l.Warningf("")
	for _, f := range []func(){
		func() { l.Panic("no ", "way") }, func() { l.Panicf("no %s", "way") },
		func() { l.Fatal("no ", "way") }, func() { l.Fatalf("no %s", "way") },
	} {
		assert.PanicsWithValue(t, "no way", f)
	}
}
