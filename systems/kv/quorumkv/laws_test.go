package quorumkv

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/systems/internal/dots"
	"github.com/capsize-go/capsize/systems/internal/fields"
	"github.com/capsize-go/capsize/systems/journal"
)

// draws returns a generator for a test.
func draws(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// A replicas value is a few replicas of one key, which exchange objects in any order.
type replicas struct {
	conflict Conflict
	replicas [3]object
	count    [3]uint64
}

// step has one replica take a write, which has seen what some replica holds or nothing, or
// take in what another holds.
func (w *replicas) step(r *rand.Rand, value int) {
	i, j := r.IntN(3), r.IntN(3)
	if r.IntN(2) == 0 {
		w.replicas[i] = w.conflict.merge(w.replicas[i], w.replicas[j])
		return
	}
	w.count[i]++
	s := sibling{dot: dot{Actor: uint64(i), N: w.count[i]}, value: value}
	o := object{siblings: []sibling{s}}
	if w.conflict == Vectors {
		var seen dots.Set
		if r.IntN(3) > 0 {
			seen = w.replicas[j].seen
		}
		o.seen = seen.With(s.dot)
	} else {
		o.siblings[0].at = stamp{int64(r.IntN(4)), uint32(r.IntN(2))}
	}
	w.replicas[r.IntN(3)] = w.conflict.merge(w.replicas[r.IntN(3)], o)
}

// TestMergeLaws has merges be commutative, associative and idempotent on what replicas
// come to hold.
func TestMergeLaws(t *testing.T) {
	tier.SkipComputing(t)
	for _, c := range []Conflict{Vectors, HLC, LWW} {
		t.Run(c.String(), func(t *testing.T) {
			siblings := 0
			for seed := range uint64(500) {
				w, r := replicas{conflict: c}, draws(seed)
				for value := range 12 {
					w.step(r, value)
				}
				x, y, z := w.replicas[0], w.replicas[1], w.replicas[2]
				xy := c.merge(x, y)
				require.True(t, xy.equal(c.merge(y, x)), "commutative: %v %v", x, y)
				require.True(t, c.merge(xy, z).equal(c.merge(x, c.merge(y, z))), "associative")
				require.True(t, c.merge(x, x).equal(x), "idempotent")
				require.True(t, c.merge(xy, x).equal(xy), "old news is none")
				siblings = max(siblings, len(xy.siblings))
				rd := fields.Reader{B: xy.encode(nil)}
				require.True(t, xy.equal(readObject(&rd)))
				require.NoError(t, rd.Err)
			}
			if c == Vectors {
				assert.Greater(t, siblings, 2)
			} else {
				assert.Equal(t, 1, siblings)
			}
		})
	}
	assert.Equal(t, "conflict(9)", Conflict(9).String())
}

// TestMergeKeepsUnseen has a write replace what it has seen and nothing else.
func TestMergeKeepsUnseen(t *testing.T) {
	write := func(actor, n uint64, value int, seen dots.Set) object {
		d := dot{Actor: actor, N: n}
		return object{[]sibling{{dot: d, value: value}}, seen.With(d)}
	}
	first, second := write(1, 1, 10, nil), write(1, 2, 20, nil)
	both := Vectors.merge(first, second)
	assert.Equal(t, []int{10, 20}, both.values(), "two clients of one coordinator")
	assert.Equal(t, []int{10, 30}, Vectors.merge(both, write(2, 1, 30, second.seen)).values(), "who saw the second did not see the first")
	assert.Equal(t, []int{40}, Vectors.merge(both, write(2, 1, 40, both.seen)).values())
	assert.Equal(t, []int{40}, Vectors.merge(write(2, 1, 40, both.seen), first).values(), "and what comes late stays replaced")
}

// TestHybridClock has times rise whatever the wall clock does, and stay as near to the
// latest wall clock as the paper says.
func TestHybridClock(t *testing.T) {
	start := time.Unix(1000, 0)
	for seed := range uint64(200) {
		r := draws(seed)
		var clocks [3]hybrid
		latest := int64(0)
		var sent stamp
		for range 50 {
			i := r.IntN(3)
			now := start.Add(time.Duration(r.IntN(100)))
			latest = max(latest, now.UnixNano())
			before := clocks[i].last
			clocks[i].see(sent)
			at := clocks[i].tick(now)
			require.Positive(t, at.compare(before), "it rises")
			require.Positive(t, at.compare(sent), "and is later than what was seen")
			require.LessOrEqual(t, at.wall, latest, "and no clock is ahead of all wall clocks")
			if r.IntN(2) == 0 {
				sent = at
			}
		}
	}
}

// TestReaderRefuses reads all beginnings of a record, none of which is whole.
func TestReaderRefuses(t *testing.T) {
	o := object{[]sibling{{dot{Actor: 7, N: 300}, stamp{1 << 40, 3}, -5}}, dot{Actor: 7, N: 300}.All()}
	frame := appendRecord(nil, recordHint, hint{3, "key"}, o)
	rec, _, ok := journal.Next(frame, false)
	require.True(t, ok)
	for n := 1; n < len(rec); n++ {
		_, _, _, err := decodeRecord(rec[:n])
		require.ErrorIs(t, err, fields.ErrShort, "%d bytes", n)
	}
	kind, h, got, err := decodeRecord(rec)
	require.NoError(t, err)
	assert.Equal(t, byte(recordHint), kind)
	assert.Equal(t, hint{3, "key"}, h)
	assert.True(t, o.equal(got))
}
