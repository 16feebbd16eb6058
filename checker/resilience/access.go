package resilience

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
)

// Access says how long principals could go on using what they had lost.
type Access struct {
	Revokes     int           // that were acknowledged
	Uses        int           // accesses that were let in
	AfterRevoke int           // of these: began after a revoke had been acknowledged, and ended before a new grant began
	Longest     time.Duration // the longest time from the acknowledgement of a revoke to the beginning of one of these
	Judged      int           // accesses that began after a revoke, whether let in or not
}

// MeasureAccess measures accesses after a revocation, by principal and route. A grant that may take effect after the revoke excuses what
// follows.
func MeasureAccess(h *history.History) (Access, error) {
	m, _, _, err := measureAccess(h)
	if err != nil {
		return Access{}, fmt.Errorf("access: %w", err)
	}
	return m, nil
}

// String returns the counts in one sentence.
func (m Access) String() string {
	return fmt.Sprintf("%s acknowledged; accesses let in: %d, of which %d began after a revoke, at most %s after it", words.Plural(m.Revokes, "revoke"), m.Uses, m.AfterRevoke, words.Duration(m.Longest))
}

// An access is one that was let in after a revoke.
type access struct{ revoke, use *call }

func measureAccess(h *history.History) (m Access, r *record, worst access, err error) {
	if r, err = read(h, "grant", "revoke", "access"); err != nil {
		return m, nil, worst, err
	}
	if err := r.need("revoke", Interval{}); err != nil {
		return m, nil, worst, err
	}
	if err := r.need("access", Interval{}); err != nil {
		return m, nil, worst, err
	}
	w := accessWalk{m: &m, rights: map[[2]string]*right{}}
	for _, e := range r.accessEvents() {
		if e.ends {
			w.end(e.c)
		} else {
			w.begin(e.c)
		}
	}
	return m, r, w.worst, nil
}

// An accessEvent is the beginning or the end of a call.
type accessEvent struct {
	index int
	c     *call
	ends  bool
}

// accessEvents returns the events of all calls in order, without the ends of those that failed or are indeterminate.
func (r *record) accessEvents() []accessEvent {
	var events []accessEvent
	for i := range r.calls {
		c := &r.calls[i]
		events = append(events, accessEvent{c.inv, c, false})
		if !c.pending && (c.ok() || c.in.F == "access") {
			events = append(events, accessEvent{c.end, c, true})
		}
	}
	sorting.Func(events, func(a, b accessEvent) int { return cmp.Compare(a.index, b.index) })
	return events
}

// A right is that of a principal to a route.
type right struct {
	revoked *call // the first acknowledged revoke since the last grant
	granted int   // index by which all grants so far have certainly ended
}

// An accessWalk visits the events of a history.
type accessWalk struct {
	m      *Access
	rights map[[2]string]*right
	worst  access
}

func (w *accessWalk) of(c *call) *right {
	key := [2]string{c.in.By, c.in.Route}
	if w.rights[key] == nil {
		w.rights[key] = &right{granted: -1}
	}
	return w.rights[key]
}

func (w *accessWalk) begin(c *call) {
	if c.in.F != "grant" || c.typ == history.Fail {
		return
	}
	r := w.of(c)
	r.revoked = nil
	if r.granted = max(r.granted, c.end); !c.ok() {
		r.granted = math.MaxInt
	}
}

func (w *accessWalk) end(c *call) {
	r := w.of(c)
	switch c.in.F {
	case "revoke":
		w.m.Revokes++
		if r.revoked == nil && r.granted < c.inv {
			r.revoked = c
		}
	case "access":
		if c.ok() {
			w.m.Uses++
		}
		if r.revoked == nil || c.inv < r.revoked.end {
			return
		}
		if w.m.Judged++; !c.ok() {
			return
		}
		w.m.AfterRevoke++
		if age := c.begun - r.revoked.ended; w.worst.use == nil || age > w.m.Longest {
			w.m.Longest, w.worst = age, access{r.revoked, c}
		}
	}
}

// Revoked returns the checker of revocation: no access is let in that begins more than so long after a revoke was acknowledged. The
// counterexample is the access that did so the longest after, with the revoke.
func Revoked(within time.Duration) checker.Checker {
	return rule("revoked", "revoked", func(h *history.History) (res checker.Result, err error) {
		m, r, worst, err := measureAccess(h)
		if err == nil && m.Judged == 0 {
			err = errors.New("no access began after a revoke was acknowledged")
		}
		if err != nil {
			return res, err
		}
		res.Reason = m.String()
		if m.AfterRevoke > 0 && m.Longest > within {
			res.Verdict, res.Counterexample = checker.Invalid, r.why(fmt.Sprintf("%s was let in %s after %s had been acknowledged, and %s is allowed", worst.use.name(),
				words.Duration(m.Longest), worst.revoke.name(), words.Duration(within)), true, []*call{worst.use, worst.revoke})
		}
		return res, nil
	})
}
