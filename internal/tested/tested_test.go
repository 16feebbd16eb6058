package tested

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestRowsAreFew has all that can be counted: the rows remain as many as are allowed.
func TestRowsAreFew(t *testing.T) {
	c := Counts{OK: 1, Info: 2, Fail: 3, Overlapped: 4, Faults: map[string]int{}, Idle: 2, Missed: []string{"a", "b"}, Marks: map[string]int{"x": 2, "y": 0}}
	for i := range 30 {
		c.Faults[fmt.Sprint("fault ", i)] = 1
		c.Effects = append(c.Effects, Effect{"f", fmt.Sprint("effects of kind ", i), int64(i)})
	}
	for mask := range 8 {
		c.Crashes, c.LeaderChanges, c.Cut = mask&1, mask&2, mask&4
		rows := Rows(c)
		assert.LessOrEqual(t, len(rows), Most, mask)
		assert.Equal(t, "6 calls", rows[0].What)
		assert.Equal(t, "30 faults", rows[1].What)
		assert.Contains(t, rows[1].Note, "26 of other kinds")
	}
}

func TestPlurals(t *testing.T) {
	for want, got := range map[string]string{
		"1 crash": plural(1, "crash"), "2 crashes": plural(2, "crash"), "2 spells of latency": plural(2, kindOf("latency +10ms")),
		"3 × “mine”": plural(3, kindOf("mine")), "1,000 bytes": plural(1000, "byte"), "15 partitions": plural(15, kindOf("partition halves")),
		"2 crashes in a write": plural(2, kindOf("crash in a write n1")),
	} {
		assert.Equal(t, want, got)
	}
}

// TestNoFaults says that little was tested.
func TestNoFaults(t *testing.T) {
	rows := Rows(Counts{OK: 5})
	assert.Equal(t, Row{false, "no faults", "nothing went wrong, so little was tested"}, rows[1])
}
