package models

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// requestFs are what calls of a [model.RequestOp] do.
var requestFs = []string{"request", "attempt", "work", "effect", "wait", "hold", "admit", "probe", "grant", "revoke", "access"}

// requestRules lists the rules about requests. A limit that is not empty is that of each rule which has one.
func requestRules(limit string) []Model {
	return []Model{
		requestsRule("outcomes", "each request has an outcome by its deadline, and 1µs (or --limit) later at most", limit, "1µs", by(limitDuration, resilience.Answered)),
		requestsRule("leaks", "no resource is held or waited for when the history ends", limit, "", by(noLimit, func(struct{}) checker.Checker { return resilience.NoLeaks() })),
		requestsRule("detection", "a probe sees that a node fails attempts within 5s, or --limit", limit, "5s", by(limitDuration, resilience.Detected)),
		requestsRule("amplification", "at most 3 attempts a request, or --limit, reach the deepest service, in the mean", limit, "3", by(limitNumber,
			func(most float64) checker.Checker { return resilience.Amplified(most, resilience.Interval{}) })),
		requestsRule("goodput", "from 10s after the last fault on, or after --limit FROM-TO, goodput is at least 90 % of that before the first", limit, "faults", by(limitSpan, recovers)),
		requestsRule("admitted", "a principal is admitted at most 100 units in any 1s, or --limit UNITS/TIME", limit, "100/1s", by(limitRate,
			func(r unitRate) checker.Checker { return resilience.AtMost(r.units, r.window) })),
		requestsRule("balance", "the coefficient of variation of the attempts that nodes get is at most 0.5, or --limit", limit, "0.5", by(limitNumber,
			func(most float64) checker.Checker { return resilience.Balanced(most, resilience.Interval{}) })),
		requestsRule("orphans", "a share of 0.1 of the work, or --limit, is for requests that do not wait any more", limit, "0.1", by(limitNumber, resilience.NoOrphans)),
		requestsRule("effects", "each request takes effect once, and not twice", limit, "", by(noLimit, func(struct{}) checker.Checker { return resilience.OnceEach() })),
		requestsRule("access", "no access is let in later than 0s, or --limit, after it was revoked", limit, "0s", by(limitDuration, resilience.Revoked)),
		requestsRule("in-flight", "at most 1 unit of each resource, or --limit, is held at once", limit, "1", by(limitWhole,
			func(most int) checker.Checker { return resilience.Capped(most, "") })),
		requestsRule("parts", "an answer that is ok has all its parts, or says that it has not", limit, "", by(noLimit, func(struct{}) checker.Checker { return resilience.Whole() })),
	}
}

// requestsRule returns the row of a rule about requests, whose limit is usual if none is given.
func requestsRule(name, doc, limit, usual string, of func(limit string) (checker.Checker, bool)) Model {
	m := Model{
		Row: Row{name, doc}, Own: true, Fs: requestFs, limited: usual != "",
		read:       history.ReadAs[model.RequestOp, model.Answer],
		translator: func() func(history.Op) (history.Op, error) { return (&spanReader{}).op },
		infer:      func(h *history.History) (*history.History, string) { return sinceFirst(h), "" },
		mayFail:    slices.DeleteFunc(slices.Clone(requestFs), func(f string) bool { return f == "request" || f == "access" }),
	}
	if limit == "" || !m.limited {
		limit = usual
	}
	c, ok := of(limit)
	if !ok {
		m.wrongLimit = fmt.Errorf("--limit of %s is like %s, not %q", name, strings.Replace(usual, "faults", "10s-30s", 1), limit)
		return m
	}
	m.check = func(string) (checker.Checker, bool) { return c, true }
	return m
}

// limitedNames lists the rules that take a limit.
func limitedNames() (all []string) {
	for _, m := range requestRules("") {
		if m.limited {
			all = append(all, m.Name)
		}
	}
	return all
}
