package consistency

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// TestNilIsAnAnswer has reads that found nothing, and holds every model and consistency of registers to that.
func TestNilIsAnAnswer(t *testing.T) {
	read := model.RegisterOp{F: "read"}
	write := func(v int) model.RegisterOp { return model.RegisterOp{F: "write", Value: v} }
	cas := func(old, v int) model.RegisterOp { return model.RegisterOp{F: "cas", Old: old, Value: v} }
	for _, tc := range []struct {
		name  string
		calls []any
		want  checker.Verdict
	}{
		{"nothing at first", []any{read, model.Nil, read, model.Nil}, checker.Valid},
		{"0 at first", []any{read, 0, read, model.Nil, read, 0}, checker.Valid},
		{"nothing, then a value", []any{read, model.Nil, write(1), 0, read, 1}, checker.Valid},
		{"lost", []any{write(1), 0, read, model.Nil}, checker.Invalid},
		{"lost later", []any{read, model.Nil, write(1), 0, read, 1, read, model.Nil}, checker.Invalid},
		{"lost as 0", []any{read, model.Nil, write(1), 0, read, 0}, checker.Invalid},
		{"0 was written", []any{read, model.Nil, write(0), 0, read, 0}, checker.Valid},
		{"0 was written and lost", []any{write(0), 0, read, model.Nil}, checker.Invalid},
		{"0 among others", []any{read, model.Nil, write(0), 0, write(1), 0, read, 1}, checker.Valid},
		{"a cas that finds nothing", []any{cas(0, 1), model.Nil, read, model.Nil}, checker.Valid},
		{"a cas that found nothing later", []any{write(2), 0, cas(0, 1), model.Nil}, checker.Invalid},
		{"a cas from nothing", []any{cas(model.Nil, 1), model.Nil, read, 1}, checker.Valid},
		{"nothing was written", []any{write(1), 0, write(model.Nil), 0, read, model.Nil}, checker.Valid},
		{"nothing was written first", []any{write(model.Nil), 0, write(1), 0, read, model.Nil}, checker.Invalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := checkertest.Untimed(tc.calls...)
			r := linearizable.New(model.Register()).Check(t.Context(), h).Explain(t.Context())
			assert.Equal(t, tc.want, r.Verdict, r.Reason)
			if tc.want == checker.Invalid {
				require.NotNil(t, r.Counterexample)
				assert.NotContains(t, r.Counterexample.Reason, "-9223372036854775808")
			}
		})
	}
}

// TestNilIsLost has a process write, and then find nothing: no consistency that is about the end or about one's own
// writes allows for that.
func TestNilIsLost(t *testing.T) {
	h := &history.History{}
	add := func(op history.Op) { h.Add(op) }
	for _, c := range [][2]any{{model.RegisterOp{F: "read"}, model.Nil}, {model.RegisterOp{F: "write", Value: 1}, 0}, {model.RegisterOp{F: "read"}, 1}, {model.RegisterOp{F: "read"}, model.Nil}} {
		add(history.Op{Type: history.Invoke, Input: c[0]})
		add(history.Op{Type: history.OK, Output: c[1]})
	}
	for _, name := range []string{"linearizable", "sequential", "causal-convergent", "causal-memory", "causal", "pram", "monotonic",
		"read-your-writes", "monotonic-reads", "convergent", "lost"} {
		c, err := Named(model.Register(), name)
		require.NoError(t, err)
		r := c.Check(t.Context(), h).Explain(t.Context())
		assert.Equal(t, checker.Invalid, r.Verdict, "%s: %s", name, r.Reason)
		require.NotNil(t, r.Counterexample, name)
		assert.Regexp(t, "nothing|nil", r.Counterexample.Reason, name)
	}
	s, err := MeasureStaleness(model.Register(), h)
	require.NoError(t, err)
	assert.Equal(t, 1, s.Stale)
	assert.NotContains(t, Strongest(t.Context(), model.Register(), h), "linearizable")
}

func TestNilInTransactions(t *testing.T) {
	read, write := []model.RegisterOp{{F: "read", Key: "x"}}, func(v int) []model.RegisterOp { return []model.RegisterOp{{F: "write", Key: "x", Value: v}} }
	for want, calls := range map[checker.Verdict][]any{
		checker.Valid:   {read, []int{model.Nil}, read, []int{0}, write(1), []int{0}, read, []int{1}},
		checker.Invalid: {write(0), []int{0}, read, []int{model.Nil}},
	} {
		r := linearizable.New(model.MultiRegister()).Check(t.Context(), checkertest.Untimed(calls...))
		assert.Equal(t, want, r.Verdict)
	}
}

