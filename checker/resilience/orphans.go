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

// MeasureOrphans measures the orphaned work among that which began in an interval. Work for a request that is not in the history counts only if
// it has a deadline itself.
func MeasureOrphans(h *history.History, s Interval) (Orphans, error) {
	_, all, err := readWork(h, s)
	if err != nil {
		return Orphans{}, fmt.Errorf("orphans: %w", err)
	}
	return orphaned(all), nil
}

// Share returns which share of the work was orphaned, from 0 to 1.
func (m Orphans) Share() float64 { return ratio(int64(m.Orphaned), int64(m.Work)) }

// String returns the share in one sentence.
func (m Orphans) String() string {
	return fmt.Sprintf("%s of %s of work was for requests that did not wait any more, in %s", percent(m.Share()), words.Duration(m.Work), words.Plural(m.Spans, "span"))
}

// A task is work for a request.
type task struct {
	work, request *call         // the request is nil if it is not in the history
	wanted        time.Duration // until when the request waits for it
	took, extra   time.Duration // how long it took, and how much of this was too long
}

// share returns which share of the work was too long.
func (t task) share() float64 { return ratio(int64(t.extra), int64(t.took)) }

// readWork returns the work that began in an interval.
func readWork(h *history.History, s Interval) (r *record, all []task, err error) {
	if r, err = read(h, "request", "work"); err != nil {
		return nil, nil, err
	}
	if err := r.need("work", s); err != nil {
		return nil, nil, err
	}
	requests := r.requests()
	for c := range r.of("work", s) {
		t := task{work: c, request: requests[c.in.ID]}
		t.wanted = c.wantedUntil(t.request)
		if t.wanted == history.Forever && t.request == nil {
			continue
		}
		ended := min(c.ended, r.end)
		t.took = ended - c.begun
		if extra := ended - max(c.begun, t.wanted); t.wanted < history.Forever && extra > slack {
			t.extra = extra
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		return nil, nil, fmt.Errorf("no work %v is of a request that is in the history", s)
	}
	return r, all, nil
}

// orphaned sums up.
func orphaned(all []task) (m Orphans) {
	for _, t := range all {
		m.Work += t.took
		if m.Orphaned += t.extra; t.extra > 0 {
			m.Spans++
		}
	}
	return m
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
// more. The counterexample is work of which a greater share was, that which went on the longest, with its request.
func NoOrphans(mostShare float64) checker.Checker {
	return rule("orphans", "orphans", func(h *history.History) (res checker.Result, err error) {
		r, all, err := readWork(h, Interval{})
		if err != nil {
			return res, err
		}
		m := orphaned(all)
		res.Reason = m.String()
		if m.Share() <= mostShare {
			return res, nil
		}
		var worst task
		for _, t := range all {
			if t.share() > mostShare && t.extra > worst.extra {
				worst = t
			}
		}
		core := []*call{worst.work}
		if worst.request != nil {
			core = append(core, worst.request)
		}
		res.Verdict, res.Counterexample = checker.Invalid, r.why(fmt.Sprintf("%s of the work was for requests that did not wait any more, and %s is allowed: %s", percent(m.Share()), percent(mostShare),
			worst), true, core)
		return res, nil
	})
}

// String says for how long the work went on.
func (t task) String() string {
	why := "its deadline had passed"
	if t.request != nil && t.request.ended <= t.wanted {
		why = "its request had ended"
	}
	return fmt.Sprintf("%s went on for %s after %s, when %s", t.work.name(), words.Duration(t.extra), words.Duration(t.wanted), why)
}
