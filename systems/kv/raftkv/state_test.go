package raftkv

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newState(t *testing.T) *state {
	t.Helper()
	s, err := restore(nil)
	require.NoError(t, err)
	return s
}

func TestStateApplies(t *testing.T) {
	s := newState(t)
	s.apply(request{op: opPut, session: 1, number: 1, key: "a", value: 5}, true)
	assert.Equal(t, 5, s.apply(request{op: opCAS, session: 1, number: 2, key: "a", old: 5, value: 6}, true))
	assert.Equal(t, 6, s.apply(request{op: opCAS, session: 1, number: 3, key: "a", old: 5, value: 7}, true), "it found another value")
	assert.Equal(t, 6, s.read("a").value)
}

func TestStateAnswersRetriesAsBefore(t *testing.T) {
	for _, dedup := range []bool{true, false} {
		s := newState(t)
		cas := request{op: opCAS, session: 1, number: 1, key: "a", old: 0, value: 1}
		s.apply(cas, dedup)
		s.apply(request{op: opPut, session: 2, number: 1, key: "a", value: 0}, dedup)
		assert.Equal(t, 0, s.apply(cas, dedup))
		assert.Equal(t, map[bool]int{true: 0, false: 1}[dedup], s.read("a").value)
	}
}

// TestStateTellsTimeForward applies what leaders with different clocks stamped.
func TestStateTellsTimeForward(t *testing.T) {
	s := newState(t)
	for _, step := range []struct{ stamp, modified int64 }{{100, 100}, {50, 100}, {101, 101}, {-7, 101}} {
		s.apply(request{op: opPut, session: 1, number: 1, key: "a", stamp: step.stamp}, false)
		assert.Equal(t, response{modified: step.modified}, s.read("a"))
	}
	s.apply(request{op: opCAS, session: 1, number: 9, key: "a", old: 7, stamp: 200}, true)
	assert.Equal(t, int64(101), s.read("a").modified, "it set nothing")
	assert.Zero(t, s.read("b").modified)
}

func TestStateSurvivesSnapshot(t *testing.T) {
	s := newState(t)
	for i := range 20 {
		s.apply(request{op: opPut, session: uint64(i), number: 3, key: string(rune('a' + i)), value: i - 7, stamp: int64(i)}, true)
	}
	s.values["\xff"] = version{3, 4} // a key that is not UTF-8 stays as it is
	back, err := restore(s.snapshot(0))
	require.NoError(t, err)
	assert.Equal(t, s, back)
	assert.Equal(t, s.snapshot(0), back.snapshot(0), "byte for byte")
	back, err = restore(s.snapshot(ForgetSessions))
	require.NoError(t, err)
	assert.Equal(t, s.values, back.values)
	assert.Empty(t, back.sessions)
	_, err = restore([]byte("nonsense"))
	assert.ErrorContains(t, err, "decode snapshot")
}

func TestRequestRoundTrip(t *testing.T) {
	for _, r := range []request{
		{op: opPut, session: 1<<63 + 1, number: 1 << 40, key: "", value: -1, stamp: -1},
		{op: opCAS, session: 0, number: 0, key: "käse", old: -1 << 60, value: 1 << 60, stamp: 1 << 62},
	} {
		assert.Equal(t, r, decodeRequest(encodeRequest(&r, r.stamp)))
	}
	assert.Panics(t, func() { decodeRequest([]byte("short")) })
}

func TestParseBug(t *testing.T) {
	names, docs := Bugs.Names()
	require.Len(t, docs, len(names))
	for _, name := range names {
		b, err := Bugs.Parse(name)
		require.NoError(t, err)
		assert.Equal(t, name, b.String())
	}
	b, err := Bugs.Parse("no-dedup,local-reads")
	require.NoError(t, err)
	assert.Equal(t, "local-reads,no-dedup", b.String())
	b, err = Bugs.Parse("none")
	require.NoError(t, err)
	assert.Equal(t, "none", b.String())
	_, err = Bugs.Parse("haste")
	assert.ErrorContains(t, err, `no bug "haste"; it has local-reads`)
}
