package resilience_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// span is a call from a number of milliseconds until another one; it never ends if to is 0.
func span(from, to int, in model.RequestOp) checkertest.Timed {
	return checkertest.Timed{From: from, To: to, In: in, Out: model.Answer{}}
}

// answered is a span that ends with an answer.
func answered(from, to int, in model.RequestOp, out model.Answer) checkertest.Timed {
	return checkertest.Timed{From: from, To: to, In: in, Out: out}
}

// pool is a request that waits for a connection, which another one has taken and never gives back.
func pool() *history.History {
	return checkertest.Timeline(
		span(1, 5, model.RequestOp{F: "request", ID: 1, Route: "/pay", Deadline: 50 * time.Millisecond}),
		span(2, 0, model.RequestOp{F: "hold", ID: 1, At: "pool"}),
		span(10, 0, model.RequestOp{F: "request", ID: 2, Route: "/pay", Deadline: 60 * time.Millisecond}),
		span(11, 0, model.RequestOp{F: "wait", ID: 2, At: "pool"}),
		span(100, 101, model.RequestOp{F: "request", ID: 3, Route: "/about", Deadline: 150 * time.Millisecond}),
	)
}

// A request has no outcome, since it waits for a connection that is never given back.
func ExampleAnswered() {
	checkertest.Show(resilience.Answered(0), pool())
	// Output:
	// invalid
	// request 2 of /pay had no outcome by its deadline at 60ms, and none when the history ended 41ms later: it waits for pool since 11ms, which request 1 holds
}

func ExampleMeasureOutcomes() {
	m, err := resilience.MeasureOutcomes(pool(), resilience.Interval{})
	fmt.Println(m, err)
	fmt.Printf("%.2f\n", m.Availability())
	// Output:
	// 3 requests: 2 ok, 0 failed, 1 without an outcome by their deadline, of which 1 frozen, the slowest 91ms <nil>
	// 0.67
}

func ExampleNoLeaks() {
	checkertest.Judge(resilience.NoLeaks(), pool())
	// Output:
	// invalid - 1 of 1 hold never ended (1 unit of pool); waits that never ended: 1
	// hold 1 at pool, begun at 2ms, never ended: the history ends 99ms later
}

// A route that needs no connection goes on.
func ExampleUnrelated() {
	checkertest.Judge(resilience.Unrelated(0.99, resilience.Interval{}, "/about"), pool())
	// Output:
	// valid - 100 % of the requests of /about in the whole history were ok (1 request: 1 ok, 0 failed, 0 without an outcome by their deadline, the slowest 1ms)
}

// Health checks are green while users see errors.
func ExampleDetected() {
	at := model.RequestOp{F: "attempt", ID: 1, At: "n1", Depth: 1}
	probe := model.RequestOp{F: "probe", At: "n1", By: "lb"}
	h := checkertest.Timeline(
		span(0, 0, model.RequestOp{F: "request", ID: 1, Deadline: 10 * time.Millisecond}),
		span(1, 0, at),
		answered(20, 21, probe, model.Answer{Up: true}),
		answered(90, 91, probe, model.Answer{Up: false}),
	)
	checkertest.Judge(resilience.Detected(50*time.Millisecond), h)
	// Output:
	// invalid - episodes of failing nodes: 1; n1 failed for 81ms before a probe saw it or it ended; failing nodes that no probe saw: 0
	// n1 failed attempts from 10ms on for 81ms, until a probe saw it; 1 probe said meanwhile that it is up; 50ms is allowed
}

// Two layers that try three times each send nine attempts to the last service for a request that fails.
func ExampleAmplified() {
	calls := []checkertest.Timed{span(0, 100, model.RequestOp{F: "request", ID: 1, Route: "/buy"})}
	for i := range 3 {
		calls = append(calls, span(1+30*i, 29+30*i, model.RequestOp{F: "attempt", ID: 1, Depth: 1, Try: i + 1, At: "n1"}))
		for j := range 3 {
			calls = append(calls, span(2+30*i+9*j, 9+30*i+9*j, model.RequestOp{F: "attempt", ID: 1, Depth: 2, Try: j + 1, At: "n2"}))
		}
	}
	h := checkertest.Timeline(calls...)
	checkertest.Judge(resilience.Amplified(3, resilience.Interval{}), h)
	m, _ := resilience.MeasureAttempts(h, resilience.Interval{})
	fmt.Println(m.PerRequest(1), m.PerRequest(2))
	// Output:
	// invalid - 1 request, with attempts: 3 at depth 1 (3 a request), 9 at depth 2 (9 a request)
	// request 1 of /buy led to 9 attempts at depth 2; the mean of all requests is 9, and 3 is allowed
	// 3 9
}

