package jepsen

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/stats"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/internal/checkertest"
)

var jepsenFamily = []checker.Checker{
	FinalSet(), SetFull(false), SetFull(true), CounterBounds(), QueueSources(), TotalQueue(false), TotalQueue(true), DistinctIDs(),
	Bank(BankRule{}), Bank(BankRule{Accounts: []string{"0"}}), LongFork(0), LongFork(2), CausalReverse(), MonotonicInserts(false),
	MonotonicInserts(true), stats.New(stats.Limits{EachF: true}),
}

// Nothing that stands in a history brings a checker down.
func TestJepsenFamilyTakesGarbage(t *testing.T) {
	values := []any{
		nil, 1, -1, "", "a", 2.5, math.NaN(), math.MinInt64, uint64(math.MaxUint64), true, []any{}, []any{nil, []int{1}}, []int{1, 1}, []string{"a"},
		map[string]any{"f": "add", "value": 1}, map[string]any{"x": func() {}}, map[int]int{1: 1}, map[string]int{"a": math.MaxInt},
		edn.Map{{Key: []any{1}, Value: nil}}, edn.Set{1, 1}, edn.List{edn.Keyword("a")}, history.Null{}, edn.Char('x'),
		struct{ F int }{1}, struct{ F, Key string }{"read", "k"}, &struct{ F string }{"add"}, func() {}, make(chan int), [2]int{1, 2},
		GroupOp{F: "read"}, GroupOp{F: "read", Keys: []int{1, 1}}, BankOp{F: "read"}, MonotonicRow{}, []MonotonicRow{{}, {}}, complex(1, 1), error(nil), struct{}{},
		[]any{[]any{edn.Keyword("r"), []any{1}, nil}}, []any{[]any{"w", 1, 1}, []any{"w", 1, 1}}, []any{[]any{"x", 1, 1}}, []any{[]any{}},
	}
	fs := []string{"add", "read", "enqueue", "dequeue", "drain", "generate", "transfer", "write", "txn", "", "remove"}
	r := rand.New(rand.NewPCG(1, 4))
	for range checkertest.Runs(t) {
		h := history.Of()
		for range r.IntN(12) {
			v := values[r.IntN(len(values))]
			op := history.Op{Process: r.IntN(4) - 1, Type: history.Type(r.IntN(5)), Key: []string{"", "", "k"}[r.IntN(3)]}
			f := fs[r.IntN(len(fs))]
			switch r.IntN(4) {
			case 0:
				op.Input, op.Output = v, v
			case 1:
				op.Input, op.Output = checkertest.Ask{F: f, Value: v}, v
			default:
				op.Input, op.Output = history.JepsenOp{F: f, Value: v}, history.JepsenOp{F: f, Value: v}
			}
			h.Add(op)
		}
		for i, c := range jepsenFamily {
			require.NotContains(t, c.Check(t.Context(), h).Reason, "panicked", "checker %d of\n%s", i, h)
		}
	}
}

// FuzzJepsenFamily judges whatever can be read.
func FuzzJepsenFamily(f *testing.F) {
	for _, ops := range []string{
		`{:process 0, :type :invoke, :f :add, :value 1} {:process 0, :type :ok, :f :add} {:process 1, :type :ok, :f :read, :value [1 1 #{2}]}`,
		`{:process 0, :type :invoke, :f :enqueue, :value nil} {:process 0, :type :fail, :f :dequeue, :value 3} {:process 0, :type :ok, :f :drain, :value ()}`,
		`{:process 0, :type :invoke, :f :read, :value [[:r 1 nil] [:r 2 1]]} {:process 0, :type :ok, :f :read, :value {0 -1, "b" nil}}`,
		`{:process 0, :type :invoke, :f :write, :value [[:w 1 1]]} {:process :nemesis, :type :info, :f :start} {:process 0, :type :info, :f :generate}`,
		`{:process 0, :type :ok, :f :read, :value [{:val 1, :sts 99999999999999999999} [1 2 3]], :time -5}`,
		`{"process":0,"type":"invoke","f":"transfer","value":{"from":1}}`,
	} {
		f.Add(ops)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := history.Decode(strings.NewReader(text), "fuzz", history.Options{Lenient: true})
		if err != nil {
			return
		}
		for _, c := range jepsenFamily {
			if r := c.Check(t.Context(), h); strings.Contains(r.Reason, "input or an output panicked") {
				t.Fatal(r.Reason)
			}
		}
	})
}

