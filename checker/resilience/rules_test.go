package resilience_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// frozen is a pool of two connections, which requests 1 and 2 hold and never give back: each waits for a second one.
func frozen() *history.History {
	deadline := 50 * ms
	h := checkertest.Timeline(
		span(1, 0, model.RequestOp{F: "request", ID: 1, Route: "/pay", Deadline: deadline}),
		span(2, 0, model.RequestOp{F: "request", ID: 2, Route: "/pay", Deadline: deadline}),
		span(3, 0, model.RequestOp{F: "work", ID: 1, At: "n1", Depth: 1}),
		span(4, 0, model.RequestOp{F: "hold", ID: 1, At: "n1's pool"}),
		span(5, 0, model.RequestOp{F: "hold", ID: 2, At: "n1's pool"}),
		span(6, 0, model.RequestOp{F: "wait", ID: 1, At: "n1's pool"}),
		span(7, 0, model.RequestOp{F: "wait", ID: 2, At: "n1's pool"}),
		span(8, 9, model.RequestOp{F: "hold", ID: 3, At: "n2's pool"}),
	)
	h.Add(history.Op{Time: 80 * ms, Process: 2, Type: history.Info, Err: "still waits in http.serve (server.go:1)"})
	h.Add(history.Op{Time: 80 * ms, Process: 5, Type: history.Info, Err: "still waits in sql.(*DB).conn (sql.go:1234) < main.pay (main.go:7)"})
	h.Add(history.Op{Time: 80 * ms, Process: 6, Type: history.Info, Err: "still waits in sql.(*DB).conn (sql.go:1234)"})
	return h
}

// TestFrozen shows that the finding names who waits, where and for whom.
func TestFrozen(t *testing.T) {
	r := resilience.Answered(0).Check(t.Context(), frozen())
	require.Equal(t, checker.Invalid, r.Verdict)
	require.Equal(t, "2 requests: 0 ok, 0 failed, 2 without an outcome by their deadline, of which 2 frozen, the slowest 79ms", r.Reason)
	require.Equal(t, "request 1 of /pay had no outcome by its deadline at 50ms, and none when the history ended 30ms later: it waits for n1's pool since 6ms, "+
		"which requests 1 and 2 hold, in sql.(*DB).conn (sql.go:1234) < main.pay (main.go:7)", r.Counterexample.Reason)
	require.Len(t, r.Counterexample.Calls, 4, "the request, its wait and two holds")
	require.Equal(t, []int{0}, r.Counterexample.Core)
	require.Equal(t, 0, r.Counterexample.Blamed)
	require.Equal(t, "a request did not end in time", r.Headline())
}

// TestLateClientIsFrozen shows that a request is frozen also if its client gave up when the run ended, as long as its work goes on.
func TestLateClientIsFrozen(t *testing.T) {
	h := checkertest.Timeline(
		span(1, 40, model.RequestOp{F: "request", ID: 1, Deadline: 20 * ms}),
		span(3, 0, model.RequestOp{F: "wait", ID: 1, At: "pool"}),
		span(50, 60, model.RequestOp{F: "request", ID: 2, Deadline: 70 * ms}),
	)
	m, err := resilience.MeasureOutcomes(h, resilience.Interval{})
	require.NoError(t, err)
	require.Equal(t, resilience.Outcomes{Requests: 2, OK: 1, WithoutOutcome: 1, Frozen: 1, Slowest: 39 * ms}, m)
}

// TestSlackOfDeadlines shows that an end as much after the deadline as the slack says is in time, and a later one is not.
func TestSlackOfDeadlines(t *testing.T) {
	h := checkertest.Timeline(span(1, 25, model.RequestOp{F: "request", ID: 1, Deadline: 20 * ms}))
	require.Equal(t, checker.Valid, resilience.Answered(5*ms).Check(t.Context(), h).Verdict)
	require.Equal(t, checker.Invalid, resilience.Answered(5*ms-1).Check(t.Context(), h).Verdict)
}

// TestHistoryEndsFirst shows that a request whose deadline is after the end of the history is not judged.
func TestHistoryEndsFirst(t *testing.T) {
	h := checkertest.Timeline(span(1, 0, model.RequestOp{F: "request", ID: 1, Deadline: 20 * ms}), span(2, 10, model.RequestOp{F: "probe"}))
	r := resilience.Answered(0).Check(t.Context(), h)
	require.Equal(t, checker.Unknown, r.Verdict)
	require.Equal(t, "the history ends before the deadlines of all its requests", r.Reason)
}

// TestWrongAnswer shows that an answer of another type is not judged.
func TestWrongAnswer(t *testing.T) {
	h := checkertest.Timeline(checkertest.Timed{From: 1, To: 2, In: model.RequestOp{F: "request"}, Out: 7})
	r := resilience.Whole().Check(t.Context(), h)
	require.Equal(t, checker.Unknown, r.Verdict)
	require.Contains(t, r.Reason, "was answered a int where an Answer was due")
}

// TestLeakedWait shows that a wait that never ends is a leak, if every hold has ended.
func TestLeakedWait(t *testing.T) {
	h := checkertest.Timeline(span(1, 2, model.RequestOp{F: "hold", ID: 1, At: "lock"}), span(3, 0, model.RequestOp{F: "wait", ID: 2, At: "lock"}))
	h.Add(history.Op{Time: 9 * ms, Process: 1, Type: history.Info, Err: "still waits in main.lock (main.go:3)"})
	r := resilience.NoLeaks().Check(t.Context(), h)
	require.Equal(t, checker.Invalid, r.Verdict)
	require.Equal(t, "wait 2 at lock never ended: it waits for lock since 3ms, in main.lock (main.go:3)", r.Counterexample.Reason)
}

