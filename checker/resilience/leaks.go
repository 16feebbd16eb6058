package resilience

import (
	"errors"
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
)

// Leaks says what was held and waited for when the history ended.
type Leaks struct {
	Holds  int            // that began, and did not fail
	Leaked int            // of these: had not ended
	By     map[string]int // units that were still held, by resource
	Waits  int            // that had not ended
}

// MeasureLeaks counts the holds and waits that never ended. Those of a host that crashed ended with it.
func MeasureLeaks(h *history.History) (Leaks, error) {
	r, err := readLeaks(h)
	if err != nil {
		return Leaks{}, fmt.Errorf("leaks: %w", err)
	}
	return r.leaks(), nil
}

// String returns the counts in one sentence.
func (m Leaks) String() string {
	text := fmt.Sprintf("%d of %s never ended", m.Leaked, words.Plural(m.Holds, "hold"))
	var by []string
	for _, at := range sorting.Keys(m.By) {
		by = append(by, words.Plural(m.By[at], "unit")+words.Of(at, "of"))
	}
	if len(by) > 0 {
		text += " (" + strings.Join(by, ", ") + ")"
	}
	return text + fmt.Sprintf("; waits that never ended: %d", m.Waits)
}

func readLeaks(h *history.History) (*record, error) {
	r, err := read(h, "hold", "wait")
	if err == nil && len(r.calls) == 0 {
		err = errors.New("no hold and no wait began")
	}
	return r, err
}

func (r *record) leaks() Leaks {
	m := Leaks{By: map[string]int{}}
	for i := range r.calls {
		c := &r.calls[i]
		switch {
		case c.in.F == "wait":
			if c.pending {
				m.Waits++
			}
		case c.pending:
			m.Holds++
			m.Leaked++
			m.By[c.in.At] += c.in.Units()
		case c.typ != history.Fail:
			m.Holds++
		}
	}
	return m
}

// NoLeaks returns the checker of leaks: no resource is held or waited for when the history ends.
//
// The counterexample is the first hold that never ended. If there is none, it is the first wait, with where it
// waits.
func NoLeaks() checker.Checker {
	return rule("leaks", "leaks", func(h *history.History) (res checker.Result, err error) {
		r, err := readLeaks(h)
		if err != nil {
			return res, err
		}
		res.Reason = r.leaks().String()
		if c := r.firstPending("hold"); c != nil {
			res.Verdict, res.Counterexample = checker.Invalid, r.why(fmt.Sprintf("%s, begun at %s, never ended: the history ends %s later", c.name(),
				words.Duration(c.begun), words.Duration(r.end-c.begun)), true, []*call{c})
			return res, nil
		}
		if c := r.firstPending("wait"); c != nil {
			b := blocked{in: c}
			res.Verdict, res.Counterexample = checker.Invalid, r.why(c.name()+" never ended"+b.String(), true, []*call{c})
		}
		return res, nil
	})
}

// firstPending returns the first call with a function that never ended; nil if all did.
func (r *record) firstPending(f string) *call {
	for c := range r.of(f, Interval{}) {
		if c.pending {
			return c
		}
	}
	return nil
}
