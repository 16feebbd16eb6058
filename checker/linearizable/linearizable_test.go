package linearizable

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// A line is one call of a history that is written by hand: process, instants in ms,
// what is asked, and how it ended.
type line struct {
	process  int
	from, to int
	in       model.RegisterOp
	end      history.Type
	out      any
}

func w(process, from, to, v int) line {
	return line{process, from, to, model.RegisterOp{F: "write", Key: "k2", Value: v}, history.OK, 0}
}

func r(process, from, to, v int) line {
	return line{process, from, to, model.RegisterOp{F: "read", Key: "k2"}, history.OK, v}
}

func cas(process, from, to, old, v, found int) line {
	return line{process, from, to, model.RegisterOp{F: "cas", Key: "k2", Old: old, Value: v}, history.OK, found}
}

func (l line) ends(t history.Type) line {
	l.end, l.out = t, nil
	return l
}

// historyOf returns the history of lines, in the order of their instants, all of which differ.
func historyOf(lines ...line) *history.History {
	at := map[int]history.Op{}
	most := 0
	for _, l := range lines {
		ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
		at[l.from] = history.Op{Process: l.process, Time: ms(l.from), Type: history.Invoke, Key: l.in.Key, Input: l.in}
		if l.to > 0 {
			o := history.Op{Process: l.process, Time: ms(l.to), Type: l.end, Key: l.in.Key, Output: l.out}
			if l.end == history.Fail {
				o.Err = "no leader"
			}
			at[l.to] = o
		}
		most = max(most, l.from, l.to)
	}
	h := history.Of()
	for i := range most + 1 {
		if o, ok := at[i]; ok {
			h.Add(o)
		}
	}
	return h
}

