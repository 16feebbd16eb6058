package freshness

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// Foreign returns the checker of privacy: whoever reads as a principal is answered what is theirs, or everybody's. A
// cache whose key leaves out what the answer depends on breaks it. It takes histories of [model.CacheOp], and O(n).
func Foreign() checker.Checker { return foreign }

// CountForeign counts the reads that [Foreign] objects to.
func CountForeign(h *history.History) (int, error) { return foreign.count(h) }

// Aged returns the checker of the age of copies: nobody is answered what was, when the question was asked, older than the
// answer itself says that it may be. Where MaxAge or Made is not told, nothing is asked. It takes histories of
// [model.CacheOp], and O(n).
func Aged() checker.Checker { return aged }

// CountAged counts the reads that [Aged] objects to.
func CountAged(h *history.History) (int, error) { return aged.count(h) }

var foreign = copyRule{"foreign", "of another principal", func(c *copyCall) string {
	if c.in.As == "" || c.out.For == "" || c.out.For == c.in.As {
		return ""
	}
	return fmt.Sprintf("process %d read as %s%s, and was answered what is %s's", c.Invoke.Process, c.in.As, words.On(c.in.Key), c.out.For)
}}

var aged = copyRule{"aged", "older than allowed", func(c *copyCall) string {
	age := c.Invoke.Time - c.out.Made
	if c.out.Made == 0 || c.out.MaxAge == 0 || age <= c.out.MaxAge {
		return ""
	}
	return fmt.Sprintf("process %d read v%d%s, which the database had given out %s before, and which may be %s old", c.Invoke.Process,
		c.out.Version, words.On(c.in.Key), words.Duration(age), words.Duration(c.out.MaxAge))
}}

// A copyRule is a rule about reads that can be wrong on their own.
type copyRule struct {
	name, what string
	wrong      func(c *copyCall) string // why; empty if it is right
}

// Check finds the first read that is wrong.
func (r copyRule) Check(_ context.Context, h *history.History) (res checker.Result) {
	res.Checker = r.name
	defer func() { res = wording.Worded(res, r.name) }()
	n, all := 0, 0
	err := r.each(h, func(c *copyCall, wrong string) {
		if all++; wrong == "" {
			return
		}
		if n++; n == 1 {
			res.Verdict, res.Why = checker.Invalid, &checker.Why{Key: c.in.Key, Reason: wrong, Calls: []history.Call{c.Call}, Of: h.Len() / 2}
		}
	})
	if err != nil {
		return checker.Result{Checker: r.name, Verdict: checker.Unknown, Reason: err.Error()}
	}
	res.Reason = words.AreOf(n, all, "read") + " " + r.what
	return res
}

func (r copyRule) count(h *history.History) (n int, err error) {
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

// each calls f for the reads that were answered.
func (r copyRule) each(h *history.History, f func(c *copyCall, wrong string)) error {
	return eachCopy(h, func(c *copyCall) {
		if c.in.F == "read" && c.answered() {
			f(c, r.wrong(c))
		}
	})
}
