package calvin

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/model"
)

func appends(session, number uint64, shards []int, keys ...string) *entry {
	e := &entry{Ticket: ticket{session, number}, Shards: shards}
	for i, k := range keys {
		e.Ops = append(e.Ops, model.TxnOp{F: model.TxnAppend, Key: k, Value: int(number)*10 + i})
	}
	return e
}

// TestLocks grants locks in the order of the log: who needs one that is held waits, though the others are free.
func TestLocks(t *testing.T) {
	s := newScheduler()
	first, second, third := &task{entry: appends(1, 1, nil, "x", "y")}, &task{entry: appends(2, 1, nil, "y", "z")}, &task{entry: appends(3, 1, nil, "z")}
	fourth := &task{entry: appends(4, 1, nil, "w")}
	assert.True(t, s.admit(first))
	assert.False(t, s.admit(second))
	assert.False(t, s.admit(third), "z is for the second, though that can't begin yet")
	assert.True(t, s.admit(fourth))
	assert.Empty(t, s.release(fourth))
	assert.Equal(t, []*task{second}, s.release(first))
	assert.Equal(t, []*task{third}, s.release(second))
	assert.Empty(t, s.release(third))
	assert.Zero(t, s.tasks)
	assert.Empty(t, s.locks)
}

// TestOnce admits each transaction once, whatever the log has.
func TestOnce(t *testing.T) {
	s := newState(3)
	assert.True(t, s.admit(ticket{1, 1}))
	assert.False(t, s.admit(ticket{1, 1}))
	_, ok := s.answered(ticket{1, 1})
	assert.False(t, ok, "it was not carried out yet")
	s.carryOut(appends(1, 1, []int{s.home("x").Shard}, "x"), rules{moveEvery: 4})
	l, ok := s.answered(ticket{1, 1})
	assert.True(t, ok)
	assert.False(t, l.Aborted)
	assert.True(t, s.admit(ticket{1, 2}))
	assert.False(t, s.admit(ticket{1, 1}), "an old one that comes late")
}

// TestMoves moves a row, and aborts who looks for it where it was.
func TestMoves(t *testing.T) {
	s := newState(2)
	was := s.home("x").Shard
	for n := range uint64(2) {
		s.admit(ticket{1, n + 1})
		require.False(t, s.carryOut(appends(1, n+1, []int{was}, "x"), rules{moveEvery: 2}).Aborted)
	}
	now := s.home("x").Shard
	require.NotEqual(t, was, now)
	assert.Equal(t, []int{10, 20}, s.Cells[now]["x"].List)
	s.admit(ticket{1, 3})
	assert.True(t, s.carryOut(appends(1, 3, []int{was}, "x"), rules{moveEvery: 2}).Aborted)
	assert.Equal(t, []int{10, 20}, s.Cells[now]["x"].List)
	again, err := restore(s.encode(), 2)
	require.NoError(t, err)
	assert.Equal(t, s, again)
	_, err = restore([]byte("{"), 2)
	assert.Error(t, err)
}
