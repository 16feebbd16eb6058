package kafka

import (
	"cmp"
	"slices"
)

// A slot is an offset of a log with the messages that were seen there.
type slot struct {
	offset   int64
	messages []int32 // ascending; more than one contradict each other
}

// place infers the order of each log. What was polled counts however the call ended: consumers are to receive only what is
// committed, even where their own transaction is not. What was sent counts if the call certainly took effect.
func (l *logs) place() {
	seen := make([][]deed, len(l.keys))
	for i := range l.calls {
		for _, all := range l.placing(int32(i)) {
			for _, d := range all {
				if d.offset == unplaced {
					continue
				}
				m := &l.messages[d.message]
				if m.placer < 0 {
					m.placer = int32(i)
				}
				seen[m.key] = append(seen[m.key], d)
			}
		}
	}
	l.order = make([][]slot, len(l.keys))
	for k, all := range seen {
		slices.SortFunc(all, func(a, b deed) int {
			return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.message, b.message))
		})
		l.order[k] = l.slots(slices.Compact(all))
	}
}

// placing returns what a call sent and polled that says where messages are.
func (l *logs) placing(i int32) [2][]deed {
	c := &l.calls[i]
	if l.committed(i) {
		return [2][]deed{c.polls, c.sends}
	}
	return [2][]deed{c.polls}
}

// slots returns the log of deeds that are sorted by offset, and gives the messages their positions.
func (l *logs) slots(all []deed) (order []slot) {
	for _, d := range all {
		if n := len(order); n == 0 || order[n-1].offset != d.offset {
			order = append(order, slot{offset: d.offset})
		}
		at := len(order) - 1
		order[at].messages = append(order[at].messages, d.message)
		m := &l.messages[d.message]
		if m.places++; m.low < 0 {
			m.low = int32(at)
		}
		m.high = int32(at)
	}
	return order
}

// position returns where a message is in its log, and false if that is not known, or if it is in two places.
func (l *logs) position(m int32) (int32, bool) {
	return l.messages[m].low, l.messages[m].places == 1
}

// step returns how far the log goes from one message to another: 1 if the second is the next. It is 1 too if the place of one is not
// known, or if both are at one offset: that is an anomaly of its own, and nothing says which is first.
func (l *logs) step(from, to int32) int {
	a, known := l.position(from)
	b, too := l.position(to)
	if !known || !too || a == b && from != to {
		return 1
	}
	return int(b - a)
}

// skipped returns the first message between two of a log that certainly took effect.
func (l *logs) skipped(from, to int32) (int32, bool) {
	a, b := l.messages[from], l.messages[to]
	for _, s := range l.order[a.key][a.low+1 : b.low] {
		for _, m := range s.messages {
			if sender := l.messages[m].sender; sender < 0 || l.committed(sender) {
				return m, true
			}
		}
	}
	return 0, false
}
