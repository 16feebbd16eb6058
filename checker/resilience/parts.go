package resilience

import (
	"errors"
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// Parts says how complete the answers of requests were.
type Parts struct {
	OK      int // requests that were answered ok
	Partial int // of these: the answer says that it is partial, or a fallback
	Silent  int // of these: parts are missing, and the answer does not say so
}

// MeasureParts counts the incomplete answers of the requests that began in an interval.
func MeasureParts(h *history.History, s Interval) (Parts, error) {
	m, _, _, err := measureParts(h, s)
	if err != nil {
		return Parts{}, fmt.Errorf("parts: %w", err)
	}
	return m, nil
}

// String returns the counts in one sentence.
func (m Parts) String() string {
	return fmt.Sprintf("%s: %d say that they are partial, %d lack parts and do not say so", words.Plural(m.OK, "ok answer"), m.Partial, m.Silent)
}

// measureParts counts, and returns the first request whose answer lacks parts without saying so.
func measureParts(h *history.History, s Interval) (m Parts, r *record, first *call, err error) {
	if r, err = read(h, "request"); err != nil {
		return m, nil, nil, err
	}
	if err := r.need("request", s); err != nil {
		return m, nil, nil, err
	}
	for c := range r.of("request", s) {
		if !c.ok() {
			continue
		}
		m.OK++
		switch {
		case c.out.Partial:
			m.Partial++
		case c.out.Missing > 0:
			m.Silent++
			if first == nil {
				first = c
			}
		}
	}
	return m, r, first, nil
}

// Whole returns the checker of complete answers: each answer that is ok has all its parts, or says that it has not. The
// counterexample is the first that does neither.
func Whole() checker.Checker {
	return rule("parts", "parts", func(h *history.History) (res checker.Result, err error) {
		m, r, first, err := measureParts(h, Interval{})
		if err == nil && m.OK == 0 {
			err = errors.New("no request was answered ok")
		}
		if err != nil {
			return res, err
		}
		res.Reason = m.String()
		if first != nil {
			res.Verdict, res.Counterexample = checker.Invalid, r.why(fmt.Sprintf("%s was answered ok without %s, and the answer does not say so", first.name(),
				words.Plural(first.out.Missing, "part")), true, []*call{first})
		}
		return res, nil
	})
}
