package vacuity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/checker/vacuity"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/model"
)

// called returns a history of calls, one after the other.
func called(calls ...history.Call) *history.History {
	h := &history.History{}
	for i, c := range calls {
		c.Invoke.Process, c.Complete.Process = i, i
		h.Add(c.Invoke)
		h.Add(c.Complete)
	}
	return h
}

func became(in any, t history.Type, err string) history.Call {
	c := history.Call{Invoke: history.Op{Input: in}, Complete: history.Op{Type: t, Err: err}}
	if t == history.OK {
		c.Complete.Output = 0
	}
	return c
}

func TestVacuous(t *testing.T) {
	op := func(f string) model.RegisterOp { return model.RegisterOp{F: f, Old: 1, Value: 2} }
	jepsen := func(f string, v any) history.JepsenOp { return history.JepsenOp{F: f, Value: v} }
	txn := func(f string) []any { return []any{[]any{edn.Keyword(f), int64(1), int64(2)}} }
	read := became(op("read"), history.OK, "")
	for _, tc := range []struct {
		name  string
		calls []history.Call
		may   []string
		want  string // empty if it is not vacuous
	}{
		{name: "nothing", want: "no operation was invoked: the history has no calls"},
		{name: "all failed", calls: []history.Call{became(op("write"), history.Fail, ""), became(op("read"), history.Fail, "")}, want: "none of 2 calls succeeded: all failed"},
		{name: "all unknown", calls: []history.Call{became(op("write"), history.Info, "timeout"), became(op("read"), history.Info, "")},
			want: `none of 2 calls succeeded: the first error was "timeout"`},
		{name: "without errors", calls: []history.Call{became(op("write"), history.Info, ""), became(op("write"), history.Info, "")},
			want: "none of 2 calls succeeded: all are indeterminate"},
		{name: "mixed", calls: []history.Call{became(op("write"), history.Info, ""), became(op("write"), history.Fail, ""), read},
			want: "none of 2 writes succeeded: 1 failed, 1 indeterminate"},
		{name: "one write", calls: []history.Call{became(op("write"), history.Fail, "no leader"), read}, want: `the only write did not succeed: its error was "no leader"`},
		{name: "a write may fail", calls: []history.Call{became(op("write"), history.Fail, "no leader"), read}, may: []string{"write"}},
		{name: "some call must succeed", calls: []history.Call{became(op("write"), history.Fail, "")}, may: []string{"write"}, want: "the only call did not succeed: it failed"},
		{name: "no is an answer", calls: []history.Call{became(op("cas"), history.Fail, ""), read}},
		{name: "no element", calls: []history.Call{became(model.QueueOp{F: "enqueue"}, history.OK, ""), became(model.QueueOp{F: "dequeue"}, history.Fail, "")},
			want: "the only dequeue did not succeed: it failed"},
		{name: "an error is none", calls: []history.Call{became(op("cas"), history.Fail, "connection refused"), read}, want: `the only cas did not succeed: its error was "connection refused"`},
		{name: "an unknown cas", calls: []history.Call{became(op("cas"), history.Info, ""), read}, want: "the only cas did not succeed: it is indeterminate"},
		{name: "Jepsen's", calls: []history.Call{became(jepsen("add", int64(1)), history.Info, ""), became(jepsen("read", nil), history.OK, "")},
			want: "the only add did not succeed: it is indeterminate"},
		{name: "transactions", calls: []history.Call{became(jepsen("txn", txn("w")), history.Fail, ""), became(jepsen("txn", txn("r")), history.OK, "")},
			want: "the only transaction with a write did not succeed: it failed"},
		{name: "slices", calls: []history.Call{became([]model.RegisterOp{op("write")}, history.Fail, ""), became([]model.RegisterOp{op("read")}, history.OK, "")},
			want: "the only transaction with a write did not succeed: it failed"},
		{name: "one kind", calls: []history.Call{became(1, history.OK, ""), became(2, history.Fail, "")}},
		{name: "JSON", calls: []history.Call{became(map[string]any{"f": "pop"}, history.Info, "gone"), became(map[string]any{"f": "push"}, history.OK, "")},
			want: `the only pop did not succeed: its error was "gone"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := called(tc.calls...)
			reason, vacuous := vacuity.Of(h, tc.may...)
			assert.Equal(t, tc.want, reason)
			assert.Equal(t, tc.want != "", vacuous)

			all := checker.Func(func(context.Context, *history.History) checker.Result {
				return checker.Result{Checker: "all is well", Reason: "yes"}
			})
			r := vacuity.Grounded(all, tc.may...).Check(t.Context(), h)
			s := vacuity.Succeeded(tc.may...).Check(t.Context(), h)
			assert.Equal(t, vacuous, r.Verdict == checker.Unknown)
			assert.Equal(t, vacuous, s.Verdict == checker.Unknown)
			if vacuous {
				assert.Equal(t, reason, r.Reason)
				assert.Equal(t, "too few calls succeeded", r.Headline())
			} else {
				assert.Equal(t, "yes", r.Reason)
			}
		})
	}
}

func TestCompletionsOnlyAreVacuous(t *testing.T) {
	reason, vacuous := vacuity.Of(history.Of(history.Op{Type: history.OK}, history.Op{Process: 1, Type: history.OK}))
	assert.True(t, vacuous)
	assert.Equal(t, "no operation was invoked: the history has 2 completions and no invocation", reason)
}

func TestUnread(t *testing.T) {
	write, cas := became(model.RegisterOp{F: "write"}, history.OK, ""), became(model.RegisterOp{F: "cas"}, history.OK, "")
	reason, unread := vacuity.Unread(called(write, write))
	assert.True(t, unread)
	assert.Equal(t, "nothing was ever read, so nothing could be wrong: all that was asked is 2 writes", reason)
	answered := became(model.LogOp{F: "append"}, history.OK, "")
	answered.Complete.Output = []int{0}
	for _, h := range []*history.History{{}, called(write, cas), called(answered)} {
		_, unread = vacuity.Unread(h)
		assert.False(t, unread)
	}
}

// TestGroundedStaysInvalid has a read that saw what a write that failed was to put, and no write that succeeded.
func TestGroundedStaysInvalid(t *testing.T) {
	saw := became(model.RegisterOp{F: "read"}, history.OK, "")
	saw.Complete.Output = 2
	h := called(became(model.RegisterOp{F: "write", Value: 2}, history.Fail, "no leader"), saw)
	r := vacuity.Grounded(linearizable.New(model.Register())).Check(t.Context(), h)
	assert.Equal(t, checker.Invalid, r.Verdict)
}

// A store whose writes all fail answers every read rightly, which proves nothing.
func ExampleOf() {
	at := func(ms, process int, t history.Type, in, out any, err string) history.Op {
		return history.Op{Time: time.Duration(ms) * time.Millisecond, Process: process, Type: t, Input: in, Output: out, Err: err}
	}
	h := history.Of(
		at(1, 0, history.Invoke, model.RegisterOp{F: "write", Value: 7}, nil, ""),
		at(2, 0, history.Fail, nil, nil, "no such method"),
		at(3, 1, history.Invoke, model.RegisterOp{F: "read"}, nil, ""),
		at(4, 1, history.OK, nil, 0, ""),
	)
	reason, vacuous := vacuity.Of(h)
	fmt.Println(vacuous, reason)
	// Output: true the only write did not succeed: its error was "no such method"
}
