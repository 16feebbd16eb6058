package resilience

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// Answered returns the checker of outcomes in time: each request has an outcome, be it an error, by its deadline and as
// much later as the slack says. A request without a deadline has one in the end.
//
// The counterexample is the first request that has none; if it is frozen, the first that is. It says what the request waits for
// at its deadline, where, and which requests hold that then, as far as spans of work, waits and holds say so.
func Answered(slack time.Duration) checker.Checker {
	return rule("answered", "answered", func(h *history.History) (res checker.Result, err error) {
		r, err := readOutcomes(h, Interval{})
		if err != nil {
			return res, err
		}
		j := r.judge(slack)
		m := j.outcomes(Interval{})
		if m.Requests == 0 {
			return res, fmt.Errorf("the history ends before the deadlines of all its requests")
		}
		res.Reason = m.String()
		if c := j.firstWithout(); c != nil {
			b := r.blocked(c)
			res.Verdict, res.Counterexample = checker.Invalid, r.why(c.lateness(r.end)+b.String(), true, []*call{c}, b.calls()...)
		}
		return res, nil
	})
}

// firstWithout returns the first request without an outcome, one that is frozen if there is one; nil if all have one.
func (j judge) firstWithout() (first *call) {
	for c := range j.of("request", Interval{}) {
		switch {
		case j.outcome(c) != without:
		case j.isFrozen(c):
			return c
		case first == nil:
			first = c
		}
	}
	return first
}

// lateness says how late a request is.
func (c *call) lateness(end time.Duration) string {
	d := c.in.Deadline
	switch {
	case d == 0:
		return fmt.Sprintf("%s, begun at %s, had no outcome when the history ended %s later", c.name(), words.Duration(c.begun), words.Duration(end-c.begun))
	case c.pending:
		return fmt.Sprintf("%s had no outcome by its deadline at %s, and none when the history ended %s later", c.name(), words.Duration(d), words.Duration(end-d))
	}
	return fmt.Sprintf("%s had no outcome by its deadline at %s, but %s later", c.name(), words.Duration(d), words.Duration(c.ended-d))
}
