package raftkv

import (
	"context"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/capsize-go/capsize/cluster"
)

// onHost runs each function on a host with a disk, and crashes it in between.
func onHost(t *testing.T, lives ...func(h *cluster.Host)) {
	t.Helper()
	onHostFor(t, 0, lives...)
}

// onHostFor is onHost with crashes that come later.
func onHostFor(t *testing.T, later time.Duration, lives ...func(h *cluster.Host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), time.Millisecond)
		for _, live := range lives {
			live(c.Client(0))
			c.Sleep(context.Background(), later)
			c.Crash("c0")
			c.Sleep(context.Background(), time.Millisecond)
			c.Restart("c0")
			c.Sleep(context.Background(), time.Millisecond)
		}
		c.Stop(time.Second)
	})
}

func entry(index, term uint64) *raftpb.Entry {
	return decodeEntry(appendEntry(nil, &raftpb.Entry{Index: &index, Term: &term, Data: fmt.Append(nil, index)})[recordHead:])
}

// settleDisk lets the sync that is under way come to its end.
func settleDisk(t *testing.T, h *cluster.Host, s *storage) {
	t.Helper()
	require.NoError(t, h.Sleep(10*time.Millisecond))
	s.wake()
}

func reopen(t *testing.T, h *cluster.Host, bugs Bug) *storage {
	t.Helper()
	s, _, err := openStorage(h, []uint64{1, 2, 3}, bugs)
	require.NoError(t, err)
	return s
}

func lastIndex(t *testing.T, s *storage) uint64 {
	t.Helper()
	i, err := s.mem.LastIndex()
	require.NoError(t, err)
	return i
}

func TestStorageKeepsWhatWasSynced(t *testing.T) {
	term, vote := uint64(3), uint64(2)
	onHost(t, func(h *cluster.Host) {
		s := reopen(t, h, 0)
		s.save(&raftpb.HardState{Term: &term, Vote: &vote}, []*raftpb.Entry{entry(2, 3), entry(3, 3)})
		settleDisk(t, h, s)
		s.save(nil, []*raftpb.Entry{entry(3, 4), entry(4, 4)}) // replaces entry 3, and its sync does not end
	}, func(h *cluster.Host) {
		s := reopen(t, h, 0)
		assert.Equal(t, hardState{3, 2}, s.hard)
		assert.Equal(t, uint64(3), lastIndex(t, s))
		s.save(nil, []*raftpb.Entry{entry(3, 4), entry(4, 4)})
		settleDisk(t, h, s)
	}, func(h *cluster.Host) {
		s := reopen(t, h, 0)
		assert.Equal(t, uint64(4), lastIndex(t, s))
		at, err := s.mem.Term(3)
		require.NoError(t, err)
		assert.Equal(t, uint64(4), at)
	})
}

func TestStorageWithVolatileVote(t *testing.T) {
	term, vote := uint64(3), uint64(2)
	onHost(t, func(h *cluster.Host) {
		s := reopen(t, h, VolatileVote)
		s.save(&raftpb.HardState{Term: &term, Vote: &vote}, []*raftpb.Entry{entry(2, 3)})
		settleDisk(t, h, s)
	}, func(h *cluster.Host) {
		s := reopen(t, h, VolatileVote)
		assert.Equal(t, hardState{1, 0}, s.hard)
		assert.Equal(t, uint64(2), lastIndex(t, s))
	})
}

// TestStorageCrashInSnapshot crashes at every moment of a snapshot's way to the disk.
func TestStorageCrashInSnapshot(t *testing.T) {
	sawOld, sawNew := false, false
	for after := range 12 {
		onHostFor(t, time.Duration(after)*100*time.Microsecond, func(h *cluster.Host) {
			s := reopen(t, h, 0)
			s.save(nil, []*raftpb.Entry{entry(2, 1), entry(3, 1), entry(4, 1)})
			settleDisk(t, h, s)
			s.compact(3, []byte("state"))
		}, func(h *cluster.Host) {
			s := reopen(t, h, 0)
			assert.False(t, s.lost)
			assert.Equal(t, uint64(4), lastIndex(t, s))
			switch s.snapshotIndex {
			case 1:
				sawOld = true
			case 3:
				sawNew = true
			default:
				t.Errorf("a snapshot at %d", s.snapshotIndex)
			}
		})
	}
	assert.True(t, sawOld, "a crash before the end leaves the old file")
	assert.True(t, sawNew, "one after it the new")
}

