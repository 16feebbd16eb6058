package model

import "slices"

// decideLog decides whether calls on a log are linearizable, if all values that were
// appended differ. Then the longest read shows the order of the appends; each
// other read must be a prefix of it, and comes behind the append of the last
// value that it shows. That order is compared with real time in one pass. What
// no read shows was appended after all that some read shows. The cost is linear
// in the length of all reads.
func decideLog(of Calls[LogOp, []int]) Decision {
	calls := of.All()
	l := logOrder{calls: calls, appends: make(map[int]int, len(calls)), longest: -1, levels: levels{latest: -1, by: -1}}
	if !l.scan() {
		return Undecided
	}
	if f := l.reads(); f.Conflict != nil {
		return f
	}
	if f := l.offsets(); !f.Decided || f.Conflict != nil {
		return f
	}
	return l.realTime()
}

// A logOrder is the state of decideLog.
type logOrder struct {
	calls   []Call[LogOp, []int]
	appends map[int]int // by value
	longest int         // the longest read, or -1
	order   []int       // what it shows
	at      map[int]int // where
	levels  levels
}

// scan finds the appends and the longest read. It returns false if a value was appended twice, or if a call is neither.
func (l *logOrder) scan() bool {
	for i, c := range l.calls {
		switch {
		case c.In.F == "append":
			if _, twice := l.appends[c.In.Value]; twice {
				return false
			}
			l.appends[c.In.Value] = i
		case c.In.F != "read":
			return false
		case c.Known && (l.longest < 0 || len(c.Out) > len(l.order)):
			l.longest, l.order = i, c.Out
		}
	}
	l.at = make(map[int]int, len(l.order))
	return true
}

// reads decides whether reads contradict one another.
func (l *logOrder) reads() Decision {
	for i, v := range l.order {
		if _, twice := l.at[v]; twice {
			return Violated("which shows a value twice", l.longest)
		}
		if _, ok := l.appends[v]; !ok {
			return Violated("which shows a value that was never appended", l.longest)
		}
		l.at[v] = i
	}
	for i, c := range l.calls {
		if c.In.F != "read" || !c.Known || slices.Equal(c.Out, l.order[:len(c.Out)]) {
			continue
		}
		bad := []int{i, l.longest}
		for j, v := range c.Out {
			a, ok := l.appends[v]
			if !ok {
				return Violated("which shows a value that was never appended", i)
			}
			if v != l.order[j] {
				return Violated("but another read shows another order", append(bad, a, l.appends[l.order[j]])...)
			}
		}
	}
	return Satisfied
}

// offsets compares the offsets that appends returned with the order. It is undecided if one is beyond it, since
// the values between are not known.
func (l *logOrder) offsets() Decision {
	f := Satisfied
	for i, c := range l.calls {
		if c.In.F != "append" || !c.Known || len(c.Out) == 0 {
			continue
		}
		at, shown := l.at[c.In.Value]
		switch {
		case len(c.Out) > 1 || c.Out[0] < 0 || c.Out[0] >= len(l.calls):
			return Violated("which is no offset", i)
		case shown && c.Out[0] != at || !shown && c.Out[0] < len(l.order):
			return Violated("but a read shows it at another place, or something else in its place", i, l.longest, l.appends[l.order[min(c.Out[0], len(l.order)-1)]])
		case !shown:
			f = Undecided
		}
	}
	return f
}

// realTime compares the order with real time.
func (l *logOrder) realTime() Decision {
	byLength := make([][]int, len(l.order)+1)
	for i, c := range l.calls {
		if c.In.F == "read" && c.Known {
			byLength[len(c.Out)] = append(byLength[len(c.Out)], i)
		}
	}
	for n, reads := range byLength {
		if n > 0 {
			a := l.appends[l.order[n-1]]
			if by := l.levels.before(l.calls[a].Returned); by >= 0 {
				return l.late(by, a)
			}
			raise(&l.levels, l.calls, []int{a})
		}
		for _, r := range reads {
			if by := l.levels.before(l.calls[r].Returned); by >= 0 {
				return l.early(r, by)
			}
		}
		raise(&l.levels, l.calls, reads)
	}
	for i, c := range l.calls {
		if _, shown := l.at[c.In.Value]; c.In.F == "append" && c.Known && !shown {
			if by := l.levels.before(c.Returned); by >= 0 {
				return l.late(by, i)
			}
		}
	}
	return Satisfied
}

// late is the violation of an append that returned before the invocation of a call that must come
// before it: a read that lacks its value, or an append of a value that is before it.
func (l *logOrder) late(by, late int) Decision {
	if l.calls[by].In.F == "append" {
		return Violated("though a value that it shows behind another, or not at all, had been appended before that", l.longest, late, by)
	}
	return Violated("which lacks a value that had been appended before", by, late)
}

// early is the violation of a read that returned before the invocation of a call that must come
// before it: an append of what it shows, or a read of less.
func (l *logOrder) early(read, by int) Decision {
	if l.calls[by].In.F == "append" {
		return Violated("before any call began to append one of the values", read, by)
	}
	return Violated("though more had been seen before", by, read, l.appends[l.order[len(l.calls[by].Out)]])
}