// What makes no sense is named by its op.
func TestJepsenFamilyNamesTheOp(t *testing.T) {
	call := func(in, out any) *history.History {
		return history.Of(history.Op{Process: 3, Type: history.Invoke, Input: in}, history.Op{Process: 3, Type: history.OK, Node: "n2", Output: out})
	}
	for _, test := range []struct {
		c       checker.Checker
		in, out any
		verdict checker.Verdict
		reason  string
	}{
		{FinalSet(), 7, nil, checker.Unknown, "process 3 (op 0) asked for a int that has no field F: 7"},
		{FinalSet(), checkertest.Ask{F: "remove"}, nil, checker.Unknown, `the set checker judges add, read, but process 3 (op 0) asked for "remove"`},
		{FinalSet(), checkertest.Ask{F: "read"}, 7, checker.Invalid, "the system answered garbage: process 3 at n2 (op 1) was answered 7, a int where a list of values was due"},
		{SetFull(false), checkertest.Ask{F: "read"}, "x", checker.Invalid, "the system answered garbage: process 3 at n2 (op 1) was answered x, a string where a list of values was due"},
		{CounterBounds(), checkertest.Ask{F: "add", Value: "x"}, nil, checker.Unknown, "process 3 (op 0) asked for a add of x, a string where a number was due"},
		{CounterBounds(), checkertest.Ask{F: "read"}, 1 << 50, checker.Invalid, "the system answered garbage: process 3 at n2 (op 1) was answered 1125899906842624, a number beyond 2^40"},
		{CounterBounds(), checkertest.Ask{F: "read"}, nil, checker.Invalid, "the system answered garbage: process 3 at n2 (op 1) was answered <nil>, nothing where a number was due"},
		{TotalQueue(false), checkertest.Ask{F: "drain"}, 1, checker.Invalid, "the system answered garbage: process 3 at n2 (op 1) was answered 1, a int where a list of values was due"},
		{QueueSources(), checkertest.Ask{F: "drain"}, 1, checker.Invalid, "the system answered garbage: process 3 at n2 (op 1) was answered 1, a int where a list of values was due"},
		{Bank(BankRule{}), BankOp{F: "read"}, true, checker.Invalid, "the system answered garbage: process 3 at n2 (op 1) was answered true, a bool where balances were due"},
		{Bank(BankRule{}), BankOp{F: "read"}, []any{"x"}, checker.Invalid, "the system answered garbage: process 3 at n2 (op 1) was answered [x], a string where a number was due"},
		{LongFork(0), GroupOp{F: "read", Keys: []int{1, 2}}, []int{1}, checker.Invalid, "the system answered garbage: process 3 at n2 (op 1) was answered [1], no value for each of 2 keys"},
		{LongFork(0), checkertest.Ask{F: "read", Value: 4}, nil, checker.Unknown, "process 3 (op 0) asked for a read of 4, a int where steps were due"},
		{CausalReverse(), checkertest.Ask{F: "read"}, 7, checker.Invalid, "the system answered garbage: process 3 at n2 (op 1) was answered 7, a int where a list of values was due"},
		{MonotonicInserts(false), checkertest.Ask{F: "read"}, 7, checker.Invalid, "the system answered garbage: process 3 at n2 (op 1) was answered 7, a int where rows were due"},
	} {
		r := test.c.Check(t.Context(), call(test.in, test.out))
		require.Equal(t, test.verdict, r.Verdict, test.reason)
		require.Equal(t, test.reason, r.Reason)
		if r.Verdict == checker.Invalid {
			require.Len(t, r.Counterexample.Calls, 1)
		}
	}
}

// Keys are judged one by one, and inputs may have several shapes.
func TestJepsenFamilyByKey(t *testing.T) {
	h := history.Of()
	do := func(in, out any) {
		h.Add(history.Op{Process: h.Len(), Type: history.Invoke, Input: in})
		h.Add(history.Op{Process: h.Len() - 1, Type: history.OK, Output: out})
	}
	do(checkertest.Ask{F: "add", Key: "a", Value: 1}, nil)
	do(map[string]any{"f": "add", "key": "b", "value": 2}, nil)
	do(map[string]any{"f": "read", "key": "a"}, []any{1})
	do(checkertest.Ask{F: "read", Key: "b"}, []int{1})
	r := FinalSet().Check(t.Context(), h)
	require.Equal(t, "1 element lost, 1 unexpected (2 attempted, 2 acknowledged, 1 ok)", r.Reason)
	require.Equal(t, "b", r.Counterexample.Key)
	require.Equal(t, "process 6 read 1, which no call had asked to add on b", r.Counterexample.Reason)
	f, ok := FindingsOf(r)
	require.True(t, ok)
	require.Equal(t, Count{Name: "lost", N: 1, Wrong: true, Values: []string{"2"}}, f.Counts[5])
	_, ok = FindingsOf(checker.Result{})
	require.False(t, ok)
	require.Zero(t, f.N("whatever"))

	done, cancel := context.WithCancel(t.Context())
	cancel()
	r = FinalSet().Check(done, h)
	require.Equal(t, checker.Unknown, r.Verdict)
	require.True(t, strings.HasPrefix(r.Reason, "stopped after 0 of 2 keys: context canceled"), r.Reason)
}

func TestGroupOpAndBankOpInWords(t *testing.T) {
	require.Equal(t, "read [1 2]; write 3 to [1]; read; transfer 5 from 1 to 2", fmt.Sprintf("%v; %v; %v; %v",
		GroupOp{F: "read", Keys: []int{1, 2}}, GroupOp{F: "write", Keys: []int{1}, Value: 3}, BankOp{F: "read"},
		BankOp{F: "transfer", From: 1, To: 2, Amount: 5}))
}

// A rude input panics when it is asked what it is.
type rude struct{}

func (rude) Jepsen(history.Type, any) (history.Type, history.JepsenOp) { panic("not today") }

// A polite one says it.
type polite struct{ value int }

func (p polite) Jepsen(t history.Type, _ any) (history.Type, history.JepsenOp) {
	return t, history.JepsenOp{F: "add", Value: p.value}
}

func TestJepsenFamilyAsksInputs(t *testing.T) {
	r := FinalSet().Check(t.Context(), history.Of(history.Op{Type: history.Invoke, Input: rude{}}))
	require.Equal(t, checker.Unknown, r.Verdict)
	require.Equal(t, "an input or an output panicked: not today", r.Reason)
	r = FinalSet().Check(t.Context(), history.Of(
		history.Op{Type: history.Invoke, Input: polite{4}}, history.Op{Type: history.OK},
		history.Op{Type: history.Invoke, Input: checkertest.Ask{F: "read"}}, history.Op{Type: history.OK, Output: []any{}},
	))
	require.Equal(t, "4 was added, but process 0, the last to read, did not see it", r.Counterexample.Reason)
}
