package jepsen

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

var queueFs = []string{"enqueue", "dequeue", "drain"}

// QueueSources returns the checker that Jepsen calls queue: each element that was
// dequeued must have been enqueued before, and more often than dequeued. Indeterminate enqueues
// count as done. Inputs have F, which is enqueue, dequeue or
// drain, and, for an enqueue, Value; a dequeue returns an element, or nil or [model.Nil]
// if there was none, and a drain a list.
// The order of elements does not matter. O(n log n).
//
// Jepsen's counts an enqueue that failed as a source; this does not.
func QueueSources() checker.Checker { return rule{"queue", "element", queueFs, false, judgeQueue} }

// taken returns the numbers of the elements that a dequeue or a drain took.
func taken(j *evaluation, values *valueNumbers, c shapes.Call) []int32 {
	out := j.answer(c)
	if c.F == "drain" {
		ids, err := values.ids(out, nil)
		if err != nil {
			j.malformedAnswer(c, err)
		}
		return ids
	}
	if out == nil || out == any(model.Nil) {
		return nil // it was empty
	}
	return []int32{values.id(out)}
}

// judgeQueue goes through the history once, and counts enqueues and dequeues of each element.
func judgeQueue(j *evaluation, p *keyCalls) {
	values := newValueNumbers()
	var enqueued, dequeued [][]int32 // by element, the calls
	grow := func() {
		for len(enqueued) < values.len() {
			enqueued, dequeued = append(enqueued, nil), append(dequeued, nil)
		}
	}
	asked, took, wrong := 0, 0, 0
	for _, e := range callEdges(p.calls) {
		c := p.calls[e.call]
		switch {
		case c.Typ == history.Fail:
		case c.F == "enqueue" && !e.end:
			id := values.id(c.Value)
			grow()
			enqueued[id] = append(enqueued[id], int32(e.call))
			asked++
		case c.F != "enqueue" && e.end && c.Typ == history.OK:
			for _, id := range taken(j, values, c) {
				grow()
				took++
				dequeued[id] = append(dequeued[id], int32(e.call))
				if len(dequeued[id]) > len(enqueued[id]) {
					wrong++
					blameTaken(j, p, values.name(id), enqueued[id], dequeued[id])
				}
			}
		}
	}
	j.count("enqueued", asked)
	j.count("dequeued", took)
	j.wrong("dequeued without an enqueue", wrong)
}

