package capsize

import (
	"fmt"
	"math"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report"
)

// measure computes the test's metrics. One that panics costs the metrics, not the verdict.
func (r *Result) measure() {
	if r.Test.Metrics == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			r.Metrics = []report.Metric{{Name: "metrics", Value: math.NaN(), Note: fmt.Sprintf("Test.Metrics panicked: %v", p)}}
		}
	}()
	r.Metrics = r.Test.Metrics(r)
}

// CallMetrics returns metrics that fit any workload: the median and the 99th percentile of
// how long calls took that ended ok, and the share of calls that did. A test that wants no
// others has it as [Test.Metrics]: (*capsize.Result).CallMetrics.
func (r *Result) CallMetrics() []report.Metric {
	all := func(history.Call) bool { return true }
	x := r.Exercised
	return []report.Metric{
		report.Latency("p50 of calls", 0.5, r.History, all),
		report.Latency("p99 of calls", 0.99, r.History, all),
		report.Share("calls that ended ok", x.OK, x.OK+x.Fail+x.Info),
	}
}
