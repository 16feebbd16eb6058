package resilience

import (
	"errors"
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// Effects says how often the requests had the effect that each is to have once. It is about the requests of those routes for which
// the history has an effect; an effect that is indeterminate or failed counts as none.
type Effects struct {
	Requests int // of these routes
	Effects  int // of these requests, together
	Twice    int // requests with more than one
	Lost     int // requests that were answered ok, without one, nor an indeterminate one
	Most     int // effects of one request
}

// MeasureEffects counts the effects of the requests that began in an interval, whenever the effects were.
func MeasureEffects(h *history.History, s Interval) (Effects, error) {
	r, err := readEffects(h, s)
	if err != nil {
		return Effects{}, fmt.Errorf("effects: %w", err)
	}
	m, _ := r.effects(s)
	return m, nil
}

// PerRequest returns the number of effects for each request in the mean.
func (m Effects) PerRequest() float64 { return ratio(m.Effects, m.Requests) }

// String returns the counts in one sentence.
func (m Effects) String() string {
	return fmt.Sprintf("%s and %s: %d had more than one, at most %d, and %d had none though answered ok", words.Plural(m.Requests, "request"), words.Plural(m.Effects, "effect"),
		m.Twice, m.Most, m.Lost)
}

func readEffects(h *history.History, s Interval) (*record, error) {
	r, err := read(h, "request", "effect")
	if err != nil {
		return nil, err
	}
	if err := r.need("effect", Interval{}); err != nil {
		return nil, err
	}
	return r, r.need("request", s)
}

// An effected is the effects of a request.
type effected struct {
	request *call
	certain []*call
	maybe   bool // there is an indeterminate one as well
}

// twice reports whether there is more than one.
func (e *effected) twice() bool { return len(e.certain) > 1 }

// lost reports whether there is none, though the request was answered ok.
func (e *effected) lost() bool { return len(e.certain) == 0 && !e.maybe && e.request.ok() }

// effects counts the effects of requests that began in an interval, and returns them in the order of their requests.
func (r *record) effects(s Interval) (m Effects, all []*effected) {
	requests, routes, by := r.requests(), map[string]bool{}, map[int]*effected{}
	for c := range r.of("effect", Interval{}) {
		routes[c.in.Route] = true
		if request := requests[c.in.ID]; request != nil {
			routes[request.in.Route] = true
		}
		e := by[c.in.ID]
		if e == nil {
			e = &effected{}
			by[c.in.ID] = e
		}
		switch {
		case c.ok():
			e.certain = append(e.certain, c)
		case c.typ == history.Info:
			e.maybe = true
		}
	}
	for c := range r.of("request", s) {
		if !routes[c.in.Route] || requests[c.in.ID] != c {
			continue
		}
		e := by[c.in.ID]
		if e == nil {
			e = &effected{}
		}
		e.request = c
		all = append(all, e)
		m.add(e)
	}
	return m, all
}

func (m *Effects) add(e *effected) {
	m.Requests++
	m.Effects += len(e.certain)
	m.Most = max(m.Most, len(e.certain))
	if e.twice() {
		m.Twice++
	}
	if e.lost() {
		m.Lost++
	}
}

// OnceEach returns the checker of effects: no request has more than one, and one that was answered ok has one. The requests of
// routes for which the history has no effect are not judged. The counterexample is the first request with two, and two of its effects; if
// there is none, the first that lacks one.
func OnceEach() checker.Checker {
	return rule("effects", "effects", func(h *history.History) (res checker.Result, err error) {
		r, err := readEffects(h, Interval{})
		if err != nil {
			return res, err
		}
		m, all := r.effects(Interval{})
		if m.Requests == 0 {
			return res, errors.New("no effect is of a request that is in the history")
		}
		res.Reason = m.String()
		if e := firstOf(all, (*effected).twice); e != nil {
			res.Verdict, res.Broken = checker.Invalid, "a request took effect more than once"
			res.Counterexample = r.why(fmt.Sprintf("%s took effect %d times", e.request.name(), len(e.certain)), true, []*call{e.certain[1], e.certain[0], e.request})
		} else if e := firstOf(all, (*effected).lost); e != nil {
			res.Verdict, res.Broken = checker.Invalid, "a request was answered ok and had no effect"
			witness := r.effectOf(e.request.in.Route)
			res.Counterexample = r.why(e.request.name()+" was answered ok and had no effect, where others of its route have one", true, append([]*call{e.request}, witness...))
		}
		return res, nil
	})
}

// effectOf returns an effect that shows that the requests of a route are to have one, with its request if that says so.
func (r *record) effectOf(route string) (witness []*call) {
	requests := r.requests()
	for c := range r.of("effect", Interval{}) {
		switch request := requests[c.in.ID]; {
		case c.in.Route == route:
			return []*call{c}
		case witness == nil && request != nil && request.in.Route == route:
			witness = []*call{c, request}
		}
	}
	return witness
}

// firstOf returns the first that is so; nil if none is.
func firstOf(all []*effected, is func(*effected) bool) *effected {
	for _, e := range all {
		if is(e) {
			return e
		}
	}
	return nil
}
