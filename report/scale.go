package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
)

// A scale is the time axis of a counterexample: it maps instants to [0, 1].
//
// The calls of a counterexample take milliseconds and may lie minutes apart. So
// that both can be seen, an interval in which none of them was pending is cut
// short, and every instant at which something happened keeps a distance from the
// next. Order is always true, distance only between cuts.
type scale struct {
	times []time.Duration // distinct, ascending
	at    []float64       // where each of them is
	cuts  []int           // index of the instant before each interval that was cut
}

// newScale makes the axis of calls. Instants are at least step apart. Intervals without pending
// calls are cut if they are longer than one and a half times all others together.
func newScale(calls []history.Call, step float64) scale {
	s := scale{times: instants(calls)}
	if len(s.times) == 0 {
		s.times = []time.Duration{0}
	}
	n := len(s.times) - 1
	weights := make([]float64, n)
	var busy, total float64
	for i := range weights {
		weights[i] = float64(s.times[i+1] - s.times[i])
		if s.busy(calls, i) {
			busy += weights[i]
		}
	}
	for i := range weights {
		if busy > 0 && !s.busy(calls, i) && weights[i] > 1.5*busy {
			weights[i] = busy / 4
			s.cuts = append(s.cuts, i)
		}
		total += weights[i]
	}
	s.place(weights, total, min(step, 0.6/float64(max(n, 1))))
	if slices.ContainsFunc(calls, indeterminate) {
		for i := range s.at {
			s.at[i] *= 0.88 // room for the open ends
		}
	}
	return s
}

// place turns weights into positions.
func (s *scale) place(weights []float64, total, step float64) {
	sum := 0.0
	for i := range weights {
		weights[i] = max(weights[i], step*total, 1)
		sum += weights[i]
	}
	s.at = make([]float64, len(s.times))
	for i, w := range weights {
		s.at[i+1] = s.at[i] + w/sum
	}
}

// busy reports whether a call that returned was pending from instant i to the next.
func (s *scale) busy(calls []history.Call, i int) bool {
	for _, c := range calls {
		if !indeterminate(c) && c.Invoke.Time <= s.times[i] && c.Complete.Time >= s.times[i+1] {
			return true
		}
	}
	return false
}

// pos returns where t is. What lies outside of the axis is at its ends.
func (s *scale) pos(t time.Duration) float64 {
	i, found := slices.BinarySearch(s.times, t)
	switch {
	case found:
		return s.at[i]
	case i == 0:
		return 0
	case i == len(s.times):
		return 1
	}
	part := float64(t-s.times[i-1]) / float64(s.times[i]-s.times[i-1])
	return s.at[i-1] + part*(s.at[i]-s.at[i-1])
}

// indeterminate reports whether a call may take effect at any time after it was
// invoked.
func indeterminate(c history.Call) bool { return c.Complete.Type == history.Info }

// instants returns the times at which calls began and ended.
func instants(calls []history.Call) []time.Duration {
	var ts []time.Duration
	for _, c := range calls {
		ts = append(ts, c.Invoke.Time)
		if !indeterminate(c) {
			ts = append(ts, c.Complete.Time)
		}
	}
	sorting.Ordered(ts)
	return slices.Compact(ts)
}

// window returns the time from the first to the last instant of calls.
func window(calls []history.Call) (from, to time.Duration) {
	ts := instants(calls)
	if len(ts) == 0 {
		return 0, 0
	}
	return ts[0], ts[len(ts)-1]
}

// foundAt returns when the rule was broken: the end of the call that is marked as the
// blamed, or of the last call.
func foundAt(w *checker.Counterexample) time.Duration {
	if i := w.Blamed; i >= 0 && i < len(w.Calls) && !indeterminate(w.Calls[i]) {
		return w.Calls[i].Complete.Time
	}
	_, to := window(w.Calls)
	return to
}

// A shown call is a call of a counterexample with its label and marks.
type shown struct {
	history.Call
	Label     string
	Blamed    bool
	Context   bool // whether it only shows where a value came from
	Conflicts bool // whether it does not, and others do
	Number    int  // of a transaction, from 1, where the counterexample has links; 0 otherwise
}

// name names the row of the call: by its process, and by its number if it has one.
func (c shown) name() string {
	if c.Number > 0 {
		return fmt.Sprintf("T%d %s", c.Number, processName(c.Invoke))
	}
	return processName(c.Invoke)
}

// pick returns the calls of a counterexample to draw, at most n of them and
// always the call to blame, in the order of their invocations. It also counts those that
// it leaves out.
func pick(w *checker.Counterexample, n int) (calls []shown, left int) {
	for i, c := range w.Calls {
		calls = append(calls, shown{c, label(c, w.Key), i == w.Blamed, w.Context(i), conflicting(w) != "" && !w.Context(i), 0})
		if len(w.Links) > 0 || isTxn(c) {
			calls[i].Number = i + 1
		}
	}
	sorting.Stable(calls, func(a, b shown) int { return cmp.Compare(a.Invoke.Time, b.Invoke.Time) })
	if len(calls) <= n {
		return calls, 0
	}
	left = len(calls) - n
	at := slices.IndexFunc(calls, func(c shown) bool { return c.Blamed })
	from := min(max(0, at-n+1+n/4), left)
	return calls[from : from+n], left
}

// isTxn reports whether a call is a transaction. Reasons name those by their numbers.
func isTxn(c history.Call) bool {
	_, ok := c.Invoke.Input.(model.Txn)
	return ok
}

func callsOf(all []shown) []history.Call {
	calls := make([]history.Call, len(all))
	for i, c := range all {
		calls[i] = c.Call
	}
	return calls
}

// A activeFault is a fault that was active for a while.
type activeFault struct {
	From, To time.Duration
	Name     string
	Step     string
	Failed   string // why it could not be injected
}

// faultsOf returns the faults of a history. One that was not healed lasts to end.
func faultsOf(h *history.History, end time.Duration) []activeFault {
	var all []activeFault
	for f := range h.Faults() {
		s := activeFault{From: f.Invoke.Time, To: min(f.Complete.Time, max(end, f.Invoke.Time)), Step: f.Invoke.Key}
		if f.Complete.Type == history.Fail {
			s.Failed = "failed"
			if f.Complete.Err != "" {
				s.Failed = clean(f.Complete.Err, 200)
			}
		}
		s.Name = clean(f.Invoke.Key, 60)
		if f.Invoke.Input != nil {
			s.Name = clean(plain(f.Invoke.Input), 120)
		}
		all = append(all, s)
	}
	return all
}

// during returns the faults that were active between two instants.
func during(all []activeFault, from, to time.Duration) []activeFault {
	var some []activeFault
	for _, s := range all {
		if s.Failed == "" && s.From <= to && s.To >= from {
			some = append(some, s)
		}
	}
	return some
}
