package consistency

import (
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/model"
	"github.com/stretchr/testify/require"
)

// isSequential is sequential consistency by its definition: it tries every order.
func isSequential(t *oracle) bool {
	var all []int
	for i, a := range t.happened {
		if w, ok := t.writer(a); a.finds && (!ok || w == i) {
			return false
		}
		all = append(all, i)
	}
	u := &oracle{happened: make([]oracleCall, len(t.happened))}
	for i, a := range t.happened {
		u.happened[i] = a
		u.happened[i].observes = a.finds // a swap happened only where it found what it was to find
	}
	return u.explained(all, func(a, b int) bool { return u.before(u.happened[b], u.happened[a]) }, func(int) bool { return true })
}

func TestSequentialAgreesWithItsDefinition(t *testing.T) {
	agreesOn(t, Sequential(model.Register()), 2000, isSequential, true)
}

// Replicas of one log, each with a lag of its own, are sequentially consistent, and not linearizable.
func TestSequentialReplaysALog(t *testing.T) {
	for _, l := range []laggard{{20_000, 50, 1, 0}, {20_000, 50, 100, 0}, {20_000, 50, 1, 5}, {20_000, 50, 100, 5}} {
		h := l.history()
		require.Equal(t, checker.Invalid, linearizable.New(model.Register()).Check(t.Context(), h).Verdict, "%v", l)
		require.Equal(t, checker.Valid, Sequential(model.Register()).Check(t.Context(), h).Verdict, "%v", l)
	}
}
