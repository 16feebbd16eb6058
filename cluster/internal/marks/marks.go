// Package marks counts the named places of user code that a run came by.
package marks

import (
	"maps"
	"slices"
)

// Marks are the counts by name. The zero value has none.
type Marks struct {
	count    map[string]int
	expected map[string]bool // that must be reached once at least
	broken   map[string]bool // found already
}

// Add counts a mark n times, and notes whether a run must reach it.
func (m *Marks) Add(name string, n int, expected bool) {
	if m.count == nil {
		m.count, m.expected, m.broken = map[string]int{}, map[string]bool{}, map[string]bool{}
	}
	m.count[name] += n
	if expected {
		m.expected[name] = true
	}
}

// Break notes that what must hold at a mark did not, and reports whether that is so for the first time. The mark was added before.
func (m *Marks) Break(name string) (first bool) {
	first = !m.broken[name]
	m.broken[name] = true
	return first
}

// All returns how often each mark was reached, and those, sorted, that were to be reached and never were.
func (m *Marks) All() (count map[string]int, missed []string) {
	for name := range m.expected { // order: sorted below
		if m.count[name] == 0 {
			missed = append(missed, name)
		}
	}
	slices.Sort(missed)
	return maps.Clone(m.count), missed
}
