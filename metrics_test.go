package capsize_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report"
)

// three calls: 10, 20 and 90 ms, and one that failed.
func threeCalls() *history.History {
	h := new(history.History)
	for i, ms := range []int{10, 20, 90, 500} {
		end := history.OK
		if i == 3 {
			end = history.Fail
		}
		h.Add(history.Op{Process: i, Type: history.Invoke, Time: time.Second, Input: i})
		h.Add(history.Op{Process: i, Type: end, Time: time.Second + time.Duration(ms)*time.Millisecond})
	}
	return h
}

// Metrics are computed of the judged result, and one that panics costs no verdict.
func TestTestMetrics(t *testing.T) {
	test := chattyTest(false)
	test.Metrics = func(r *capsize.Result) []report.Metric {
		return append(r.CallMetrics(), report.Metric{Name: "questions", Value: float64(r.Exercised.Marks["asked"]), Note: r.Verdict.String()})
	}
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	require.Len(t, r.Metrics, 4)
	assert.Positive(t, r.Metrics[3].Value)
	assert.Equal(t, r.Verdict.String(), r.Metrics[3].Note)
	page, err := r.Page("")
	require.NoError(t, err)
	assert.Equal(t, r.Metrics, page.Metrics)
	before := r.Verdict
	test.Metrics = func(*capsize.Result) []report.Metric { panic("no") }
	r, err = capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	assert.Equal(t, before, r.Verdict)
	assert.Contains(t, r.Metrics[0].Note, "panicked: no")
}

// Progress says how far a run is, and changes nothing.
func TestProgress(t *testing.T) {
	test := chattyTest(false)
	quiet, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	var phases []string
	test.Progress = func(s capsize.Status) { phases = append(phases, s.Phase) }
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	assert.Contains(t, phases, "checking "+r.Test.Workload.Name)
	assert.Empty(t, quiet.Diff(r))
}

// A test counts what its system did, and says what matters of it.
func ExampleTest_metrics() {
	r := &capsize.Result{History: threeCalls(), Exercised: capsize.Exercised{OK: 3, Fail: 1}}
	for _, m := range r.CallMetrics() {
		fmt.Println(m, "–", m.Note)
	}
	// Output:
	// p50 of calls: 20ms – of 3 calls
	// p99 of calls: 90ms – of 3 calls
	// calls that ended ok: 75 % – 3 of 4
}
