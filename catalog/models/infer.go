package models

import (
	"fmt"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// additions counts what a history of counters shows of the answers to additions.
type additions struct {
	repeated, others int // answers to adds that are what was added, and others
	increments       int // answers to increments
	reads            int // that were answered
}

func additionsOf(h *history.History) (a additions) {
	for c := range h.Calls() {
		in, ok := c.Invoke.Input.(model.CounterOp)
		out, known := c.Complete.Output.(int)
		if !ok || !known || c.Complete.Type != history.OK || out == model.Nil {
			continue
		}
		switch {
		case in.F == "read":
			a.reads++
		case in.F == "increment":
			a.increments++
		case out == in.Value:
			a.repeated++
		default:
			a.others++
		}
	}
	return a
}

// mostRepeated is how many adds may all be answered with what they added, where nothing is
// read, before that is taken for a habit of the recorder: Jepsen's clients answer so. Had
// these been new values, each would have lost all before it.
const mostRepeated = 8

// inferCounter finds out what additions were answered, which the f does not say: what was
// added, as in Jepsen's histories, or the new value, as by Redis' INCR. They are new values
// if one of them is not what was added; or if nothing was read, so that nothing else could be
// judged, and there are no more than mostRepeated of them. It returns the history in which an addition that was answered with the new value is
// an increment, and any other an add; and a note of what the answers were taken for.
func inferCounter(h *history.History) (*history.History, string) {
	a := additionsOf(h)
	news, note := a.others > 0 || a.repeated > 0 && a.repeated <= mostRepeated && a.reads == 0, ""
	switch {
	case a.others > 0:
		note = "adds are answered with other values than were added: these answers were taken for the new values of the counter"
	case news:
		note = "nothing was read: the answers to adds were taken for the new values of the counter; if they only repeat what was added, nothing can be judged"
	case a.repeated > 0:
		note = fmt.Sprintf("the answers to %d adds repeat what was added, and say nothing more; if they are the new values, say --rename f:add=increment", a.repeated)
	}
	asked := map[int]string{} // by the index of an invocation, what it is from here on
	for c := range h.Calls() {
		in, ok := c.Invoke.Input.(model.CounterOp)
		if !ok || in.F == "read" {
			continue
		}
		increments := in.F == "increment" && a.increments > 0 || in.F == "add" && news
		f := "add"
		if out, known := c.Complete.Output.(int); increments && (c.Complete.Type != history.OK || known && out != model.Nil) {
			f = "increment"
		}
		asked[c.Invoke.Index] = f
	}
	return refitted(h, asked), note
}

// refitted returns the history with other additions.
func refitted(h *history.History, asked map[int]string) *history.History {
	open := map[int]string{} // by process
	to := &history.History{}
	to.Grow(h.Len())
	for op := range h.Ops() {
		f, adds := asked[op.Index]
		switch {
		case op.Process == history.Nemesis:
		case op.Type == history.Invoke:
			delete(open, op.Process)
			if in, ok := op.Input.(model.CounterOp); ok && adds {
				in.F = f
				op.Input, open[op.Process] = in, f
			}
		case op.Type == history.OK && open[op.Process] == "add":
			op.Output = 0
		}
		to.Add(op)
	}
	return to
}
