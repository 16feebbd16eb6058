package model

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
)

// An element is a value that was put into an object once, and taken out of it once
// or never.
type element struct {
	put, take                int // calls; take is -1 if no known call took it
	called, in, asked, taken int // invocation and return of put, then of take; Never if there are none
	value                    int
}

// The contents are what calls put into an object and took out of it. They lack values that
// an indeterminate call put and no call took.
type contents[In any] struct {
	calls         []Call[In, int]
	elements      []element
	indeterminate []int // indeterminate takes, in the order of their invocations
	empty         []int // takes that found nothing
}

// A role says whether a call puts or takes.
type role int

const (
	other role = iota
	puts
	takes
)

// contentsOf pairs the calls that put and take a value. It is undecided if a value is put
// twice, or if a call does neither.
func contentsOf[In any](calls []Call[In, int], of func(In) (role, int)) (c contents[In], f Decision) {
	c.calls = calls
	at := make(map[int]int, len(calls)/2)
	all := make([]element, 0, len(calls)/2)
	for i, call := range calls {
		if r, v := of(call.In); r == puts {
			if _, twice := at[v]; twice || v == Nil {
				return c, Undecided
			}
			at[v] = len(all)
			all = append(all, element{i, -1, call.Invoked, call.Returned, Never, Never, v})
		}
	}
	for i, call := range calls {
		r, _ := of(call.In)
		switch {
		case r == puts:
		case r != takes:
			return c, Undecided
		case !call.Known:
			c.indeterminate = append(c.indeterminate, i)
		case call.Out == Nil:
			c.empty = append(c.empty, i)
		default:
			n, ok := at[call.Out]
			if !ok {
				return c, Violated("which was never put there", i)
			}
			e := &all[n]
			if e.take >= 0 {
				return c, Violated("which another had taken", i, e.take, e.put)
			}
			if call.Returned < e.called {
				return c, Violated("before any call began to put it there", i, e.put)
			}
			e.take, e.asked, e.taken = i, call.Invoked, call.Returned
		}
	}
	for _, e := range all {
		if e.take >= 0 || e.in != Never {
			c.elements = append(c.elements, e)
		}
	}
	return c, Satisfied
}

// eitherWay decides as if no indeterminate take had happened, which is possible.
// If that is a violation, it decides as if they had
// taken all that was left, from the first of them on and whenever that helps, which
// is more than is possible. If the two differ, it searches an assignment of elements to them.
// decide may sort the elements that it is given.
func (c *contents[In]) eitherWay(decide func([]element) Decision) Decision {
	f := decide(slices.Clone(c.elements))
	if f.Conflict == nil || len(c.indeterminate) == 0 {
		return f
	}
	loose := slices.Clone(c.elements)
	for i, e := range loose {
		if e.take < 0 {
			loose[i].asked = c.calls[c.indeterminate[0]].Invoked
		}
	}
	if f := decide(loose); f.Conflict != nil {
		return f
	}
	return c.assignTakes(decide, f)
}

// maxAssigning bounds the work of assignTakes, in elements that it visits.
const maxAssigning = 10_000_000

// assignTakes assigns indeterminate takes to elements that a violation shows to be in the way,
// one by one: each as late as possible at first, and earlier if that was too
// late. If no violation is left, the calls are linearizable. It may miss an assignment, and
// then it is undecided.
func (c *contents[In]) assignTakes(decide func([]element) Decision, f Decision) Decision {
	elements := slices.Clone(c.elements)
	at := make(map[int]int, len(elements))
	for i, e := range elements {
		at[e.put] = i
	}
	used := make([]bool, len(c.indeterminate))
	for left := maxAssigning; f.Conflict != nil; f = decide(slices.Clone(elements)) {
		left -= len(elements)
		if left < 0 || !c.assignTake(elements, at, used, f.Conflict) {
			return Undecided
		}
	}
	return Satisfied
}

// assignTake assigns an indeterminate take to one of the elements that calls put, before
// the first of the calls returns. It reports whether that is possible.
func (c *contents[In]) assignTake(elements []element, at map[int]int, used []bool, bad []int) bool {
	for _, call := range bad {
		i, ok := at[call]
		if !ok || elements[i].take >= 0 && c.calls[elements[i].take].Known {
			continue
		}
		e := &elements[i]
		due := min(e.asked, c.calls[bad[0]].Returned)
		n := sort.Search(len(c.indeterminate), func(n int) bool { return c.calls[c.indeterminate[n]].Invoked >= due }) - 1
		for n >= 0 && used[n] {
			n--
		}
		if n < 0 {
			continue
		}
		if e.take >= 0 {
			old, _ := slices.BinarySearch(c.indeterminate, e.take)
			used[old] = false
		}
		e.take, e.asked, used[n] = c.indeterminate[n], c.calls[c.indeterminate[n]].Invoked, true
		return true
	}
	return false
}

// neverEmpty finds a take that found nothing though at any time between its ends some element was
// certainly present. The elements are in the order of the returns of their puts.
func (c *contents[In]) neverEmpty(by []element) Decision {
	var full []element // intervals in which something was present, as elements
	for _, e := range by {
		if e.in >= e.asked {
			continue
		}
		if n := len(full); n > 0 && e.in < full[n-1].asked {
			full[n-1].asked = max(full[n-1].asked, e.asked)
		} else {
			full = append(full, e)
		}
	}
	for _, i := range c.empty {
		d := c.calls[i]
		n := sort.Search(len(full), func(i int) bool { return full[i].in >= d.Invoked }) - 1
		if n >= 0 && full[n].asked > d.Returned {
			return Violated("though there was always something there", callsOf(cover(by, d.Invoked, d.Returned), i)...)
		}
	}
	return Satisfied
}

// cover returns the fewest elements that together were certainly present all the time,
// out of elements in the order of the returns of their puts.
func cover(by []element, from, to int) (few []element) {
	for at, i := from, 0; at < to; {
		best := element{asked: math.MinInt}
		for ; i < len(by) && by[i].in < at; i++ {
			if by[i].asked > best.asked {
				best = by[i]
			}
		}
		at = best.asked
		few = append(few, best)
	}
	return few
}

// callsOf returns calls, and the calls that put and took elements.
func callsOf(elements []element, calls ...int) []int {
	for _, e := range elements {
		calls = append(calls, e.put)
		if e.take >= 0 {
			calls = append(calls, e.take)
		}
	}
	return calls
}

// appendCallKey appends the key of a call's equivalence class: how many integers its answer has
// and which, then its value and its function.
func appendCallKey(b []byte, f string, value int, out []int) []byte {
	b = binary.AppendUvarint(b, uint64(len(out)))
	for _, v := range out {
		b = binary.AppendVarint(b, int64(v))
	}
	return append(binary.AppendVarint(b, int64(value)), f...)
}

// abridgedInts formats integers, and leaves out the middle of many.
func abridgedInts(vs []int) string {
	const most = 12
	var text []string
	for i, v := range vs {
		switch {
		case len(vs) <= most || i < most/2 || i >= len(vs)-most/2:
			text = append(text, fmt.Sprint(v))
		case i == most/2:
			text = append(text, "…")
		}
	}
	return "[" + strings.Join(text, " ") + "]"
}
