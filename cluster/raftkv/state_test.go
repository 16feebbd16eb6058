package raftkv

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

func empty(t *testing.T) *state {
	t.Helper()
	s, err := restore(nil)
	require.NoError(t, err)
	return s
}

func TestApply(t *testing.T) {
	s := empty(t)
	assert.Equal(t, 0, s.apply(request{op: opPut, session: 1, number: 1, key: "x", value: 4}, true))
	assert.Equal(t, 4, s.apply(request{op: opCAS, session: 1, number: 2, key: "x", old: 3, value: 5}, true), "it found 4")
	assert.Equal(t, 4, s.values["x"], "so it did not set 5")
	assert.Equal(t, 4, s.apply(request{op: opCAS, session: 2, number: 1, key: "x", old: 4, value: 6}, true))
	assert.Equal(t, map[string]int{"x": 6}, s.values)
	assert.Equal(t, 0, s.apply(request{op: opCAS, session: 2, number: 2, key: "y", old: 0, value: 1}, true), "a key without a value has 0")
	assert.Equal(t, map[string]int{"x": 6, "y": 1}, s.values)
}

// TestApplyAgain has a request come twice, and late.
func TestApplyAgain(t *testing.T) {
	first := request{op: opCAS, session: 1, number: 7, key: "x", old: 0, value: 1}
	back := request{op: opPut, session: 2, number: 1, key: "x", value: 0}
	for _, dedup := range []bool{true, false} {
		s := empty(t)
		assert.Equal(t, 0, s.apply(first, dedup))
		s.apply(back, dedup)
		assert.Equal(t, 0, s.apply(first, dedup), "the answer is that of then")
		if dedup {
			assert.Equal(t, 0, s.values["x"], "it happens once")
		} else {
			assert.Equal(t, 1, s.values["x"], "it happens again")
		}
		s.apply(request{op: opPut, session: 1, number: 6, key: "x", value: 9}, dedup)
		assert.Equal(t, dedup, s.values["x"] != 9, "an older request of the session is one that was sent again")
	}
}

func TestSnapshot(t *testing.T) {
	s := empty(t)
	for i := range 100 {
		s.apply(request{op: opPut, session: uint64(i % 7), number: uint64(i), key: string(rune('a' + i%26)), value: i}, true)
	}
	again, err := restore(s.snapshot(0))
	require.NoError(t, err)
	assert.Equal(t, s, again)
	assert.Len(t, again.sessions, 7)
	for range 10 {
		require.Equal(t, s.snapshot(0), again.snapshot(0), "the bytes do not depend on the order of a map")
	}
	_, err = restore([]byte("no snapshot"))
	assert.ErrorContains(t, err, "decode snapshot")
}

func TestRequestBytes(t *testing.T) {
	for _, r := range []request{
		{op: opPut},
		{op: opCAS, session: math.MaxUint64, number: math.MaxUint64, key: "a key", old: math.MinInt, value: math.MaxInt},
		{op: opPut, session: 1, number: 300, key: "\x00\xff", old: -1, value: 128},
	} {
		assert.Equal(t, r, decodeRequest(encodeRequest(&r)))
	}
	assert.Panics(t, func() { decodeRequest([]byte{1, 2, 3}) })
}

func TestSortedTickets(t *testing.T) {
	m := map[ticket]cluster.Message{{2, 1}: {}, {1, 2}: {}, {1, 10}: {}, {3, 0}: {}}
	assert.Equal(t, []ticket{{1, 2}, {1, 10}, {2, 1}, {3, 0}}, sortedTickets(m))
}
