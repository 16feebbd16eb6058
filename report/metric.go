package report

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
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
