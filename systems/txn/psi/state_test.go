package psi

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/systems/txn/internal/cell"
)

func commitOf(site int, seq uint64, snapshot vector, key string, value int) *commit {
	return &commit{ID: id{site, 1, seq}, Site: site, Seq: seq, Snapshot: snapshot, Keys: []string{key}, Cells: []cell.Cell{{Value: value}}}
}

// TestCausalOrder applies a commit after those before it of its site, and after all that its snapshot had.
func TestCausalOrder(t *testing.T) {
	s := newState(2)
	a1, a2 := commitOf(0, 1, vector{0, 0}, "x", 1), commitOf(0, 2, vector{1, 1}, "x", 3)
	b1 := commitOf(1, 1, vector{1, 0}, "y", 2)
	assert.False(t, s.applicable(b1), "it was made on a1")
	assert.False(t, s.applicable(a2), "a1 comes first")
	assert.True(t, s.applicable(a1))
	s.apply(a1)
	assert.False(t, s.applicable(a1), "once")
	assert.False(t, s.applicable(a2), "it was made on b1")
	s.apply(b1)
	assert.True(t, s.applicable(a2))
	s.apply(a2)
	assert.Equal(t, stored{cell.Cell{Value: 3}, 0, 2}, s.Cells["x"])
}

// TestLocks frees a key for who has seen its last version, and for no other while it is locked.
func TestLocks(t *testing.T) {
	s := newState(2)
	assert.True(t, s.free("x", id{1, 1, 1}, vector{0, 0}))
	s.Locks["x"] = id{0, 1, 1}
	assert.False(t, s.free("x", id{1, 1, 1}, vector{0, 0}))
	assert.True(t, s.free("x", id{0, 1, 1}, vector{0, 0}), "it has the lock itself")
	s.apply(commitOf(0, 1, vector{0, 0}, "x", 1))
	assert.Empty(t, s.Locks, "the transaction that had it is there")
	assert.False(t, s.free("x", id{1, 1, 1}, vector{0, 0}), "it was changed since")
	assert.True(t, s.free("x", id{1, 1, 1}, vector{1, 0}))
	assert.True(t, s.committed(id{0, 1, 1}))
	assert.False(t, s.committed(id{0, 1, 2}))
}

func TestMissing(t *testing.T) {
	s := newState(2)
	for n := range uint64(5) {
		s.apply(commitOf(0, n+1, vector{0, 0}, "x", 1))
	}
	all, gone := s.missing(vector{2, 7}, 2)
	assert.Len(t, all, 2)
	assert.EqualValues(t, 3, all[0].Seq)
	assert.False(t, gone)
	s.forget(vector{4, 0})
	all, gone = s.missing(vector{4, 0}, 2)
	assert.Len(t, all, 1)
	assert.False(t, gone)
	_, gone = s.missing(vector{3, 0}, 2)
	assert.True(t, gone)
}
