package history

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRowsKeepEveryOp adds ops with whatever values their fields can have, also those that no row can hold.
func TestRowsKeepEveryOp(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 11))
		text := func() string { return []string{"", "k1", "k2", strconv.Itoa(r.IntN(1000))}[r.IntN(4)] }
		value := func() any { return []any{nil, nil, 7, "seven", []int(nil)}[r.IntN(5)] }
		number := func() int {
			return []int{Nemesis, 0, r.IntN(100), math.MaxInt32, math.MaxInt32 + 1, math.MinInt}[r.IntN(6)]
		}
		var h History
		var want []Op
		for i := range 40 {
			op := Op{
				Time: Forever >> r.IntN(64), Process: number(), Node: text(), Type: Type(r.IntN(5)), Key: text(), Input: value(), Output: value(), Err: text(),
			}
			added := h.Add(op)
			op.Index = i
			require.Equal(t, op, added)
			want = append(want, op)
		}
		require.Equal(t, want, slices.Collect(h.Ops()), "seed %d", seed)
		for i := range want {
			process, kind := h.ops.caller(i)
			require.Equal(t, want[i], h.At(i))
			require.Equal(t, []any{want[i].Process, want[i].Type}, []any{process, kind})
		}
	}
}

// TestRowsKeepManyNodes has more nodes than a row can number.
func TestRowsKeepManyNodes(t *testing.T) {
	var h History
	for i := range math.MaxUint16 + 3 {
		h.Add(Op{Node: strconv.Itoa(i), Process: i})
	}
	for i := range h.Len() {
		if node := h.At(i).Node; node != strconv.Itoa(i) {
			t.Fatalf("op %d has node %q", i, node)
		}
	}
	assert.Len(t, h.ops.odd, 3)
}
