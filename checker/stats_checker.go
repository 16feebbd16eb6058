package checker

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/history"
)

// StatsLimits say what statistics are good enough. The zero value asks for nothing.
type StatsLimits struct {
	Availability float64       // the least share of calls that must be ok, from 0 to 1
	Outside      float64       // the same, of the calls that overlap no fault
	Inside       float64       // the same, of those that overlap one
	EachNode     float64       // the same, at each node
	EachF        bool          // whether a call of each F must have been ok, as Jepsen asks for
	P99          time.Duration // what 99 % of ok calls must not be slower than; 0 for whatever
	Rate         float64       // the least number of ok calls a second; 0 for whatever
}

// statsFile is the name of the file of a [Result] that holds its [Stats].
const statsFile = "stats.json"

// Statistics returns a checker that measures a history, and is Invalid if the limits are
// not kept. It has a part for each of availability, latency and rate. O(n log n).
// Jepsen's stats asks what [StatsLimits] call EachF.
func Statistics(limits StatsLimits) Checker {
	return named("stats", Func(func(_ context.Context, h *history.History) Result {
		s := Measure(h)
		r := All(
			measured("availability", func() (string, string) { return s.available(limits) }),
			measured("latency", func() (string, string) { return s.quick(limits) }),
			measured("rate", func() (string, string) { return s.busy(limits, h.End()) }),
		).Check(context.Background(), h)
		r.Checker = "stats"
		if r.Verdict == Valid {
			r.Reason = r.Parts[0].Reason + "; " + r.Parts[1].Reason + "; " + r.Parts[2].Reason
		}
		if b, err := json.Marshal(s); err == nil {
			r.Files = map[string][]byte{statsFile: b}
		}
		return r
	}))
}

// StatsOf returns what [Statistics] measured, and false for the result of another checker.
func StatsOf(r Result) (s Stats, ok bool) {
	b, ok := r.Files[statsFile]
	return s, ok && json.Unmarshal(b, &s) == nil
}

func measured(name string, measure func() (wrong, right string)) Checker {
	return named(name, Func(func(context.Context, *history.History) Result {
		wrong, right := measure()
		if wrong != "" {
			return Result{Checker: name, Verdict: Invalid, Reason: wrong}
		}
		return Result{Checker: name, Reason: right}
	}))
}

// available says whether calls were ok often enough.
func (s Stats) available(l StatsLimits) (wrong, right string) {
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
				fmt.Sprint(f.OK), plural(f.Calls, "call"), f.Name, percent(got), percent(f.least)), ""
		}
	}
	for _, g := range s.ByF {
		if l.EachF && g.OK == 0 {
			return fmt.Sprintf("none of %s of %s was ok", plural(g.Calls, "call"), g.Name), ""
		}
	}
	return "", fmt.Sprintf("%d of %s ok (%s; inside of faults %s, outside %s)", s.All.OK, plural(s.All.Calls, "call"),
		percent(s.All.Availability()), percent(s.Inside.Availability()), percent(s.Outside.Availability()))
}

func percent(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }

// quick says whether ok calls were fast enough.
func (s Stats) quick(l StatsLimits) (wrong, right string) {
	ok := s.All.Latency.OK
	if l.P99 > 0 && ok.P99 > l.P99 {
		return fmt.Sprintf("99 %% of ok calls took up to %s, which is more than %s", short(ok.P99), short(l.P99)), ""
	}
	return "", fmt.Sprintf("ok calls took %s (median), %s (99 %%), %s (most)", short(ok.P50), short(ok.P99), short(ok.Max))
}

// busy says whether there were enough ok calls a second.
func (s Stats) busy(l StatsLimits, end time.Duration) (wrong, right string) {
	rate := 0.0
	if end > 0 {
		rate = float64(s.All.OK) / end.Seconds()
	}
	if rate < l.Rate {
		return fmt.Sprintf("%.4g ok calls a second, which is less than %.4g", rate, l.Rate), ""
	}
	return "", fmt.Sprintf("%.4g ok calls a second", rate)
}