var reasons = []struct {
	name  string
	lines []line
	want  string // of the counterexample; empty if the history is linearizable
	calls int
	blame int
}{
	{name: "nothing"},
	{name: "read your write", lines: []line{w(0, 1, 2, 5), r(0, 3, 4, 5)}},
	{name: "initial", lines: []line{r(0, 1, 2, 0)}},
	{name: "concurrent", lines: []line{w(0, 1, 9, 5), r(1, 2, 3, 0), r(1, 4, 5, 5)}},
	{name: "unknown write takes effect late", lines: []line{w(0, 1, 2, 5).ends(history.Info), r(1, 3, 4, 0), r(1, 5, 6, 5)}},
	{name: "unknown write never happens", lines: []line{w(0, 1, 2, 5).ends(history.Info), w(1, 3, 4, 6), r(1, 5, 6, 6)}},
	{name: "open write", lines: []line{w(0, 1, 0, 5), r(1, 3, 4, 5)}},
	{name: "failed swap reads", lines: []line{w(0, 1, 2, 5), cas(0, 3, 4, 7, 8, 5)}},
	{name: "swap of nothing", lines: []line{w(0, 1, 2, 5), cas(0, 3, 4, 5, 5, 5), r(0, 5, 6, 5)}},
	{
		name:  "stale read",
		lines: []line{w(2, 10, 20, 23), r(4, 21, 22, 23), w(3, 23, 30, 78), r(5, 31, 33, 78), r(1, 40, 50, 23)},
		want:  "process 1 read 23 from k2, but 78 had replaced it 10ms before that read began", calls: 3, blame: 2,
	},
	{
		name:  "stale read of nothing",
		lines: []line{w(3, 23, 30, 78), r(1, 40, 50, 0)},
		want:  "process 1 read the initial value 0 from k2, but 78 had replaced it 10ms before that read began", calls: 2, blame: 1,
	},
	{
		name:  "stale read after a swap",
		lines: []line{w(2, 1, 2, 23), cas(3, 23, 30, 23, 78, 23), r(1, 40, 50, 23)},
		want:  "process 1 read 23 from k2, but process 3 had swapped it for 78 10ms before that read began", calls: 3, blame: 2,
	},
	{
		name:  "never written",
		lines: []line{w(2, 1, 2, 23), r(1, 40, 50, 99)},
		want:  "process 1 read 99 from k2, which was never written", calls: 1,
	},
	{
		name:  "found but never written",
		lines: []line{w(2, 1, 2, 23), cas(1, 40, 50, 99, 5, 99)},
		want:  "process 1 found 99 in k2, which was never written", calls: 1,
	},
	{
		name:  "read before write",
		lines: []line{r(1, 10, 20, 23), w(2, 25, 30, 23)},
		want:  "process 1 read 23 from k2 5ms before process 2 began to write it", calls: 2,
	},
	{
		name:  "dirty read",
		lines: []line{w(2, 1, 2, 23).ends(history.Fail), r(1, 10, 20, 23)},
		want:  "process 1 read 23 from k2, but process 2 had failed to write it (no leader)", calls: 2, blame: 1,
	},
	{
		name:  "lost update",
		lines: []line{w(1, 1, 2, 12), cas(3, 3, 6, 12, 13, 12), cas(7, 4, 7, 12, 14, 12)},
		want:  "process 3 and process 7 both swapped 12 in k2 for something else", calls: 3, blame: 2,
	},
	{
		name:  "swap of what is gone",
		lines: []line{w(1, 1, 2, 12), w(2, 3, 4, 13), cas(3, 10, 20, 12, 14, 12)},
		want:  "process 3 swapped 12 in k2 for 14, but 13 had replaced it 6ms before that swap began", calls: 3, blame: 2,
	},
	{
		name:  "new-old inversion",
		lines: []line{w(1, 1, 2, 12), w(2, 3, 40, 13), r(3, 5, 10, 13), r(4, 20, 30, 12)},
		want:  "process 4 read 12 from k2, but process 3 had read 13, which replaced it, 10ms before that read began", calls: 4, blame: 3,
	},
	{
		name: "unknown swap, shown by a read",
		lines: []line{w(1, 1, 2, 12), cas(2, 3, 4, 12, 13, 0).ends(history.Info), r(3, 5, 10, 13),
			r(4, 20, 30, 12)},
		want: "process 4 read 12 from k2, but process 3 had read 13, which replaced it, 10ms before that read began", calls: 4, blame: 3,
	},
	{
		name:  "swaps in a circle",
		lines: []line{cas(1, 1, 5, 12, 13, 12), cas(2, 2, 6, 13, 12, 13)},
		want:  "no order of 2 calls on k2 explains what process 2 was answered: cas 13 → 12 ✓", calls: 2, blame: 1,
	},
	{
		name:  "values written twice",
		lines: []line{w(1, 1, 2, 12), w(1, 3, 4, 12), r(2, 5, 6, 12), r(2, 7, 8, 13)},
		want:  "process 2 read 13 from k2, which was never written", calls: 1,
	},
}

func TestReasons(t *testing.T) {
	for _, tt := range reasons {
		t.Run(tt.name, func(t *testing.T) {
			got := New(model.Register()).Check(t.Context(), historyOf(tt.lines...)).Draw(t.Context())
			assert.Equal(t, "linearizable", got.Checker)
			if tt.want == "" {
				assert.Equal(t, checker.Valid, got.Verdict, got.Reason)
				assert.Nil(t, got.Counterexample)
				return
			}
			require.Equal(t, checker.Invalid, got.Verdict)
			assert.Equal(t, tt.want, got.Counterexample.Reason)
			assert.Equal(t, "k2", got.Counterexample.Key)
			assert.Len(t, got.Counterexample.Calls, tt.calls)
			assert.Equal(t, tt.blame, got.Counterexample.Blamed)
			assert.Equal(t, "the only key is not linearizable", got.Reason)
			assert.Contains(t, string(got.Files["linearizable.html"]), "<html")
		})
	}
}