// Goodput does not come back when the trigger has gone.
func ExampleRecovers() {
	var calls []checkertest.Timed
	for i := range 100 {
		end := 10*i + 5
		if i >= 30 {
			end = 0
		}
		calls = append(calls, span(10*i, end, model.RequestOp{F: "request", ID: i, Deadline: time.Duration(10*i+8) * time.Millisecond}))
	}
	trigger := resilience.Interval{From: 300 * time.Millisecond, To: 400 * time.Millisecond}
	checkertest.Judge(resilience.Recovers(trigger, 100*time.Millisecond, 0.9), checkertest.Timeline(calls...))
	// Output:
	// invalid - 100 requests a second were answered in time before 300ms, and 0 from 500ms on, which is 0 %
	// 100 requests a second were answered in time before 300ms, and 0 from 500ms on, which is 0 %, and 90 % must be, 100ms after the trigger had gone: request 50 is the first that was not
}

// A limiter that counts in fixed windows admits twice the limit around their border.
func ExampleAtMost() {
	ask := model.RequestOp{F: "admit", At: "limiter", By: "ann"}
	h := checkertest.Timeline(span(980, 981, ask), span(990, 991, ask), span(1000, 1001, ask), span(1010, 1011, ask))
	checkertest.Judge(resilience.AtMost(2, time.Second), h)
	// Output:
	// invalid - admitted 4 of 4 that asked, and refused 0; at most 4 units of ann in one window
	// 4 units of ann were admitted within 1s from 981ms on, and 2 are allowed
}

// One of two nodes gets all.
func ExampleBalanced() {
	at := model.RequestOp{F: "attempt", Depth: 1, At: "n1"}
	checkertest.Judge(resilience.Balanced(0.5, resilience.Interval{}, "n1", "n2"), checkertest.Timeline(span(1, 2, at), span(3, 4, at)))
	// Output:
	// invalid - attempts: n1 2, n2 0; n1 got 100 % of them, and the coefficient of variation is 1
	// attempts: n1 2, n2 0; n1 got 100 % of them, and the coefficient of variation is 1, and 0.5 is allowed
}

// A service works for a client that has gone.
func ExampleNoOrphans() {
	h := checkertest.Timeline(
		span(0, 50, model.RequestOp{F: "request", ID: 1}),
		span(10, 110, model.RequestOp{F: "work", ID: 1, At: "n1"}),
	)
	checkertest.Judge(resilience.NoOrphans(0.3), h)
	// Output:
	// invalid - 60 % of 100ms of work was for requests that did not wait any more, in 1 span
	// 60 % of the work was for requests that did not wait any more, and 30 % is allowed: work 1 at n1 went on for 60ms after 50ms, when its request had ended
}

// A payment is made twice, since a retry has no idempotency key.
func ExampleOnceEach() {
	h := checkertest.Timeline(
		span(0, 50, model.RequestOp{F: "request", ID: 1, Route: "/pay"}),
		span(10, 11, model.RequestOp{F: "effect", ID: 1, Route: "/pay", At: "n1"}),
		span(30, 31, model.RequestOp{F: "effect", ID: 1, Route: "/pay", At: "n2"}),
	)
	checkertest.Judge(resilience.OnceEach(), h)
	// Output:
	// invalid - 1 request and 2 effects: 1 had more than one, at most 2, and 0 had none though answered ok
	// request 1 of /pay took effect 2 times
}

// A gateway lets in a user from its cache, after access was revoked.
func ExampleRevoked() {
	h := checkertest.Timeline(
		span(0, 10, model.RequestOp{F: "revoke", By: "ann", Route: "/files"}),
		span(40, 41, model.RequestOp{F: "access", By: "ann", Route: "/files"}),
	)
	checkertest.Judge(resilience.Revoked(20*time.Millisecond), h)
	// Output:
	// invalid - 1 revoke acknowledged; accesses let in: 1, of which 1 began after a revoke, at most 30ms after it
	// access of /files by ann was let in 30ms after revoke of /files by ann had been acknowledged, and 20ms is allowed
}

// Two hold a lock at once.
func ExampleCapped() {
	h := checkertest.Timeline(
		span(0, 50, model.RequestOp{F: "hold", ID: 1, At: "lock"}),
		span(20, 60, model.RequestOp{F: "hold", ID: 2, At: "lock"}),
	)
	checkertest.Judge(resilience.Capped(1, "lock"), h)
	// Output:
	// invalid - at most 2 units of lock held at once, at 20ms
	// 2 units of lock held at 20ms, and 1 allowed
}

// An aggregated answer lacks a part, and looks complete.
func ExampleWhole() {
	h := checkertest.Timeline(answered(0, 50, model.RequestOp{F: "request", ID: 1, Route: "/home"}, model.Answer{Missing: 1}))
	checkertest.Judge(resilience.Whole(), h)
	// Output:
	// invalid - 1 ok answer: 0 say that they are partial, 1 lack parts and do not say so
	// request 1 of /home was answered ok without 1 part, and the answer does not say so
}
