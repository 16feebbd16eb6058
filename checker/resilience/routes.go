package resilience

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// MeasureRoutes counts the outcomes of the requests that began in an interval, by their routes; see [MeasureOutcomes].
func MeasureRoutes(h *history.History, s Interval) (map[string]Outcomes, error) {
	r, err := readOutcomes(h, s)
	if err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	j := r.judge(slack)
	all := map[string]Outcomes{}
	for c := range r.of("request", s) {
		m := all[c.in.Route]
		j.count(&m, c)
		all[c.in.Route] = m
	}
	return all, nil
}

// Unrelated returns the checker of a blast radius: of the requests of these routes that began in the interval, all together, at least
// that share is OK, from 0 to 1. They are those which do not need what is broken then.
func Unrelated(atLeast float64, s Interval, routes ...string) checker.Checker {
	return rule("unrelated", "unrelated", func(h *history.History) (res checker.Result, err error) {
		r, err := readOutcomes(h, s)
		if err != nil {
			return res, err
		}
		j := r.judge(slack)
		var m Outcomes
		var first *call
		for c := range r.of("request", s) {
			if !slices.Contains(routes, c.in.Route) {
				continue
			}
			if j.count(&m, c).bad() && first == nil {
				first = c
			}
		}
		if m.Requests == 0 {
			return res, fmt.Errorf("no request of %s began %v", and(routes), s)
		}
		res.Reason = fmt.Sprintf("%s of the requests of %s %s were ok (%v)", percent(m.Availability()), and(routes), s, m)
		if m.Availability() < atLeast {
			res.Verdict = checker.Invalid
			res.Counterexample = r.why(fmt.Sprintf("%s of the requests of %s %s were ok, and %s must be: %s is the first that was not", percent(m.Availability()), and(routes), s,
				percent(atLeast), first.name()), true, []*call{first}, r.blocked(first).calls()...)
		}
		return res, nil
	})
}