func TestGarbage(t *testing.T) {
	answered := historyOf(w(0, 1, 2, 5), line{3, 4, 5, model.RegisterOp{F: "read", Key: "k2"}, history.OK, "five"})
	got := New(model.Register()).Check(t.Context(), answered)
	assert.Equal(t, checker.Invalid, got.Verdict)
	assert.Equal(t, "the system answered garbage: process 3 (op 3) was answered a string, five, where a int was due", got.Reason)
	require.NotNil(t, got.Counterexample)
	assert.Len(t, got.Counterexample.Calls, 1)

	asked := history.Of(history.Op{Process: 1, Node: "n2", Type: history.Invoke, Input: 7})
	got = New(model.Register()).Check(t.Context(), asked)
	assert.Equal(t, checker.Unknown, got.Verdict)
	assert.Equal(t, "the register model takes model.RegisterOp, but process 1 at n2 (op 0) asked for a int: 7", got.Reason)
}

// stubborn is a model that panics at its second call.
func stubborn() model.Model[int, int, int] {
	return model.Model[int, int, int]{Name: "stubborn", Step: func(s, in, out int) (int, bool) {
		if in == 2 {
			panic("two")
		}
		return s + 1, true
	}}
}

func TestPanics(t *testing.T) {
	h := history.Of(
		history.Op{Process: 1, Type: history.Invoke, Input: 1}, history.Op{Process: 1, Type: history.OK},
		history.Op{Process: 1, Node: "n1", Type: history.Invoke, Input: 2}, history.Op{Process: 1, Type: history.OK},
	)
	got := New(stubborn()).Check(t.Context(), h)
	assert.Equal(t, checker.Unknown, got.Verdict)
	assert.Contains(t, got.Reason, "the stubborn model panicked at 2 → 0, process 1 at n1 (op 2): two")

	m := stubborn()
	m.Key = func(int) string { panic("key") }
	got = New(m).Check(t.Context(), h)
	assert.Equal(t, checker.Unknown, got.Verdict)
	assert.Equal(t, "the stubborn model panicked: key", got.Reason)

	assert.Panics(t, func() { New(model.Model[int, int, int]{}) })
}

// sums is a model whose histories are hard: the state says which calls came before.
func sums() model.Model[int, int, int] {
	return model.Model[int, int, int]{Name: "sums", Step: func(s, in, out int) (int, bool) {
		return s + in, out == 0 || out == s+in
	}}
}

// hard returns a history that a search takes ages for: n additions at a time, and an
// answer that none of their orders explains.
func hard(n int) *history.History {
	h := history.Of()
	for i := range n {
		h.Add(history.Op{Process: i, Type: history.Invoke, Input: 2 << i})
	}
	for i := range n {
		h.Add(history.Op{Process: i, Type: history.OK, Output: 0})
	}
	h.Add(history.Op{Type: history.Invoke, Input: 0})
	h.Add(history.Op{Type: history.OK, Output: 1})
	return h
}

func TestBudget(t *testing.T) {
	got := New(sums(), Within(20*time.Millisecond)).Check(t.Context(), hard(60))
	assert.Equal(t, checker.Unknown, got.Verdict)
	assert.Contains(t, got.Reason, "the 20ms for this check ended")

	got = New(sums(), Memory(1<<20)).Check(t.Context(), hard(60))
	assert.Equal(t, checker.Unknown, got.Verdict)
	assert.Regexp(t, "the memory for this check was used up after 0 of 61 calls, with [0-9]+ ways", got.Reason)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got = New(sums()).Check(ctx, hard(60))
	assert.Equal(t, checker.Unknown, got.Verdict)
}

func TestReasonCountsKeys(t *testing.T) {
	h := history.Of()
	call := func(in model.RegisterOp, out int) {
		h.Add(history.Op{Type: history.Invoke, Input: in})
		h.Add(history.Op{Type: history.OK, Output: out})
	}
	for _, key := range []string{"x", "y", "z"} {
		call(model.RegisterOp{F: "write", Key: key, Value: 1}, 0)
	}
	for i, want := range []string{"1 of 3 keys is not linearizable", "2 of 3 keys are not linearizable"} {
		call(model.RegisterOp{F: "read", Key: []string{"x", "y"}[i]}, 0)
		assert.Equal(t, want, New(model.Register()).Check(t.Context(), h).Reason)
	}
}
