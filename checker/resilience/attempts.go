package resilience

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/windows"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// Attempts says how many attempts there were for requests. An attempt of depth 1 is one of a client, and one of depth 2 is one of
// the service that it reached.
type Attempts struct {
	Requests int
	ByDepth  []int // for these requests; [0] is of depth 1

	PeakOverMean float64 // attempts of the deepest depth: the most in any 100 ms, over the mean of 100 ms
	Peak         Window  // where that is
}

// A Window is a span with what was counted in it.
type Window struct {
	Interval
	Count int
}

// peakWindow is how long the window of a peak is.
const peakWindow = 100 * time.Millisecond

// MeasureAttempts counts the attempts for the requests that began in an interval, whenever these attempts began. Peak and
// PeakOverMean are of the attempts that began in the interval.
func MeasureAttempts(h *history.History, s Interval) (Attempts, error) {
	r, err := readAttempts(h, s)
	if err != nil {
		return Attempts{}, fmt.Errorf("attempts: %w", err)
	}
	m := r.attempts(s)
	deepest := r.deepest()
	var at []time.Duration
	for c := range r.of("attempt", s) {
		if c.depth() == deepest {
			at = append(at, c.begun)
		}
	}
	n, begin := windows.Busiest(at, peakWindow)
	m.Peak = Window{Interval{begin, begin + peakWindow}, n}
	if mean := float64(len(at)) * float64(peakWindow) / float64(max(1, s.until(r.end).length())); mean > 0 {
		m.PeakOverMean = float64(n) / mean
	}
	return m, nil
}

// PerRequest returns the number of attempts of a depth, from 1 on, for each request in the mean.
func (m Attempts) PerRequest(depth int) float64 {
	if depth < 1 || depth > len(m.ByDepth) {
		return 0
	}
	return ratio(m.ByDepth[depth-1], m.Requests)
}

// Deepest returns the deepest depth of an attempt, which is where a chain of services ends.
func (m Attempts) Deepest() int { return len(m.ByDepth) }

// String returns the counts in one sentence.
func (m Attempts) String() string {
	var at []string
	for i, n := range m.ByDepth {
		at = append(at, fmt.Sprintf("%d at depth %d (%.4g a request)", n, i+1, m.PerRequest(i+1)))
	}
	return fmt.Sprintf("%s, with attempts: %s", words.Plural(m.Requests, "request"), strings.Join(at, ", "))
}

func readAttempts(h *history.History, s Interval) (*record, error) {
	r, err := read(h, "request", "attempt")
	if err != nil {
		return nil, err
	}
	if err := r.need("request", s); err != nil {
		return nil, err
	}
	return r, r.need("attempt", Interval{})
}

// depth returns how many services an attempt is away from the client.
func (c *call) depth() int { return max(1, c.in.Depth) }

// deepest returns the deepest depth of all attempts.
func (r *record) deepest() (deepest int) {
	for c := range r.of("attempt", Interval{}) {
		deepest = max(deepest, c.depth())
	}
	return deepest
}

// attempts counts the attempts for the requests that began in an interval.
func (r *record) attempts(s Interval) Attempts {
	m := Attempts{Requests: r.count("request", s), ByDepth: make([]int, r.deepest())}
	requests := r.requests()
	for c := range r.of("attempt", Interval{}) {
		if request := requests[c.in.ID]; request != nil && s.Contains(request.begun) {
			m.ByDepth[c.depth()-1]++
		}
	}
	return m
}

// Amplified returns the checker of amplification by retries: for the requests that began in an interval, there are in the mean at most so many
// attempts of the deepest depth each. The counterexample is a request with more, and as many of its attempts as are too many.
func Amplified(most float64, s Interval) checker.Checker {
	return rule("amplification", "amplification", func(h *history.History) (res checker.Result, err error) {
		r, err := readAttempts(h, s)
		if err != nil {
			return res, err
		}
		m := r.attempts(s)
		res.Reason = m.String()
		if m.PerRequest(m.Deepest()) > most {
			res.Verdict, res.Counterexample = checker.Invalid, r.whyAmplified(m, most, s)
		}
		return res, nil
	})
}

// whyAmplified returns the counterexample for too many attempts: the first request that has more than the mean may be.
func (r *record) whyAmplified(m Attempts, most float64, s Interval) *checker.Counterexample {
	requests, attempts := r.requests(), map[int][]*call{}
	for c := range r.of("attempt", Interval{}) {
		if c.depth() == m.Deepest() {
			attempts[c.in.ID] = append(attempts[c.in.ID], c)
		}
	}
	for request := range r.of("request", s) {
		mine := attempts[request.in.ID]
		if requests[request.in.ID] != request || float64(len(mine)) <= most {
			continue
		}
		reason := fmt.Sprintf("%s led to %s at depth %d; the mean of all requests is %.4g, and %.4g is allowed", request.name(),
			words.Plural(len(mine), "attempt"), m.Deepest(), m.PerRequest(m.Deepest()), most)
		return r.why(reason, true, slices.Concat([]*call{request}, mine[:int(most)+1]))
	}
	return nil
}
