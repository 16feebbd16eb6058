package resilience

import (
	"cmp"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
)

// InFlight says how many units of a resource were held at once.
type InFlight struct {
	Most     int           // units
	At       time.Duration // the first instant at which that many were held
	Resource string        //
}

// MeasureInFlight returns the most units that were held at an instant of a resource; at "", of that of all resources of which the most
// were. What is released at an instant is not held at it.
func MeasureInFlight(h *history.History, at string) (InFlight, error) {
	r, err := readHolds(h, at)
	if err != nil {
		return InFlight{}, fmt.Errorf("in flight: %w", err)
	}
	m, _ := r.inFlight(at)
	return m, nil
}

// String returns the number in one sentence.
func (m InFlight) String() string {
	return fmt.Sprintf("at most %s%s held at once, at %s", words.Plural(m.Most, "unit"), words.Of(m.Resource, "of"), words.Duration(m.At))
}

func readHolds(h *history.History, at string) (*record, error) {
	r, err := read(h, "hold")
	if err != nil {
		return nil, err
	}
	for c := range r.of("hold", Interval{}) {
		if at == "" || c.in.At == at {
			return r, nil
		}
	}
	return nil, fmt.Errorf("no hold%s began", words.Of(at, "of"))
}

// inFlight returns the most units held at once, and the holds that have them.
func (r *record) inFlight(at string) (m InFlight, holds []*call) {
	by := map[string][]*call{}
	for c := range r.of("hold", Interval{}) {
		if (at == "" || c.in.At == at) && c.typ != history.Fail {
			by[c.in.At] = append(by[c.in.At], c)
		}
	}
	for _, resource := range sorting.Keys(by) {
		if units, when := mostHeld(by[resource]); units > m.Most {
			m = InFlight{units, when, resource}
		}
	}
	for _, c := range by[m.Resource] {
		if c.lasts(m.At) {
			holds = append(holds, c)
		}
	}
	return m, holds
}

// mostHeld returns the most units held at once, and since when.
func mostHeld(holds []*call) (most int, at time.Duration) {
	type change struct {
		at    time.Duration
		units int
	}
	var changes []change
	for _, c := range holds {
		changes = append(changes, change{c.begun, c.in.Units()}, change{c.ended, -c.in.Units()})
	}
	sorting.Func(changes, func(a, b change) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.units, b.units)) })
	units := 0
	for _, c := range changes {
		if units += c.units; units > most {
			most, at = units, c.at
		}
	}
	return most, at
}

// Capped returns the checker of a bound on what is held at once: at every instant at most so many units of a resource; at "", of each
// resource. With a cap of 1 it is mutual exclusion. The counterexample is the fewest holds of one instant that are too many.
func Capped(cap int, at string) checker.Checker {
	name := fmt.Sprintf("in-flight-at-most-%d", cap)
	return rule("in-flight", name, func(h *history.History) (res checker.Result, err error) {
		r, err := readHolds(h, at)
		if err != nil {
			return res, err
		}
		m, holds := r.inFlight(at)
		if m.Most == 0 {
			return res, fmt.Errorf("no hold%s lasted", words.Of(at, "of"))
		}
		res.Reason = m.String()
		if m.Most > cap {
			res.Verdict, res.Counterexample = checker.Invalid, r.why(fmt.Sprintf("%s%s held at %s, and %d allowed", words.Plural(m.Most, "unit"), words.Of(m.Resource, "of"),
				words.Duration(m.At), cap), false, fewest(holds, cap))
		}
		return res, nil
	})
}
