package freshness

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// CrossUser returns the checker of privacy: a read as a principal returns a copy for that principal, or a public one. A
// cache whose key lacks a part that the answer depends on breaks it. It takes histories of [model.CacheOp], and O(n).
func CrossUser() checker.Checker { return crossUser }

// CountCrossUser counts the reads that violate [CrossUser].
func CountCrossUser(h *history.History) (int, error) { return crossUser.count(h) }

// MaxAgeExceeded returns the checker of the age of copies: no read returns a copy that was older, when the read began, than its
// MaxAge. Copies without MaxAge or Made are not judged. It takes histories of
// [model.CacheOp], and O(n).
func MaxAgeExceeded() checker.Checker { return maxAgeExceeded }

// CountMaxAgeExceeded counts the reads that violate [MaxAgeExceeded].
func CountMaxAgeExceeded(h *history.History) (int, error) { return maxAgeExceeded.count(h) }

var crossUser = readRule{"foreign", "of another principal", func(c *copyCall) string {
	if c.in.As == "" || c.out.For == "" || c.out.For == c.in.As {
		return ""
	}
	return fmt.Sprintf("process %d read as %s%s, and was answered what is %s's", c.Invoke.Process, c.in.As, words.On(c.in.Key), c.out.For)
}}

var maxAgeExceeded = readRule{"aged", "older than allowed", func(c *copyCall) string {
	age := c.Invoke.Time - c.out.Made
	if c.out.Made == 0 || c.out.MaxAge == 0 || age <= c.out.MaxAge {
		return ""
	}
	return fmt.Sprintf("process %d read v%d%s, which the database had given out %s before, and which may be %s old", c.Invoke.Process,
		c.out.Version, words.On(c.in.Key), words.Duration(age), words.Duration(c.out.MaxAge))
}}

// A readRule is a rule that a single read can violate.
type readRule struct {
	name, what string
	wrong      func(c *copyCall) string // why; empty if it is right
}

// Check counts the reads that violate the rule. The first is the counterexample.
func (r readRule) Check(_ context.Context, h *history.History) (res checker.Result) {
	res.Checker = r.name
	defer func() { res = wording.Worded(res, r.name) }()
	n, all := 0, 0
	err := r.each(h, func(c *copyCall, wrong string) {
		if all++; wrong == "" {
			return
		}
		if n++; n == 1 {
			res.Verdict, res.Counterexample = checker.Invalid, &checker.Counterexample{Key: c.in.Key, Reason: wrong, Calls: []history.Call{c.Call}, Judged: h.Len() / 2}
		}
	})
	if err != nil {
		return checker.Result{Checker: r.name, Verdict: checker.Unknown, Reason: err.Error()}
	}
	res.Reason = words.AreOf(n, all, "read") + " " + r.what
	return res
}

// count returns how many reads violate the rule.
func (r readRule) count(h *history.History) (n int, err error) {
	err = r.each(h, func(_ *copyCall, wrong string) {
		if wrong != "" {
			n++
		}
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", r.name, err)
	}
	return n, nil
}

// each calls f for the reads that returned.
func (r readRule) each(h *history.History, f func(c *copyCall, wrong string)) error {
	return eachCopy(h, func(c *copyCall) {
		if c.in.F == "read" && c.answered() {
			f(c, r.wrong(c))
		}
	})
}
