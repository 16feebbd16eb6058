package report

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/capsize-go/capsize/internal/sorting"

	"github.com/capsize-go/capsize/history"
)

// A Metric is a number that a test's own code computed of a run.
type Metric struct {
	Name  string  // "p99 of reads"
	Value float64 // NaN where there is nothing to compute it of
	Unit  string  // "s" and "%" are formatted as such; any other follows the value; "" for a plain number
	Note  string  // what it is of: "of 1,204 reads"
}

// Text formats the value with its unit: "12.4ms", "3.1 %", "250 entries". One that is not
// a number is "none".
func (m Metric) Text() string {
	switch {
	case math.IsNaN(m.Value):
		return "none"
	case m.Unit == "s" && math.Abs(m.Value) < 1e9:
		return short(time.Duration(m.Value * float64(time.Second)))
	}
	text := strconv.FormatFloat(m.Value, 'f', -1, 64)
	if m.Value != math.Trunc(m.Value) {
		text = strconv.FormatFloat(m.Value, 'g', 3, 64)
	}
	if m.Unit != "" {
		text += " " + clean(m.Unit, 30)
	}
	return text
}

// String formats the metric on one line.
func (m Metric) String() string { return fmt.Sprintf("%s: %s", m.Name, m.Text()) }

// MarshalJSON returns an object with name, value, unit and note. A value that JSON has no
// number for, NaN or an infinity, is null.
func (m Metric) MarshalJSON() ([]byte, error) {
	var value any = m.Value
	if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
		value = nil
	}
	return json.Marshal(struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
		Unit  string `json:"unit,omitempty"`
		Note  string `json:"note,omitempty"`
	}{m.Name, value, m.Unit, m.Note})
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
	m := Metric{Name: name, Unit: "s", Value: math.NaN(), Note: "of " + plural(len(took), "call")}
	if len(took) > 0 {
		sorting.Ordered(took)
		i := int(math.Ceil(q*float64(len(took)))) - 1 // nearest rank
		m.Value = took[min(max(i, 0), len(took)-1)].Seconds()
	}
	return m
}

// Share returns a metric in percent: part of whole. Of nothing the value is NaN.
func Share(name string, part, whole int) Metric {
	m := Metric{Name: name, Unit: "%", Value: math.NaN(), Note: count(part) + " of " + count(whole)}
	if whole > 0 {
		m.Value = 100 * float64(part) / float64(whole)
	}
	return m
}
