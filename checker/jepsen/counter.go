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
// between the least and the most that the counter can have been during the read. Adds
// that were acknowledged before it are included, adds that were invoked before its end may be.
// Inputs have F, which is add or read, and, for an add, Value; a read returns a
// number. O(n log n). Each read is judged on its own, so a counter that goes back
// within the bounds passes: linearizability of the model of a counter finds that.
//
// Jepsen's takes adds of 0 and more; here they may be negative.
func CounterBounds() checker.Checker { return rule{"counter", "read", addRead, false, judgeCounter} }

// maxCounter bounds what is added and read, so that sums fit in an int.
const maxCounter = 1 << 40

// asNumber returns the whole number that a value is.
func asNumber(v any) (int, error) {
	if v == nil {
		return 0, fmt.Errorf("nothing where a number was due")
	}
	n, ok := wholeNumber(v)
	if !ok {
		return 0, fmt.Errorf("a %T where a number was due", v)
	}
	if n > maxCounter || n < -maxCounter {
		return 0, fmt.Errorf("a number beyond 2^40")
	}
	return int(n), nil
}

// A callEdge is the invocation or the completion of a call.
type callEdge struct {
	at, call int
	end      bool
}

// callEdges returns invocations and completions of calls in order. A call that takes no time begins first.
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

// The counterSums are sums of adds: invoked and acknowledged, positive and negative.
type counterSums struct{ invokedUp, invokedDown, ackedUp, ackedDown int }

// add adds an invoked or, if done, an acknowledged add.
func (b *counterSums) add(n int, done bool) {
	switch {
	case n > 0 && done:
		b.ackedUp += n
	case n > 0:
		b.invokedUp += n
	case done:
		b.ackedDown += n
	default:
		b.invokedDown += n
	}
}

// judgeCounter goes through the history once. The bounds of a read follow from the sums at its begin and at its end.
func judgeCounter(j *evaluation, p *keyCalls) {
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
				j.malformedInput(c, err)
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
				j.malformedAnswer(c, err)
				return
			}
			reads++
			low, high := was.ackedUp+now.invokedDown, now.invokedUp+was.ackedDown
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

// blameBounds shows a read that is too low with the adds that it must have seen. One that is
// too high needs no positive adds: all that were invoked are not enough.
func blameBounds(j *evaluation, p *keyCalls, added []int, read, saw, low, high int) {
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
			may = append(may, i) // they extend the bounds
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
	j.blame(p, fmt.Sprintf("%s read %d, but %s", j.process(c), saw, word), append(calls, c)...)
}