// TestIncrementsAreAnswered has two increments that were both answered 1.
func TestIncrementsAreAnswered(t *testing.T) {
	up := model.CounterOp{F: "increment", Value: 1}
	r := linearizable.New(model.Counter()).Check(t.Context(), checkertest.Untimed(up, 1, up, 1)).Explain(t.Context())
	assert.Equal(t, checker.Invalid, r.Verdict)
	assert.Equal(t, "process 1 was answered increment 1 → 1, but another increment had been answered 1 as well: one of them is lost", r.Counterexample.Reason)
	for want, calls := range map[checker.Verdict][]any{
		checker.Valid:   {up, 1, model.CounterOp{F: "add", Value: 2}, 0, up, 4, model.CounterOp{F: "increment", Value: -4}, 0, model.CounterOp{F: "read"}, 0},
		checker.Invalid: {up, 1, up, 3, model.CounterOp{F: "read"}, 3},
	} {
		assert.Equal(t, want, linearizable.New(model.Counter()).Check(t.Context(), checkertest.Untimed(calls...)).Verdict)
	}
}

// TestWholeCall has reads of values that no call wrote, and asks which call is blamed for each.
func TestWholeCall(t *testing.T) {
	read := model.RegisterOp{F: "read", Key: "x"}
	for _, tc := range []struct {
		calls []any
		want  string
		shown int
	}{
		{[]any{model.RegisterOp{F: "write", Key: "x", Value: 7}, 0, model.RegisterOp{F: "cas", Key: "x", Old: 3, Value: 9}, 7, read, 9},
			"process 2 read 9 from x; only process 1's cas 3 → 9 could have written it, and it was answered that it had found 7", 2},
		{[]any{model.RegisterOp{F: "write", Key: "y", Value: 5}, 0, read, 5},
			"process 1 read 5 from x, which was never written there; process 0 asked for it on y: write 5", 2},
		{[]any{read, 4}, "process 0 read 4 from x, which was never written", 1},
		{[]any{model.RegisterOp{F: "cas", Key: "x", Old: 3, Value: 9}, 8}, "process 0 found 8 in x, which was never written", 1},
	} {
		h := checkertest.Untimed(tc.calls...)
		for _, name := range []string{"linearizable", "causal", "lost"} {
			c, err := Named(model.Register(), name)
			require.NoError(t, err)
			r := c.Check(t.Context(), h).Explain(t.Context())
			require.Equal(t, checker.Invalid, r.Verdict, "%s: %v", name, tc.calls)
			assert.Equal(t, tc.want, r.Counterexample.Reason, name)
			assert.Len(t, r.Counterexample.Calls, tc.shown)
		}
	}
}

// TestNilAfterAWrite has another process find nothing after a write was acknowledged, which no consistency allows
// for, unless the key is known to have begun with nothing: then what a lagging replica says may be old.
func TestNilAfterAWrite(t *testing.T) {
	read, write := model.RegisterOp{F: "read", Key: "x"}, model.RegisterOp{F: "write", Key: "x", Value: 1}
	names := []string{"staleness", "lost"}
	for _, l := range Levels(model.Register()) {
		names = append(names, l.Name)
	}
	lost, lagging := checkertest.Untimed(write, 0, read, model.Nil), checkertest.Untimed(read, model.Nil, write, 0, read, model.Nil, read, 1)
	for _, name := range names {
		c, err := Named(model.Register(), name)
		require.NoError(t, err)
		r := c.Check(t.Context(), lost).Explain(t.Context())
		assert.Equal(t, checker.Invalid, r.Verdict, name)
		require.NotNil(t, r.Counterexample, name)
		assert.Equal(t, "process 1 found nothing in x, but process 0 had written 1 before that read began", r.Counterexample.Reason, name)
	}
	assert.Equal(t, checker.Invalid, New(model.Register()).Check(t.Context(), lost).Verdict)
	assert.Equal(t, checker.Valid, Sequential(model.Register()).Check(t.Context(), lagging).Verdict)
	assert.Equal(t, checker.Invalid, linearizable.New(model.Register()).Check(t.Context(), lagging).Verdict)
}
