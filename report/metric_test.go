package report_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report"
)

// three calls: 10, 20 and 90 ms, and one that failed.
func fourCalls() *history.History {
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

func TestMetrics(t *testing.T) {
	all := func(history.Call) bool { return true }
	h := fourCalls()
	assert.Equal(t, "p50: 20ms", report.Latency("p50", 0.5, h, all).String())
	assert.Equal(t, "p99: 90ms", report.Latency("p99", 0.99, h, all).String())
	assert.Equal(t, "least: 10ms", report.Latency("least", 0, h, all).String())
	none := report.Latency("none", 0.5, h, func(history.Call) bool { return false })
	assert.True(t, math.IsNaN(none.Value))
	assert.Equal(t, "12.5 %", report.Share("x", 1, 8).Text())
	assert.Equal(t, "none", report.Share("x", 0, 0).Text())
	assert.Equal(t, "1234567 entries", report.Metric{Value: 1234567, Unit: "entries"}.Text())
	b, err := json.Marshal([]report.Metric{none, report.Share("x", 1, 8)})
	require.NoError(t, err)
	assert.Equal(t, `[{"name":"none","value":null,"unit":"s","note":"of 0 calls"},{"name":"x","value":12.5,"unit":"%","note":"1 of 8"}]`, string(b))
}
