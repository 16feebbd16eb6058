package history

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/stretchr/testify/require"
)

// randomJepsen draws a history as Jepsen has them.
func randomJepsen(r *rand.Rand) *History {
	op := func() any {
		j := JepsenOp{F: []string{"", "read", "txn", "a b", "[x 1]"}[r.IntN(5)], Value: randomEDN(r, 3)}
		if r.IntN(3) == 0 {
			j.More = edn.Map{{Key: edn.Keyword("extra"), Value: randomEDN(r, 1)}, {Key: "odd", Value: int64(1)}}
		}
		return j
	}
	ops := opsOf(randomHistory(r, op, op))
	asked := map[int]string{}
	for i, o := range ops {
		if o.Process != Nemesis && (o.Type == Fail || o.Type == Info) {
			ops[i].Output = op()
		}
		if j, ok := ops[i].Input.(JepsenOp); ok {
			asked[o.Process] = j.F
		} else if j, ok := ops[i].Output.(JepsenOp); ok {
			j.F = asked[o.Process]
			ops[i].Output = j
		}
		if o.Process == Nemesis && r.IntN(2) == 0 {
			ops[i] = Op{Index: i, Time: o.Time, Process: Nemesis, Type: Info, Output: op()}
		}
	}
	return Of(ops...)
}

func TestRoundTripJepsen(t *testing.T) {
	for seed := range uint64(300) {
		testRewritten(t, randomJepsen(rand.New(rand.NewPCG(seed, 6))))
	}
}

// randomEDN draws a value of any kind that EDN has.
func randomEDN(r *rand.Rand, depth int) any {
	kinds := 20
	if depth == 0 {
		kinds = 14
	}
	seq := func() []any {
		all := make([]any, r.IntN(4))
		for i := range all {
			all[i] = randomEDN(r, depth-1)
		}
		return all
	}
	switch r.IntN(kinds) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2, 3:
		return int64(r.IntN(5))
	case 4:
		return []int64{math.MaxInt64, math.MinInt64, -1, 1 << 53}[r.IntN(4)]
	case 5:
		return []float64{0.5, 1, -1e300, 1e-300, 1e21, math.Inf(1)}[r.IntN(6)]
	case 6, 7:
		return []string{"", "a", "é😀", "\"\\\n\x00", ":a", "[1]", "3"}[r.IntN(7)]
	case 8, 9:
		return []edn.Keyword{"r", "append", "a/b", "x?"}[r.IntN(4)]
	case 10:
		return []edn.Symbol{"x", "a/b", "+"}[r.IntN(3)]
	case 11:
		return []edn.Char{'a', '\n', ' ', 'é', '(', 1}[r.IntN(6)]
	case 12:
		return []any{func() *big.Int { n, _ := new(big.Int).SetString("9223372036854775808", 10); return n }(), big.NewInt(3), big.NewRat(2, 3)}[r.IntN(3)]
	case 13:
		return []edn.Decimal{"1.50", "3", "1e400"}[r.IntN(3)]
	case 14, 15:
		return seq()
	case 16:
		return edn.List(seq())
	case 17:
		return edn.Set(seq())
	case 18:
		return edn.Tagged{Tag: "inst", Value: randomEDN(r, depth-1)}
	}
	m := edn.Map{}
	for range r.IntN(4) {
		m = append(m, edn.Pair{Key: randomEDN(r, depth-1), Value: randomEDN(r, depth-1)})
	}
	return m
}

func TestRoundTripEDN(t *testing.T) {
	for seed := range uint64(2000) {
		v := randomEDN(rand.New(rand.NewPCG(seed, 4)), 3)
		text, err := edn.Append(nil, v)
		require.NoError(t, err)
		again, err := edn.Parse(string(text))
		require.NoError(t, err, "%s", text)
		require.Equal(t, v, again, "%s", text)
	}
}
