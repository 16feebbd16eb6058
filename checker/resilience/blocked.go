package resilience

import (
	"fmt"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/words"
)

// A blocked says what a request waits for at an instant.
type blocked struct {
	in      *call   // the wait, or the work, in which it is; nil if that is not known
	holders []*call // of the resource for which it waits
}

// blocked returns what a request waits for at its deadline, or when the history ends if it has none.
func (r *record) blocked(request *call) blocked {
	at := r.end
	if request.in.Deadline > 0 {
		at = request.in.Deadline
	}
	var b blocked
	for i := range r.calls {
		c := &r.calls[i]
		if c.in.ID == request.in.ID && c.lasts(at) && (c.in.F == "wait" || c.in.F == "work") && c.tellsMore(b.in) {
			b.in = c
		}
	}
	if b.in == nil || b.in.in.F != "wait" {
		return b
	}
	for c := range r.of("hold", Interval{}) {
		if c.in.At == b.in.in.At && c.lasts(at) {
			b.holders = append(b.holders, c)
		}
	}
	return b
}

// lasts reports whether a call had begun by an instant, and not ended.
func (c *call) lasts(at time.Duration) bool { return c.begun <= at && c.ended > at }

// tellsMore reports whether a span says better than another one what its request waits for: one that never ended does, then a wait, then
// the deepest work, then the last.
func (c *call) tellsMore(old *call) bool {
	switch {
	case old == nil:
		return true
	case c.pending != old.pending:
		return c.pending
	case c.in.F != old.in.F:
		return c.in.F == "wait"
	}
	return c.in.Depth >= old.in.Depth
}

// calls returns the calls that a counterexample shows beside the request.
func (b blocked) calls() (shown []*call) {
	if b.in != nil {
		shown = append(shown, b.in)
	}
	return append(shown, b.holders[:min(len(b.holders), 12)]...)
}

// String says what the request waits for, which requests hold that, and where it waits.
func (b blocked) String() string {
	if b.in == nil {
		return ""
	}
	what := words.Of(b.in.in.At, "at")
	if b.in.in.F == "wait" {
		what = words.Of(b.in.in.At, "for")
	}
	text := fmt.Sprintf(": it waits%s since %s", what, words.Duration(b.in.begun))
	if len(b.holders) > 0 {
		text += ", which " + holding(b.holders)
	}
	if where := b.where(); where != "" {
		text += ", " + where
	}
	return text
}

// where says where the goroutine of the wait stood when the run ended: its innermost functions.
func (b blocked) where() string {
	const most = 8 // functions
	if !b.in.pending {
		return ""
	}
	stack := strings.Split(strings.TrimSpace(strings.TrimPrefix(b.in.err, waiting)), " < ")
	if len(stack) > most {
		stack = append(stack[:most:most], "…")
	}
	return strings.Join(stack, " < ")
}

// holding says which requests hold a resource.
func holding(holders []*call) string {
	const most = 6
	var ids []string
	seen := map[int]bool{}
	for _, c := range holders {
		if !seen[c.in.ID] {
			seen[c.in.ID] = true
			ids = append(ids, fmt.Sprint(c.in.ID))
		}
	}
	switch n := len(ids); {
	case n == 1:
		return fmt.Sprintf("request %s holds", ids[0])
	case n > most:
		ids = append(ids[:most-1], fmt.Sprintf("%d more", n-most+1))
	}
	return fmt.Sprintf("requests %s hold", and(ids))
}
