package resilience

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// Outcomes counts requests by their outcome. Each has one of three outcomes: OK + Failed + WithoutOutcome = Requests.
type Outcomes struct {
	Requests       int // but those whose deadline is after the end of the history, and which had not ended by then
	OK             int // answered by their deadline, with what they asked for
	Failed         int // ended by their deadline, and were not OK
	WithoutOutcome int // had not ended by their deadline; of those without a deadline: never
	Frozen         int // of these: never ended, or only with the run, or what works or waits for them never did

	Slowest time.Duration // the longest time from the beginning of a request to its end, or to the end of the history if it never ended
}

// MeasureOutcomes counts the outcomes of the requests that began in an interval. A request may end a microsecond after
// its deadline. One without a deadline must end within the history.
func MeasureOutcomes(h *history.History, s Interval) (Outcomes, error) {
	r, err := readOutcomes(h, s)
	if err != nil {
		return Outcomes{}, fmt.Errorf("outcomes: %w", err)
	}
	return r.judge(slack).outcomes(s), nil
}

// Availability returns the share of requests that were OK, from 0 to 1; 0 if there were none.
func (m Outcomes) Availability() float64 { return ratio(m.OK, m.Requests) }

// String returns the counts in one sentence.
func (m Outcomes) String() string {
	text := fmt.Sprintf("%s: %d ok, %d failed, %d without an outcome by their deadline", words.Plural(m.Requests, "request"), m.OK, m.Failed, m.WithoutOutcome)
	if m.Frozen > 0 {
		text += fmt.Sprintf(", of which %d frozen", m.Frozen)
	}
	return text + ", the slowest " + words.Duration(m.Slowest)
}

// readOutcomes reads what a [judge] needs.
func readOutcomes(h *history.History, s Interval) (*record, error) {
	r, err := read(h, "request", "work", "wait", "hold")
	if err != nil {
		return nil, err
	}
	return r, r.need("request", s)
}

// A judge determines the outcomes of requests.
type judge struct {
	*record
	slack time.Duration // how much later than its deadline a request may end
	stuck map[int]bool  // the IDs of requests for which a span of work or of a wait never ended
}

// judge returns a judge of the requests.
func (r *record) judge(slack time.Duration) judge {
	j := judge{r, slack, map[int]bool{}}
	for i := range r.calls {
		if c := &r.calls[i]; c.pending && (c.in.F == "work" || c.in.F == "wait") {
			j.stuck[c.in.ID] = true
		}
	}
	return j
}

// outcomes counts the outcomes of requests that began in an interval.
func (j judge) outcomes(s Interval) (m Outcomes) {
	for c := range j.of("request", s) {
		j.count(&m, c)
	}
	return m
}

// count counts a request, and returns its result.
func (j judge) count(m *Outcomes, c *call) outcome {
	o := j.outcome(c)
	if o == undecided {
		return o
	}
	m.Requests++
	switch o {
	case answeredOK:
		m.OK++
	case failed:
		m.Failed++
	case without:
		m.WithoutOutcome++
		if j.isFrozen(c) {
			m.Frozen++
		}
	}
	m.Slowest = max(m.Slowest, min(c.ended, j.end)-c.begun)
	return o
}

// An outcome is the result of a request for its client.
type outcome uint8

const (
	undecided outcome = iota // its deadline is after the end of the history
	answeredOK
	failed
	without
)

// bad reports whether the outcome is not that which was asked for.
func (o outcome) bad() bool { return o == failed || o == without }

// outcome returns the outcome of a request.
func (j judge) outcome(c *call) outcome {
	switch {
	case c.in.Deadline == 0 && c.pending:
		return without
	case c.in.Deadline > 0 && min(c.ended, j.end) > c.in.Deadline+j.slack:
		return without
	case c.pending:
		return undecided
	case c.ok():
		return answeredOK
	}
	return failed
}

// isFrozen reports whether a request never ended, or only with the run, or has spans that never did.
func (j judge) isFrozen(c *call) bool {
	return c.pending || c.typ == history.Info && c.ended == j.end || j.stuck[c.in.ID]
}

// Plus returns the outcomes of two histories together.
func (o Outcomes) Plus(p Outcomes) Outcomes {
	o.Requests, o.OK, o.Failed = o.Requests+p.Requests, o.OK+p.OK, o.Failed+p.Failed
	o.WithoutOutcome, o.Frozen, o.Slowest = o.WithoutOutcome+p.WithoutOutcome, o.Frozen+p.Frozen, max(o.Slowest, p.Slowest)
	return o
}
