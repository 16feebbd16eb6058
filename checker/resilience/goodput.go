package resilience

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/capsize-go/capsize/history"
)

// Goodput says how many requests were answered in time, and how many attempts there were, over time. Bucket i is of the time
// from i × Bucket until (i+1) × Bucket; the last one is that in which the history ends.
type Goodput struct {
	Bucket   time.Duration
	OK       []int // requests answered by their deadline with what they asked for, by the instant of the answer
	Failed   []int // other requests, by the instant of their end or of their deadline, whichever came first; of those that have neither, by the end of the history
	Attempts []int // of the deepest depth, by the instant of their beginning

	ok, attempts []time.Duration // sorted
	end          time.Duration   // of the history
}

// MeasureGoodput counts the requests that were answered in time, in buckets of that length, which must be above 0.
func MeasureGoodput(h *history.History, bucket time.Duration) (Goodput, error) {
	r, err := readGoodput(h)
	if err == nil && bucket <= 0 {
		err = fmt.Errorf("a bucket of %v", bucket)
	}
	if err != nil {
		return Goodput{}, fmt.Errorf("goodput: %w", err)
	}
	return r.goodput(bucket), nil
}

func readGoodput(h *history.History) (*record, error) {
	r, err := read(h, "request", "attempt")
	if err != nil {
		return nil, err
	}
	return r, r.need("request", Interval{})
}

func (r *record) goodput(bucket time.Duration) Goodput {
	n := int(r.end/bucket) + 1
	m := Goodput{Bucket: bucket, OK: make([]int, n), Failed: make([]int, n), Attempts: make([]int, n), end: r.end}
	j := r.judge(slack)
	for c := range r.of("request", Interval{}) {
		switch j.outcome(c) {
		case answeredOK:
			m.OK[c.ended/bucket]++
			m.ok = append(m.ok, c.ended)
		case failed, without:
			m.Failed[min(c.decided(c), r.end)/bucket]++
		}
	}
	deepest := r.deepest()
	for c := range r.of("attempt", Interval{}) {
		if c.depth() == deepest {
			m.Attempts[c.begun/bucket]++
			m.attempts = append(m.attempts, c.begun)
		}
	}
	slices.Sort(m.ok)
	return m
}

// Rate returns the requests answered in time in each second of a span.
func (m Goodput) Rate(s Interval) float64 { return m.rate(m.ok, s) }

// AttemptRate returns the attempts of the deepest depth that began in each second of a span.
func (m Goodput) AttemptRate(s Interval) float64 { return m.rate(m.attempts, s) }

func (m Goodput) rate(at []time.Duration, s Interval) float64 {
	s = s.until(m.end)
	if s.length() == 0 {
		return 0
	}
	before := func(t time.Duration) int { return sort.Search(len(at), func(i int) bool { return at[i] >= t }) }
	return float64(before(s.To)-before(s.From)) / s.length().Seconds()
}