// TestDetectedInTime shows the gap up to the probe, and that what a probe saw before is no gap.
func TestDetectedInTime(t *testing.T) {
	probe := model.RequestOp{F: "probe", At: "n1"}
	attempt := model.RequestOp{F: "attempt", At: "n1"}
	bad := func(from, to int) []history.Op {
		return []history.Op{
			{Time: time.Duration(from) * ms, Process: from, Type: history.Invoke, Input: attempt},
			{Time: time.Duration(to) * ms, Process: from, Type: history.Info, Err: "timeout"},
		}
	}
	look := func(at int, up bool) []history.Op {
		return []history.Op{
			{Time: time.Duration(at) * ms, Process: at, Type: history.Invoke, Input: probe},
			{Time: time.Duration(at) * ms, Process: at, Type: history.OK, Output: model.Answer{Up: up}},
		}
	}
	of := func(lists ...[]history.Op) (h *history.History) {
		h = &history.History{}
		for _, l := range lists {
			for _, op := range l {
				h.Add(op)
			}
		}
		return h
	}
	h := of(bad(1, 2), look(5, true), look(9, false), bad(10, 20), look(30, false))
	require.Equal(t, checker.Valid, resilience.Detected(7*ms).Check(t.Context(), h).Verdict)
	r := resilience.Detected(7*ms-1).Check(t.Context(), h)
	require.Equal(t, checker.Invalid, r.Verdict)
	require.Equal(t, "n1 failed attempts from 2ms on for 7ms, until a probe saw it; 1 probe said meanwhile that it is up; 7ms is allowed", r.Counterexample.Reason)
	require.Equal(t, []int{0, 2}, r.Counterexample.Core, "the probe that was green is context")

	m, err := resilience.MeasureDetection(of(look(1, false), bad(2, 3), look(50, false)))
	require.NoError(t, err)
	require.Equal(t, resilience.Detection{Episodes: 1, Node: "n1"}, m, "a probe had seen it before")

	require.Equal(t, checker.Unknown, resilience.Detected(time.Hour).Check(t.Context(), of(bad(1, 2))).Verdict, "nothing looked")
}

// TestRecovers shows the two sides of the share that must be reached.
func TestRecovers(t *testing.T) {
	var calls []checkertest.Timed
	for i := range 300 {
		if end := 10*i + 5; i < 100 || i >= 200 && i%10 != 0 { // all, none, nine of ten
			calls = append(calls, span(10*i, end, model.RequestOp{F: "request", ID: i}))
		} else {
			calls = append(calls, span(10*i, end+100, model.RequestOp{F: "request", ID: i, Deadline: time.Duration(end) * ms}))
		}
	}
	h := checkertest.Timeline(calls...)
	trigger := resilience.Interval{From: time.Second, To: 2 * time.Second}
	r := resilience.Recovers(trigger, 0, 0.89).Check(t.Context(), h)
	require.Equal(t, checker.Valid, r.Verdict, r.Reason)
	r = resilience.Recovers(trigger, 0, 0.92).Check(t.Context(), h)
	require.Equal(t, checker.Invalid, r.Verdict, r.Reason)
	require.Equal(t, 200, r.Counterexample.Calls[0].Invoke.Input.(model.RequestOp).ID)
	require.Equal(t, checker.Unknown, resilience.Recovers(trigger, time.Second, 0.9).Check(t.Context(), h).Verdict, "no request began then")
	require.Equal(t, checker.Unknown, resilience.Recovers(resilience.Interval{To: time.Second}, 0, 0.9).Check(t.Context(), h).Verdict, "there is nothing before")
}

// TestBalanced shows the two sides of the bound, and that a node without an attempt counts.
func TestBalanced(t *testing.T) {
	to := func(n int) model.RequestOp { return model.RequestOp{F: "attempt", At: []string{"n1", "n2"}[n]} }
	h := checkertest.Timeline(span(1, 2, to(0)), span(3, 4, to(0)), span(5, 6, to(0)), span(7, 8, to(1)))
	require.Equal(t, checker.Valid, resilience.Balanced(0.5, resilience.Interval{}).Check(t.Context(), h).Verdict)
	r := resilience.Balanced(0.49, resilience.Interval{}).Check(t.Context(), h)
	require.Equal(t, checker.Invalid, r.Verdict)
	require.Len(t, r.Counterexample.Calls, 3)
	require.NotEmpty(t, r.Counterexample.Note)
	r = resilience.Balanced(0.5, resilience.Interval{}, "n1", "n2", "n3").Check(t.Context(), h)
	require.Equal(t, checker.Invalid, r.Verdict)
	require.Equal(t, "attempts: n1 3, n2 1, n3 0; n1 got 75 % of them, and the coefficient of variation is 0.935", r.Reason)
}

// TestPeak shows that the peak is of any 100 ms, and not of buckets.
func TestPeak(t *testing.T) {
	calls := []checkertest.Timed{span(0, 999, model.RequestOp{F: "request", ID: 1})}
	for _, at := range []int{150, 260, 270, 300, 340, 350, 370, 500} {
		calls = append(calls, span(at, at+1, model.RequestOp{F: "attempt", ID: 1}))
	}
	m, err := resilience.MeasureAttempts(checkertest.Timeline(calls...), resilience.Interval{To: 800 * ms})
	require.NoError(t, err)
	require.Equal(t, resilience.Window{Interval: resilience.Interval{From: 260 * ms, To: 360 * ms}, Count: 5}, m.Peak)
	require.InDelta(t, 5.0, m.PeakOverMean, 1e-9)
}
