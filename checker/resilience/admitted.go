package resilience

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
)

// Admitted says what limiters admitted, all of them together.
type Admitted struct {
	Asked    int // admits that ended
	Admitted int // of these
	Refused  int // of these; what is indeterminate is neither

	Most int           // units that were admitted to one principal within a window, wherever that begins
	By   string        // the principal
	At   time.Duration // when that window begins: at an admission
}

// MeasureAdmitted counts what was admitted of the admits that began in an interval. Most is the largest number of units of one
// principal in any window [t, t+window), by the instants at which the admits ended. The window must be above 0.
func MeasureAdmitted(h *history.History, window time.Duration, s Interval) (Admitted, error) {
	r, err := readAdmits(h, window, s)
	if err != nil {
		return Admitted{}, fmt.Errorf("admitted: %w", err)
	}
	m, _ := r.admitted(window, s)
	return m, nil
}

// String returns the counts in one sentence.
func (m Admitted) String() string {
	return fmt.Sprintf("admitted %d of %d that asked, and refused %d; at most %s%s in one window", m.Admitted, m.Asked, m.Refused, words.Plural(m.Most, "unit"),
		words.Of(m.By, "of"))
}

func readAdmits(h *history.History, window time.Duration, s Interval) (*record, error) {
	if window <= 0 {
		return nil, fmt.Errorf("a window of %v", window)
	}
	r, err := read(h, "admit")
	if err != nil {
		return nil, err
	}
	return r, r.need("admit", s)
}

// admitted counts, and returns the admissions of the window with the most units.
func (r *record) admitted(window time.Duration, s Interval) (m Admitted, busiest []*call) {
	by := map[string][]*call{}
	for c := range r.of("admit", s) {
		if c.pending {
			continue
		}
		m.Asked++
		switch c.typ {
		case history.OK:
			m.Admitted++
			by[c.in.By] = append(by[c.in.By], c)
		case history.Fail:
			m.Refused++
		}
	}
	for _, principal := range sorting.Keys(by) {
		sorting.Stable(by[principal], func(a, b *call) int { return cmp.Compare(a.ended, b.ended) })
		if most, calls := busiestUnits(by[principal], window); most > m.Most {
			m.Most, m.By, m.At, busiest = most, principal, calls[0].ended, calls
		}
	}
	return m, busiest
}

// busiestUnits returns the most units of calls, sorted by their ends, that are within one window, and these calls.
func busiestUnits(calls []*call, window time.Duration) (most int, in []*call) {
	from, units := 0, 0
	for to, c := range calls {
		units += c.in.Units()
		for c.ended-calls[from].ended >= window {
			units -= calls[from].in.Units()
			from++
		}
		if units > most {
			most, in = units, calls[from:to+1]
		}
	}
	return most, in
}

// AtMost returns the checker of a rate limit: in any window of that length, wherever it begins, all limiters together admit at most so
// many units to each principal. The counterexample is the fewest admissions of one window that are too many.
func AtMost(units int, window time.Duration) checker.Checker {
	name := fmt.Sprintf("admitted-at-most-%d-in-%s", units, window)
	return rule("admitted", name, func(h *history.History) (res checker.Result, err error) {
		r, err := readAdmits(h, window, Interval{})
		if err != nil {
			return res, err
		}
		m, calls := r.admitted(window, Interval{})
		if m.Admitted == 0 {
			return res, errors.New("nothing was admitted")
		}
		res.Reason = m.String()
		if m.Most > units {
			res.Verdict, res.Counterexample = checker.Invalid, r.why(fmt.Sprintf("%d units%s were admitted within %s from %s on, and %d are allowed", m.Most, words.Of(m.By, "of"),
				words.Duration(window), words.Duration(m.At), units), false, fewest(calls, units))
		}
		return res, nil
	})
}

// fewest returns the fewest of calls that have more than so many units together.
func fewest(calls []*call, units int) []*call {
	sorted := slices.Clone(calls)
	sorting.Stable(sorted, func(a, b *call) int { return cmp.Compare(b.in.Units(), a.in.Units()) })
	n := 0
	for i, c := range sorted {
		if n += c.in.Units(); n > units {
			return sorted[:i+1]
		}
	}
	return sorted
}
