package resilience

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// Orphans says how much work was done for requests that did not wait for it any more: after they had ended, or after their
// deadline. Work that waits for other work counts as well as that.
type Orphans struct {
	Work     time.Duration // of all spans of work, together
	Orphaned time.Duration // of this
	Spans    int           // of work that went on by more than a microsecond too long
}

// MeasureOrphans measures the orphaned work among that which began in a span. Work for a request that is not in the history counts only if
// it has a deadline itself.
func MeasureOrphans(h *history.History, s Span) (Orphans, error) {
	m, _, _, err := measureOrphans(h, s)
	if err != nil {
		return Orphans{}, fmt.Errorf("orphans: %w", err)
	}
	return m, nil
}

// Share returns which share of the work was orphaned, from 0 to 1.
func (m Orphans) Share() float64 { return ratio(int64(m.Orphaned), int64(m.Work)) }

// String returns the share in one sentence.
func (m Orphans) String() string {
	return fmt.Sprintf("%s of %s of work was for requests that did not wait any more, in %s", percent(m.Share()), words.Duration(m.Work), words.Plural(m.Spans, "span"))
}

// An orphan is work that went on too long.
type orphan struct {
	work, request *call
	after, extra  time.Duration // when its request did not wait any more, and how long it went on
}

// measureOrphans returns the orphaned work, and that which went on the longest.
func measureOrphans(h *history.History, s Span) (m Orphans, r *record, worst orphan, err error) {
	if r, err = read(h, "request", "work"); err != nil {
		return m, nil, worst, err
	}
	if err := r.need("work", s); err != nil {
		return m, nil, worst, err
	}
	requests := r.requests()
	judged := 0
	for c := range r.of("work", s) {
		request := requests[c.in.ID]
		wanted := c.wantedUntil(request)
		if wanted == history.Forever && request == nil {
			continue
		}
		judged++
		ended := min(c.ended, r.end)
		m.Work += ended - c.begun
		if extra := ended - max(c.begun, wanted); wanted < history.Forever && extra > slack {
			m.Spans++
			m.Orphaned += extra
			if extra > worst.extra {
				worst = orphan{c, request, wanted, extra}
			}
		}
	}
	if judged == 0 {
		return m, nil, worst, fmt.Errorf("no work %v is of a request that is in the history", s)
	}
	return m, r, worst, nil
}

// wantedUntil returns until when a request waits for the work that is done for it.
func (c *call) wantedUntil(request *call) time.Duration {
	until := history.Forever
	if c.in.Deadline > 0 {
		until = c.in.Deadline
	}
	if request == nil {
		return until
	}
	if request.in.Deadline > 0 {
		until = min(until, request.in.Deadline)
	}
	return min(until, request.ended)
}

// NoOrphans returns the checker of orphaned work: at most that share of it, from 0 to 1, is done for requests that do not wait for it any
// more. The counterexample is the work that went on the longest, with its request.
func NoOrphans(mostShare float64) checker.Checker {
	return rule("orphans", "orphans", func(h *history.History) (res checker.Result, err error) {
		m, r, worst, err := measureOrphans(h, Span{})
		if err != nil {
			return res, err
		}
		res.Reason = m.String()
		if m.Share() > mostShare {
			core := []*call{worst.work}
			if worst.request != nil {
				core = append(core, worst.request)
			}
			res.Verdict, res.Counterexample = checker.Invalid, r.why(fmt.Sprintf("%s of the work was for requests that did not wait any more, and %s is allowed: %s went on for %s after %s, when its request had ended or its deadline had passed",
				percent(m.Share()), percent(mostShare), worst.work.name(), words.Duration(worst.extra), words.Duration(worst.after)), true, core)
		}
		return res, nil
	})
}
