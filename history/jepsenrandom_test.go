package history

import (
	"math/rand/v2"
	"testing"
)

// randomJepsen draws a history as Jepsen has them.
func randomJepsen(r *rand.Rand) *History {
	op := func() any {
		j := JepsenOp{F: []string{"", "read", "txn", "a b", "[x 1]"}[r.IntN(5)], Value: randomEDN(r, 3)}
		if r.IntN(3) == 0 {
			j.More = Map{{Keyword("extra"), randomEDN(r, 1)}, {"odd", int64(1)}}
		}
		return j
	}
	h := randomHistory(r, op, op)
	asked := map[int]string{}
	for i, o := range h.ops {
		if o.Process != Nemesis && (o.Type == Fail || o.Type == Info) {
			h.ops[i].Output = op()
		}
		if j, ok := h.ops[i].Input.(JepsenOp); ok {
			asked[o.Process] = j.F
		} else if j, ok := h.ops[i].Output.(JepsenOp); ok {
			j.F = asked[o.Process]
			h.ops[i].Output = j
		}
		if o.Process == Nemesis && r.IntN(2) == 0 {
			h.ops[i] = Op{Index: i, Time: o.Time, Process: Nemesis, Type: Info, Output: op()}
		}
	}
	return h
}

func TestRoundTripJepsen(t *testing.T) {
	for seed := range uint64(300) {
		testRewritten(t, randomJepsen(rand.New(rand.NewPCG(seed, 6))))
	}
}
