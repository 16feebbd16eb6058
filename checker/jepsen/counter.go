package jepsen

import (
	"fmt"
	"strconv"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
)

// CounterBounds returns the checker that Jepsen calls counter: each read must lie
// between the least and the most that the counter can have been while it was read. Adds
// that were acknowledged before count for certain, adds that were asked for count perhaps.
// Inputs have F, which is add or read, and, for an add, Value; a read is answered a
// number. O(n log n). Each read is judged on its own, so a counter that runs backwards
// within the bounds passes: the model of a counter sees that.
//
// Jepsen's takes adds of 0 and more; here what is added may be less than 0, too.
func CounterBounds() checker.Checker { return ruleChecker{"counter", addRead, false, judgeCounter} }

// counterMost bounds what is added or read, so that sums stay in an int.
const counterMost = 1 << 40

// asNumber returns the whole number that a value is.
func asNumber(v any) (int, error) {
	if v == nil {
		return 0, fmt.Errorf("nothing where a number was due")
	}
	n, ok := wholeNumber(v)
	if !ok {
		return 0, fmt.Errorf("a %T where a number was due", v)
	}
	if n > counterMost || n < -counterMost {
		return 0, fmt.Errorf("a number beyond 2^40")
	}
	return int(n), nil
}

// A callEdge is the begin or the end of a call.
type callEdge struct {
	at, call int
	end      bool
}

// callEdges returns the begins and ends of calls in order. A call of an instant begins first.
func callEdges(calls []shapes.Call) []callEdge {
	all := make([]callEdge, 0, 2*len(calls))
	for i, c := range calls {
		all = append(all, callEdge{c.Inv, i, false})
		if c.End >= 0 {
			all = append(all, callEdge{c.End, i, true})
		}
	}
	sorting.Func(all, func(a, b callEdge) int {
		if a.at == b.at && a.end {
			return 1
		}
		return a.at - b.at
	})
	return all
}

// CounterSums are sums of what was added.
type counterSums struct{ askedUp, askedDown, doneUp, doneDown int }

func (b *counterSums) add(n int, done bool) {
	switch {
	case n > 0 && done:
		b.doneUp += n
	case n > 0:
		b.askedUp += n
	case done:
		b.doneDown += n
	default:
		b.askedDown += n
	}
}

func judgeCounter(j *judging, p *part) {
	added := make([]int, len(p.calls))
	reads, wrong := 0, 0
	var now counterSums
	begun := make(map[int]counterSums) // by read
	for _, e := range callEdges(p.calls) {
		c := p.calls[e.call]
		switch {
		case c.F == "add" && c.Typ == history.Fail, c.F == "read" && c.Until() == model.Never:
		case c.F == "add" && e.end:
			if c.Typ == history.OK {
				now.add(added[e.call], true)
			}
		case c.F == "add":
			n, err := asNumber(c.Value)
			if err != nil {
				j.nonsense(c, err)
				return
			}
			added[e.call] = n
			now.add(n, false)
		case !e.end:
			begun[e.call] = now
		default:
			was := begun[e.call]
			delete(begun, e.call)
			saw, err := asNumber(j.answer(c))
			if err != nil {
				j.garbage(c, err)
				return
			}
			reads++
			low, high := was.doneUp+now.askedDown, now.askedUp+was.doneDown
			if saw < low || saw > high {
				if wrong++; j.why == nil {
					blameBounds(j, p, added, e.call, saw, low, high)
				}
			}
		}
	}
	j.count("read", reads)
	j.wrong("out of bounds", wrong)
}

// blameBounds shows a read with the adds that it must have seen. A counter that is
// too high needs no others: whatever else was added, nobody had asked for so much.
func blameBounds(j *judging, p *part, added []int, read, saw, low, high int) {
	c := p.calls[read]
	sign, word := 1, "at least "+strconv.Itoa(low)+" had been added"
	if saw > high {
		sign, word = -1, "no more than "+strconv.Itoa(high)+" can have been added"
	}
	var must, may []int
	need := 0
	for i, a := range p.calls {
		switch n := sign * added[i]; {
		case a.F != "add" || n == 0 || a.Typ == history.Fail:
		case n > 0 && a.Until() < c.Inv:
			must = append(must, i)
		case n < 0 && a.Inv < c.End:
			may = append(may, i) // without them it would be worse still
			need += n
		}
	}
	sorting.Stable(must, func(a, b int) int { return sign * (added[b] - added[a]) })
	var calls []shapes.Call
	for _, i := range must {
		if need > sign*saw {
			break
		}
		need += sign * added[i]
		calls = append(calls, p.calls[i])
	}
	for _, i := range may {
		if len(may) <= someValues {
			calls = append(calls, p.calls[i])
		}
	}
	j.blame(p, fmt.Sprintf("%s read %d, but %s", j.who(c), saw, word), append(calls, c)...)
}