// blameTaken shows an element that was dequeued more often than enqueued.
func blameTaken(j *evaluation, p *keyCalls, name string, enqueued, dequeued []int32) {
	last := p.calls[dequeued[len(dequeued)-1]]
	var calls []shapes.Call
	for _, i := range slices.Concat(enqueued, dequeued[:len(dequeued)-1]) {
		if c := p.calls[i]; !slices.ContainsFunc(calls, func(o shapes.Call) bool { return o.Inv == c.Inv }) && c.Inv != last.Inv {
			calls = append(calls, c)
		}
	}
	reason := fmt.Sprintf("%s dequeued %s, which no call had asked to enqueue", j.process(last), name)
	if len(enqueued) > 0 {
		reason = fmt.Sprintf("%s dequeued %s, which was enqueued %s and dequeued before", j.process(last), name, times(len(enqueued)))
	}
	j.blame(p, reason, append(calls, last)...)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// TotalQueue returns the checker that Jepsen calls total-queue: what goes in must come
// out. The history must end with a drain, or with dequeues until the queue is empty.
// Inputs are those of [QueueSources]. An element is lost if its enqueue was acknowledged and it never came
// out; unexpected if it came out and no call enqueued it; duplicated if it came out
// more often than calls enqueued it. Queues that deliver at least once may duplicate,
// so that is wrong only if once is true. O(n).
//
// Jepsen's counts an element as lost although an indeterminate dequeue may have
// taken it, or although it was acknowledged after the last dequeue began. Here
// such losses are in doubt, and the verdict is Unknown if there is nothing worse. An enqueue that
// failed, and whose element came out, is revived, which is wrong.
func TotalQueue(once bool) checker.Checker {
	return rule{"total-queue", "element", queueFs, false, func(j *evaluation, p *keyCalls) { judgeTotalQueue(j, p, once) }}
}

// An elementFlow counts how often an element went in and came out.
type elementFlow struct {
	asked, acked, failed, out int
	in                        int // the last acknowledged enqueue, or else the first
	outs                      []int32
}

// A totalQueue has the flow of each element of a queue.
type totalQueue struct {
	*keyCalls
	values   *valueNumbers
	all      []elementFlow
	lastTake int // when the last dequeue or drain began that returned
	takers   int // indeterminate dequeues
	drains   int // indeterminate drains
}

// judgeTotalQueue classifies each element by how often it went in and came out.
func judgeTotalQueue(j *evaluation, p *keyCalls, once bool) {
	q := &totalQueue{keyCalls: p, values: newValueNumbers(), lastTake: -1}
	if q.read(j); j.bad != nil {
		return
	}
	var lost, twice, unexpected, revived, doubtful []int32
	asked, acked, ok, recovered, extra := 0, 0, 0, 0, 0
	for id, e := range q.all {
		asked, acked = asked+e.asked+e.failed, acked+e.acked
		ok += min(e.out, e.asked)
		recovered += max(0, min(e.out, e.asked)-e.acked)
		switch missing := e.acked - e.out; {
		case missing > 0 && q.calls[e.in].End > q.lastTake:
			doubtful = append(doubtful, int32(id))
		case missing > 0:
			lost = append(lost, slices.Repeat([]int32{int32(id)}, missing)...)
		case e.out > e.asked && e.asked > 0:
			twice, extra = append(twice, int32(id)), extra+e.out-e.asked
		case e.out > e.asked && e.failed > 0:
			revived = append(revived, int32(id))
		case e.out > e.asked:
			unexpected = append(unexpected, int32(id))
		}
	}
	certain := q.drains == 0 && len(lost) > q.takers
	q.blame(j, lost, twice, unexpected, revived, certain, once)
	names := q.values.namesOf
	j.count("attempted", asked)
	j.count("acknowledged", acked)
	j.count("ok", ok)
	j.count("recovered", recovered)
	j.count("acknowledged too late to tell", len(doubtful), names(doubtful)...)
	j.addCount("lost", certain, len(lost), names(lost))
	j.wrong("unexpected", len(unexpected), names(unexpected)...)
	j.wrong("revived", len(revived), names(revived)...)
	j.addCount("duplicated", once, extra, names(twice))
	switch {
	case len(lost) > 0 && !certain:
		j.undecided(fmt.Sprintf("%s%s did not come out, but %s may have taken them",
			words.Plural(len(lost), "element"), words.On(p.key), words.Plural(q.takers+q.drains, "indeterminate dequeue")))
	case len(doubtful) > 0:
		j.undecided(fmt.Sprintf("%s%s did not come out, but no dequeue was invoked after they were acknowledged",
			words.Plural(len(doubtful), "element"), words.On(p.key)))
	}
}

// read counts what went in and what came out.
func (q *totalQueue) read(j *evaluation) {
	at := func(id int32) *elementFlow {
		for len(q.all) < q.values.len() {
			q.all = append(q.all, elementFlow{})
		}
		return &q.all[id]
	}
	for i, c := range q.calls {
		switch {
		case c.F == "enqueue":
			e := at(q.values.id(c.Value))
			switch c.Typ {
			case history.Fail:
				e.failed++
			case history.OK:
				e.asked, e.acked, e.in = e.asked+1, e.acked+1, i
			default:
				if e.asked++; e.acked == 0 {
					e.in = i
				}
			}
		case c.Typ == history.OK:
			for _, id := range taken(j, q.values, c) {
				e := at(id)
				e.out++
				e.outs = append(e.outs, int32(i))
			}
			q.lastTake = max(q.lastTake, c.Inv)
		case c.Typ == history.Fail:
			q.lastTake = max(q.lastTake, c.Inv)
		case c.F == "drain":
			q.drains++
		default:
			q.takers++
		}
	}
}

// blame shows one element of each violation.
func (q *totalQueue) blame(j *evaluation, lost, twice, unexpected, revived []int32, certain, once bool) {
	name := q.values.name
	for _, id := range unexpected[:min(len(unexpected), 1)] {
		c := q.calls[q.all[id].outs[0]]
		j.blame(q.keyCalls, fmt.Sprintf("%s dequeued %s, which no call had asked to enqueue", j.process(c), name(id)), c)
	}
	for _, id := range revived[:min(len(revived), 1)] {
		c := q.calls[q.all[id].outs[0]]
		j.blame(q.keyCalls, fmt.Sprintf("%s dequeued %s, whose enqueue had failed", j.process(c), name(id)), c)
	}
	if certain {
		q.blameLost(j, lost[0])
	}
	for _, id := range twice[:min(len(twice), 1)] {
		if e := q.all[id]; once {
			in := q.enqueues(id, func(c shapes.Call) bool { return c.Typ != history.Fail })
			blameTaken(j, q.keyCalls, name(id), in, e.outs[:e.asked+1])
		}
	}
}

// enqueues returns the calls that enqueue an element and for which counts holds.
func (q *totalQueue) enqueues(id int32, counts func(shapes.Call) bool) (in []int32) {
	for i, c := range q.calls {
		if c.F == "enqueue" && counts(c) && q.values.id(c.Value) == id {
			in = append(in, int32(i))
		}
	}
	return in
}

// blameLost shows all enqueues and dequeues of an element, and the last dequeue, which should have returned it.
func (q *totalQueue) blameLost(j *evaluation, id int32) {
	e := q.all[id]
	var calls []shapes.Call
	for _, i := range q.enqueues(id, func(c shapes.Call) bool { return c.Typ == history.OK }) {
		calls = append(calls, q.calls[i])
	}
	for _, i := range e.outs {
		calls = append(calls, q.calls[i])
	}
	for _, c := range q.calls {
		if c.Inv == q.lastTake {
			calls = append(calls, c)
		}
	}
	reason := fmt.Sprintf("%s was enqueued by %s, and never came out", q.values.name(id), j.process(q.calls[e.in]))
	if e.acked > 1 {
		reason = fmt.Sprintf("%s was enqueued %d times, and came out %d", q.values.name(id), e.acked, e.out)
	}
	j.blame(q.keyCalls, reason, calls...)
}
