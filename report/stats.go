package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/report/internal/wholerun"
)

// The outcomes of a call, in the order in which they are shown.
const (
	ok = iota
	info
	fail
	outcomes
)

var outcomeNames = [outcomes]string{"ok", "info", "fail"}

func outcome(c history.Call) int {
	switch c.Complete.Type {
	case history.OK:
		return ok
	case history.Fail:
		return fail
	}
	return info
}

// A tally counts calls by outcome, and how long the ok ones took.
type tally struct {
	n       [outcomes]int
	latency []time.Duration // of the ok calls; sorted by the reader
}

func (t *tally) add(c history.Call) {
	o := outcome(c)
	t.n[o]++
	if o == ok {
		t.latency = append(t.latency, took(c))
	}
}

// quantile returns the latency that a share p of the ok calls did not exceed.
func (t *tally) quantile(p float64) time.Duration {
	if len(t.latency) == 0 {
		return 0
	}
	if !slices.IsSorted(t.latency) {
		sorting.Ordered(t.latency)
	}
	return t.latency[min(int(p*float64(len(t.latency))), len(t.latency)-1)]
}

// took returns how long a call took, never negative; Forever if it is pending.
func took(c history.Call) time.Duration {
	if c.Open() {
		return history.Forever
	}
	return max(0, c.Complete.Time-c.Invoke.Time)
}

// A series counts calls by outcome in equal parts of the run. A call counts when
// it is invoked, so that calls which never returned count too.
type series [][outcomes]int

func newSeries(parts int) series { return make(series, max(parts, 1)) }

func (s series) add(c history.Call, end time.Duration) {
	s[part(c.Invoke.Time, end, len(s))][outcome(c)]++
}

// part returns which of n equal parts of the time to end t is in.
func part(t, end time.Duration, n int) int {
	if end <= 0 || t < 0 {
		return 0
	}
	return min(int(float64(t)/float64(end)*float64(n)), n-1)
}

// highest returns the largest count of calls in a part.
func (s series) highest() int {
	high := 0
	for _, n := range s {
		high = max(high, n[ok]+n[info]+n[fail])
	}
	return high
}

// A nodeStats counts the calls to one node.
type nodeStats struct {
	Name string
	tally
	series
}

// byNode counts the calls of each node, in the order of the names.
func byNode(h *history.History, end time.Duration, parts int) []*nodeStats {
	m := map[string]*nodeStats{}
	for c := range h.Calls() {
		n := m[c.Invoke.Node]
		if n == nil {
			n = &nodeStats{Name: c.Invoke.Node, series: newSeries(parts)}
			m[n.Name] = n
		}
		n.tally.add(c)
		n.series.add(c, end)
	}
	return slices.SortedFunc(maps.Values(m), func(a, b *nodeStats) int { return natural(a.Name, b.Name) })
}

// natural orders n2 before n10.
func natural(a, b string) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 && prefixed(a, b) {
		return c
	}
	return cmp.Compare(a, b)
}

// prefixed reports whether two names differ in their numbers only.
func prefixed(a, b string) bool {
	letters := func(s string) string {
		for len(s) > 0 && s[len(s)-1] >= '0' && s[len(s)-1] <= '9' {
			s = s[:len(s)-1]
		}
		return s
	}
	return letters(a) == letters(b)
}

func sortedKeys[V any](m map[string]V) []string { return sorting.Keys(m) }

// ticks returns at most n+2 round instants from 0 to end.
func ticks(end time.Duration, n int) []time.Duration { return wholerun.Ticks(end, n) }
