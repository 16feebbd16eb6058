package capsize

import (
	"fmt"
	"math"
	"time"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/report"
)

// A Metric is a number of one's own that a run is measured by; see [Test.Metrics]. It is
// shown with -v, on the page, and in the JSON of the command.
type Metric = report.Metric

// measure computes the test's metrics. One that panics costs the metrics, not the verdict.
func (r *Result) measure() {
	if r.Test.Metrics == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			r.Metrics = []Metric{{Name: "metrics", Value: math.NaN(), Note: fmt.Sprintf("Test.Metrics panicked: %v", p)}}
		}
	}()
	r.Metrics = r.Test.Metrics(r)
}

// Latency returns a metric in seconds of virtual time: the time that a share q of the calls
// for which of is true took at most, 0.99 for the 99th percentile. Calls that did not end
// ok are left out; without any the value is NaN.
func Latency(name string, q float64, h *history.History, of func(c history.Call) bool) Metric {
	var took []time.Duration
	for c := range h.Calls() {
		if c.Complete.Type == history.OK && of(c) {
			took = append(took, c.Complete.Time-c.Invoke.Time)
		}
	}
	m := Metric{Name: name, Unit: "s", Value: math.NaN(), Note: fmt.Sprintf("of %d calls", len(took))}
	if len(took) > 0 {
		sorting.Ordered(took)
		i := int(math.Ceil(q*float64(len(took)))) - 1 // nearest rank
		m.Value = took[min(max(i, 0), len(took)-1)].Seconds()
	}
	return m
}

// Share returns a metric in percent: part of whole. Of nothing the value is NaN.
func Share(name string, part, whole int) Metric {
	m := Metric{Name: name, Unit: "%", Value: math.NaN(), Note: fmt.Sprintf("%d of %d", part, whole)}
	if whole > 0 {
		m.Value = 100 * float64(part) / float64(whole)
	}
	return m
}

// CallMetrics is a [Test.Metrics] that fits any workload: the median and the 99th percentile
// of how long calls took that ended ok, and the share of calls that did.
func CallMetrics(r *Result) []Metric {
	all := func(history.Call) bool { return true }
	x := r.Exercised
	return []Metric{
		Latency("p50 of calls", 0.5, r.History, all),
		Latency("p99 of calls", 0.99, r.History, all),
		Share("calls that ended ok", x.OK, x.OK+x.Fail+x.Info),
	}
}
