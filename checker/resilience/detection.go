package resilience

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
)

// A Detection says how long nodes failed users before a probe saw that they were unhealthy. An episode of a node begins with
// an attempt to reach it that fails, or that is not answered by the deadline of its request. It ends with the next attempt that is ok.
type Detection struct {
	Episodes int           // of all nodes
	Missed   int           // nodes with episodes that no probe saw: each episode ended before
	Gap      time.Duration // the longest time from the beginning of an episode to the first probe that saw it, or to its end
	Node     string        // whose that was
}

// MeasureDetection measures how long it took to see that nodes failed. A probe sees it if it is answered, and the answer says
// that the node is not up. What a probe has seen holds until another one sees that the node is up.
func MeasureDetection(h *history.History) (Detection, error) {
	m, _, _, err := detect(h)
	if err != nil {
		return Detection{}, fmt.Errorf("detection: %w", err)
	}
	return m, nil
}

// String returns the gap in one sentence.
func (m Detection) String() string {
	if m.Episodes == 0 {
		return "no node failed an attempt"
	}
	return fmt.Sprintf("episodes of failing nodes: %d; %s failed for %s before a probe saw it or it ended; failing nodes that no probe saw: %d", m.Episodes, m.Node,
		words.Duration(m.Gap), m.Missed)
}

// Detected returns the checker of a detection gap: a probe sees that a node fails users within that time, if it fails them for
// so long. The counterexample is the attempt with which the longest gap began.
func Detected(within time.Duration) checker.Checker {
	return rule("detected", "detected", func(h *history.History) (res checker.Result, err error) {
		m, r, worst, err := detect(h)
		if err == nil && m.Episodes == 0 {
			err = errors.New("no attempt failed, so there was nothing to detect")
		}
		if err != nil {
			return res, err
		}
		res.Reason = m.String()
		if m.Gap > within {
			reason := fmt.Sprintf("%s failed attempts from %s on for %s, %s; %s is allowed", m.Node, words.Duration(worst.begun), words.Duration(m.Gap), worst.how(), words.Duration(within))
			res.Verdict, res.Counterexample = checker.Invalid, r.why(reason, true, compact(worst.from, worst.seen), compact(worst.green)...)
		}
		return res, nil
	})
}

// how says how the gap ended.
func (e episode) how() string {
	text := "and no probe saw it"
	if e.seen != nil {
		text = "until a probe saw it"
	}
	if e.green != nil {
		text += "; " + words.Plural(e.greens, "probe") + " said meanwhile that it is up"
	}
	return text
}

// detect finds the episodes of all nodes, and the one with the longest gap.
func detect(h *history.History) (m Detection, r *record, worst episode, err error) {
	if r, err = read(h, "request", "attempt", "probe"); err != nil {
		return m, nil, worst, err
	}
	if err := errors.Join(r.need("attempt", Interval{}), r.need("probe", Interval{})); err != nil {
		return m, nil, worst, err
	}
	events := r.healthEvents()
	for _, node := range sorting.Keys(events) {
		w := healthWalk{end: r.end}
		w.all(events[node])
		if len(w.episodes) == 0 {
			continue
		}
		missed := true
		for _, e := range w.episodes {
			m.Episodes++
			missed = missed && !e.detected
			if e.gap() > m.Gap || m.Node == "" {
				m.Gap, m.Node, worst = e.gap(), node, e
			}
		}
		if missed {
			m.Missed++
		}
	}
	return m, r, worst, nil
}

// A healthEvent is an instant at which a node failed an attempt, or answered one, or a probe of it was answered.
type healthEvent struct {
	at time.Duration
	c  *call
}

// healthEvents returns the events of each node, in order.
func (r *record) healthEvents() map[string][]healthEvent {
	requests := r.requests()
	events := map[string][]healthEvent{}
	for i := range r.calls {
		c := &r.calls[i]
		switch c.in.F {
		case "attempt":
			if at := c.decided(requests[c.in.ID]); at <= r.end {
				events[c.in.At] = append(events[c.in.At], healthEvent{at, c})
			}
		case "probe":
			if c.ok() && c.answered {
				events[c.in.At] = append(events[c.in.At], healthEvent{c.ended, c})
			}
		}
	}
	for _, list := range events { // order: each list is sorted on its own
		sorting.Func(list, func(a, b healthEvent) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.c.inv, b.c.inv)) })
	}
	return events
}

// decided returns when an attempt ended, or when the deadline of its request had passed.
func (c *call) decided(request *call) time.Duration {
	if request != nil && request.in.Deadline > 0 && c.ended > request.in.Deadline+slack {
		return request.in.Deadline
	}
	return c.ended
}

// An episode is a time in which a node failed users.
type episode struct {
	begun, until time.Duration // until it was seen, or ended
	from, seen   *call         // the attempt that failed first, and the probe that saw it; nil if none did, or one had before
	green        *call         // the first probe within the gap that said that the node is up; nil if none did
	greens       int           // such probes
	detected     bool
}

func (e episode) gap() time.Duration { return e.until - e.begun }

// A healthWalk visits the events of a node.
type healthWalk struct {
	end      time.Duration
	down     bool // a probe has seen that the node is unhealthy
	current  *episode
	episodes []episode
}

func (w *healthWalk) all(events []healthEvent) {
	for _, e := range events {
		switch {
		case e.c.in.F == "probe":
			w.probe(e)
		case e.c.ok() && e.c.ended == e.at:
			w.close(e.at)
		case w.current == nil:
			w.current = &episode{begun: e.at, until: e.at, from: e.c, detected: w.down}
		}
	}
	w.close(w.end)
}

func (w *healthWalk) probe(e healthEvent) {
	w.down = !e.c.out.Up
	current := w.current
	switch {
	case current == nil || current.detected:
	case w.down:
		current.until, current.seen, current.detected = e.at, e.c, true
	default:
		current.greens++
		if current.green == nil {
			current.green = e.c
		}
	}
}

// close ends the current episode, if there is one.
func (w *healthWalk) close(at time.Duration) {
	if w.current == nil {
		return
	}
	if !w.current.detected {
		w.current.until = at
	}
	w.episodes = append(w.episodes, *w.current)
	w.current = nil
}