// TestStorageDamage damages each byte of a log. The damage is never taken for
// data; it is distinguished from a torn write if there is a later batch.
func TestStorageDamage(t *testing.T) {
	var size, second int
	write := func(h *cluster.Host) {
		s := reopen(t, h, 0)
		s.save(nil, []*raftpb.Entry{entry(2, 7)})
		settleDisk(t, h, s)
		second = int(s.length)
		s.save(nil, []*raftpb.Entry{entry(3, 7)})
		settleDisk(t, h, s)
		size = int(s.length)
	}
	onHost(t, write)
	for at := range size {
		onHost(t, write, func(h *cluster.Host) {
			f, err := h.Disk().Open("log")
			require.NoError(t, err)
			b := []byte{0}
			if _, err := f.ReadAt(b, int64(at)); err != io.EOF {
				require.NoError(t, err)
			}
			b[0] ^= 0x10
			_, err = f.WriteAt(b, int64(at))
			require.NoError(t, err)
			s := reopen(t, h, 0)
			assert.Equal(t, at < second, s.lost, "byte %d of %d", at, size)
			if s.lost {
				assert.Equal(t, uint64(7), s.hard.term, "the term is found in what is whole")
			} else {
				assert.Equal(t, uint64(2), lastIndex(t, s))
			}
			require.NoError(t, h.Sleep(10*time.Millisecond))
		}, func(h *cluster.Host) {
			s := reopen(t, h, 0)
			assert.Equal(t, at < second, s.lost, "it is remembered")
			if s.lost {
				assert.Equal(t, uint64(7), s.hard.term, "and so is the term")
			}
		})
	}
}

func TestStorageRefuses(t *testing.T) {
	onHost(t, func(h *cluster.Host) {
		writeLog(t, h, endRecord(beginRecord(nil, 'x'), 0))
		_, _, err := openStorage(h, []uint64{1}, 0)
		assert.ErrorContains(t, err, "type 'x'")
	})
}

func writeLog(t *testing.T, h *cluster.Host, data []byte) {
	t.Helper()
	f, err := h.Disk().Open("log")
	require.NoError(t, err)
	_, err = f.Write(data)
	require.NoError(t, err)
}

// TestStorageMisdirected reads a log in which a whole entry stands in the place of
// another: its checksum is right, and it is damage all the same.
func TestStorageMisdirected(t *testing.T) {
	onHost(t, func(h *cluster.Host) {
		writeLog(t, h, appendEntry(appendEntry(nil, entry(9, 6)), entry(3, 5)))
		s := reopen(t, h, 0)
		assert.True(t, s.lost)
		assert.Equal(t, uint64(1), lastIndex(t, s))
	})
}

// A node that boots knows its members, and that the change of members before the last one in
// its log is committed: it would else ask a majority of those that were members once.
func TestStorageKeepsMembers(t *testing.T) {
	change := func(index uint64) *raftpb.Entry {
		return &raftpb.Entry{Index: &index, Term: proto.Uint64(1), Type: raftpb.EntryType_EntryConfChangeV2.Enum()}
	}
	hard := func(commit uint64) *raftpb.HardState {
		return &raftpb.HardState{Term: proto.Uint64(1), Vote: proto.Uint64(2), Commit: &commit}
	}
	members := &raftpb.ConfState{Voters: []uint64{1, 3}, VotersOutgoing: []uint64{1, 2, 3}}
	onHost(t, func(h *cluster.Host) {
		s := reopen(t, h, 0)
		s.save(hard(1), []*raftpb.Entry{change(2)})
		s.save(hard(2), []*raftpb.Entry{entry(3, 1), change(4)})
		settleDisk(t, h, s)
	}, func(h *cluster.Host) {
		s := reopen(t, h, 0)
		hs, conf, err := s.mem.InitialState()
		require.NoError(t, err)
		assert.EqualValues(t, 2, hs.GetCommit())
		assert.Equal(t, []uint64{1, 2, 3}, conf.GetVoters())
		s.conf = members
		s.compact(3, []byte("state"))
		settleDisk(t, h, s)
	}, func(h *cluster.Host) {
		s, snapshot, err := openStorage(h, []uint64{1, 2, 3}, 0)
		require.NoError(t, err)
		hs, conf, err := s.mem.InitialState()
		require.NoError(t, err)
		assert.EqualValues(t, 3, hs.GetCommit())
		assert.Equal(t, members.GetVoters(), conf.GetVoters())
		assert.Equal(t, members.GetVotersOutgoing(), conf.GetVotersOutgoing())
		assert.Equal(t, "state", string(snapshot.GetData()))
		assert.EqualValues(t, 4, lastIndex(t, s))
	})
}

func TestMust(t *testing.T) {
	assert.NotPanics(t, func() { must(nil); must(cluster.ErrCrashed) })
	assert.PanicsWithError(t, "raftkv: storage: EOF", func() { must(io.EOF) })
}
