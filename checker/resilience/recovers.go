package resilience

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// Recovers returns the checker of hysteresis: so long after the trigger has gone, and until the last request has begun, the
// goodput in the mean is at least that share of what it was from the first request to the trigger. A system that stays down
// when what brought it down has gone is in a metastable failure (Bronson and others, Metastable Failures in Distributed Systems, 2021).
//
// The load after it must be as before; a history without a request that was answered before the trigger, or without one that began
// after it, is unknown. The counterexample is the first request that began after it and was not answered in time.
func Recovers(trigger Interval, after time.Duration, share float64) checker.Checker {
	return rule("recovers", "recovers", func(h *history.History) (res checker.Result, err error) {
		r, err := readGoodput(h)
		if err != nil {
			return res, err
		}
		before, later := r.around(trigger, after)
		m := r.goodput(time.Second)
		was, is := m.Rate(before), m.Rate(later)
		switch {
		case before.length() == 0 || was == 0:
			return res, fmt.Errorf("no request was answered before %s", words.Duration(trigger.From))
		case later.length() == 0:
			return res, fmt.Errorf("no request began after %s", words.Duration(trigger.To+after))
		}
		res.Reason = fmt.Sprintf("%.4g requests a second were answered in time before %s, and %.4g from %s on, which is %s", was, words.Duration(trigger.From), is,
			words.Duration(later.From), percent(is/was))
		if is < share*was {
			res.Verdict, res.Counterexample = checker.Invalid, r.whyRecovers(fmt.Sprintf("%s, and %s must be, %s after the trigger had gone",
				res.Reason, percent(share), words.Duration(after)), later)
		}
		return res, nil
	})
}

// around returns the spans before and after a trigger in which requests began.
func (r *record) around(trigger Interval, after time.Duration) (before, later Interval) {
	first, last := r.end, time.Duration(0)
	for c := range r.of("request", Interval{}) {
		first, last = min(first, c.begun), max(last, c.begun)
	}
	before = Interval{From: first, To: max(first, trigger.From)}
	later = Interval{From: trigger.until(r.end).To + after}
	later.To = max(later.From, last)
	return before, later
}

// whyRecovers shows the first request of a span that was not answered in time.
func (r *record) whyRecovers(reason string, s Interval) *checker.Counterexample {
	j := r.judge(slack)
	for c := range r.of("request", s) {
		if j.outcome(c).bad() {
			return r.why(reason+": "+c.name()+" is the first that was not", true, []*call{c})
		}
	}
	return r.why(reason, false, nil)
}
