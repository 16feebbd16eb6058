package stats

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// Limits say what statistics are good enough. The zero value has no limits.
type Limits struct {
	Availability float64       // the least share of calls that must be ok, from 0 to 1
	Outside      float64       // the same, of the calls that overlap no fault
	Inside       float64       // the same, of those that overlap one
	EachNode     float64       // the same, at each node
	EachF        bool          // whether a call of each F must have been ok, as Jepsen asks for
	P99          time.Duration // the longest that 99 % of ok calls may take; 0 for any time
	Rate         float64       // the least number of ok calls a second; 0 for any
}

// statsFile is the name of the file of a [checker.Result] that holds its [Report].
const statsFile = "stats.json"

// New returns a checker that measures a history, and is Invalid if the limits are
// not kept. It has a part for each of availability, latency and rate. O(n log n).
// Jepsen's stats demands what [Limits] call EachF.
func New(limits Limits) checker.Checker {
	return wording.Named("stats", checker.Func(func(_ context.Context, h *history.History) checker.Result {
		s := Measure(h)
		r := checker.All(
			measured("availability", func() (string, string) { return s.available(limits) }),
			measured("latency", func() (string, string) { return s.quick(limits) }),
			measured("rate", func() (string, string) { return s.busy(limits, h.End()) }),
		).Check(context.Background(), h)
		r.Checker = "stats"
		if r.Verdict == checker.Valid {
			r.Reason = r.Parts[0].Reason + "; " + r.Parts[1].Reason + "; " + r.Parts[2].Reason
		}
		if b, err := json.Marshal(s); err == nil {
			r.Files = map[string][]byte{statsFile: b}
		}
		return r
	}))
}

// Of returns what [New] measured, and false for the result of another checker.
func Of(r checker.Result) (s Report, ok bool) {
	b, ok := r.Files[statsFile]
	return s, ok && json.Unmarshal(b, &s) == nil
}

func measured(name string, measure func() (wrong, right string)) checker.Checker {
	return wording.Named(name, checker.Func(func(context.Context, *history.History) checker.Result {
		wrong, right := measure()
		if wrong != "" {
			return checker.Result{Checker: name, Verdict: checker.Invalid, Reason: wrong}
		}
		return checker.Result{Checker: name, Reason: right}
	}))
}

// available says whether calls were ok often enough.
func (s Report) available(l Limits) (wrong, right string) {
	type floor struct {
		CallGroup
		least float64
	}
	floors := []floor{{s.All, l.Availability}, {s.Outside, l.Outside}, {s.Inside, l.Inside}}
	for _, g := range s.ByNode {
		floors = append(floors, floor{g, l.EachNode})
	}
	for _, f := range floors {
		if got := f.Availability(); got < f.least {
			return fmt.Sprintf("%s of %s (%s) were ok, or %s, which is less than %s",
				fmt.Sprint(f.OK), words.Plural(f.Calls, "call"), f.Name, percent(got), percent(f.least)), ""
		}
	}
	for _, g := range s.ByF {
		if l.EachF && g.OK == 0 {
			return fmt.Sprintf("none of %s of %s was ok", words.Plural(g.Calls, "call"), g.Name), ""
		}
	}
	return "", fmt.Sprintf("%d of %s ok (%s; inside of faults %s, outside %s)", s.All.OK, words.Plural(s.All.Calls, "call"),
		percent(s.All.Availability()), percent(s.Inside.Availability()), percent(s.Outside.Availability()))
}

func percent(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }

// quick says whether ok calls were fast enough.
func (s Report) quick(l Limits) (wrong, right string) {
	ok := s.All.Latency.OK
	if l.P99 > 0 && ok.P99 > l.P99 {
		return fmt.Sprintf("99 %% of ok calls took up to %s, which is more than %s", words.Duration(ok.P99), words.Duration(l.P99)), ""
	}
	return "", fmt.Sprintf("ok calls took %s (median), %s (99 %%), %s (most)", words.Duration(ok.P50), words.Duration(ok.P99), words.Duration(ok.Max))
}

// busy says whether there were enough ok calls a second.
func (s Report) busy(l Limits, end time.Duration) (wrong, right string) {
	rate := 0.0
	if end > 0 {
		rate = float64(s.All.OK) / end.Seconds()
	}
	if rate < l.Rate {
		return fmt.Sprintf("%.4g ok calls a second, which is less than %.4g", rate, l.Rate), ""
	}
	return "", fmt.Sprintf("%.4g ok calls a second", rate)
}
