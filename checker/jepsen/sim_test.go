package jepsen

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// A fakeSystem is a system that is asked and answers at an instant between the ends of a call.
type fakeSystem struct {
	ask   func(r *rand.Rand, n int) (f string, v any)
	do    func(r *rand.Rand, f string, v any) (out any)
	final string // what is asked at the end, when nothing else is going on
}

// run makes a history of it. Some calls fail, which does nothing, and some are indeterminate.
func (s fakeSystem) run(r *rand.Rand, calls, clients int) *history.History {
	type client struct {
		process int
		in      checkertest.Ask
		out     any
		typ     history.Type
		done    bool // it took effect
		open    bool
	}
	h := history.Of()
	all := make([]client, clients)
	next := clients
	for i := range all {
		all[i].process = i
	}
	maps := r.IntN(2) == 0
	add := func(c *client, t history.Type) {
		op := history.Op{Process: c.process, Type: t, Time: time.Duration(h.Len()) * time.Millisecond}
		switch {
		case t == history.Invoke && maps:
			op.Input = history.JepsenOp{F: c.in.F, Value: c.in.Value}
		case t == history.Invoke:
			op.Input = c.in
		case maps && t == history.OK && c.out != nil:
			op.Output = history.JepsenOp{F: c.in.F, Value: c.out}
		case maps:
			op.Output = history.JepsenOp{F: c.in.F, Value: c.in.Value}
		case t == history.OK:
			op.Output = c.out
		}
		h.Add(op)
	}
	begin := func(c *client, f string, v any) {
		c.in, c.open, c.done, c.out = checkertest.Ask{F: f, Value: v}, true, false, nil
		c.typ = []history.Type{history.OK, history.OK, history.OK, history.OK, history.Info, history.Fail}[r.IntN(6)]
		add(c, history.Invoke)
	}
	for n := 0; n < calls; {
		c := &all[r.IntN(clients)]
		switch {
		case !c.open:
			f, v := s.ask(r, n)
			n++
			begin(c, f, v)
		case !c.done:
			c.done = true
			if c.typ == history.OK || c.typ == history.Info && r.IntN(2) == 0 {
				c.out = s.do(r, c.in.F, c.in.Value)
			}
		default:
			c.open = false
			if c.typ != history.Info || r.IntN(2) == 0 {
				add(c, c.typ)
			}
			if c.typ == history.Info {
				c.process, next = next, next+1
			}
		}
	}
	if s.final != "" {
		c := &client{process: next}
		begin(c, s.final, nil)
		c.typ, c.out = history.OK, s.do(r, s.final, nil)
		add(c, history.OK)
	}
	return h
}

// compareFindings judges random histories, and compares the counts with those of a definition
// that are named. It also sees to it that a counterexample proves on its own what it says.
func compareFindings(t *testing.T, make func(r *rand.Rand) *history.History, c checker.Checker, define func(h *history.History) map[string]int) {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 11))
	verdicts := map[checker.Verdict]int{}
	for range checkertest.Runs(t) {
		h := make(r)
		got := c.Check(t.Context(), h)
		verdicts[got.Verdict]++
		f, ok := FindingsOf(got)
		require.True(t, ok, "%s\n%s", got.Reason, h)
		want := define(h)
		for name, n := range want { // order: each is compared on its own
			require.Equal(t, n, f.N(name), "%s\n%v\n%s", name, f, h)
		}
		require.Equal(t, got.Verdict == checker.Invalid, slices.ContainsFunc(f.Counts, func(c Count) bool { return c.Wrong && c.N > 0 }))
		if got.Verdict != checker.Invalid {
			require.Nil(t, got.Counterexample)
			continue
		}
		require.NotNil(t, got.Counterexample, "%s\n%s", got.Reason, h)
		require.Equal(t, checker.Invalid, c.Check(t.Context(), onlyCalls(got.Counterexample)).Verdict, "%s\n%s\nof\n%s", got.Counterexample.Reason, onlyCalls(got.Counterexample), h)
	}
	assert.Greater(t, verdicts[checker.Invalid], checkertest.Runs(t)/20, "the fakes are too well-behaved: %v", verdicts)
	assert.Greater(t, verdicts[checker.Valid]+verdicts[checker.Unknown], checkertest.Runs(t)/20, "the fakes are too bad: %v", verdicts)
}

// neverWrong sees to it that no history of a good system is found to be wrong.
func neverWrong(t *testing.T, make func(r *rand.Rand) *history.History, c checker.Checker) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 5))
	valid := 0
	for range checkertest.Runs(t) {
		h := make(r)
		got := c.Check(t.Context(), h)
		require.NotEqual(t, checker.Invalid, got.Verdict, "%s\n%s", got.Reason, h)
		if got.Verdict == checker.Valid {
			valid++
		}
	}
	assert.Greater(t, valid, checkertest.Runs(t)/5)
}

// onlyCalls returns the history of the calls of a counterexample.
func onlyCalls(w *checker.Counterexample) *history.History {
	var ops []history.Op
	for _, c := range w.Calls {
		ops = append(ops, c.Invoke)
		if !c.Open() {
			ops = append(ops, c.Complete)
		}
	}
	slices.SortFunc(ops, func(a, b history.Op) int { return a.Index - b.Index })
	return history.Of(ops...)
}

// A definedCall is a call as the definitions see it.
type definedCall struct {
	f        string
	v        any
	out      any
	inv, end int // end is never if it is not known to have ended well
	ok, fail bool
}

// definedCalls returns the calls of a history whose inputs are those of a fake.
func definedCalls(h *history.History) (all []definedCall) {
	for c := range h.Calls() {
		d := definedCall{inv: c.Invoke.Index, end: model.Never, ok: c.Complete.Type == history.OK, fail: c.Complete.Type == history.Fail}
		switch in := c.Invoke.Input.(type) {
		case checkertest.Ask:
			d.f, d.v = in.F, in.Value
		case history.JepsenOp:
			d.f, d.v = in.F, in.Value
		}
		if d.ok {
			d.end, d.out = c.Complete.Index, c.Complete.Output
			if op, ok := d.out.(history.JepsenOp); ok {
				d.out = op.Value
			}
		}
		all = append(all, d)
	}
	return all
}

func distinctInts(all []int) []int { return slices.Compact(slices.Sorted(slices.Values(all))) }
