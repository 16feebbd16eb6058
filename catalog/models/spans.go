package models

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/model"
)

// A spanReader makes calls of a [model.RequestOp] of ops that others recorded, by the fields of their records. Calls with another
// function it leaves as they are.
type spanReader struct {
	names   map[string]int // numbers of the IDs that are names
	numbers bool           // some ID is a number
	open    map[int]history.JepsenOp
}

// op translates one op.
func (r *spanReader) op(op history.Op) (history.Op, error) {
	if op.Process == history.Nemesis {
		return op, nil
	}
	if op.Type == history.Invoke {
		j, ok := op.Input.(history.JepsenOp)
		if !ok || !slices.Contains(requestFs, j.F) {
			return op, nil
		}
		if r.open == nil {
			r.open = map[int]history.JepsenOp{}
		}
		r.open[op.Process] = j
		in, err := r.input(op, j.F, attributesOf(j))
		op.Input = in
		return op, err
	}
	asked, known := r.open[op.Process]
	if !known {
		return op, nil
	}
	delete(r.open, op.Process)
	done, _ := op.Output.(history.JepsenOp)
	op.Output = nil
	if op.Type != history.OK {
		return op, nil
	}
	if done.Value == false && (asked.F == "admit" || asked.F == "access") {
		op.Type = history.Fail // "no" is an answer
		return op, nil
	}
	return answered(op, asked, done)
}

// input returns what is asked.
func (r *spanReader) input(op history.Op, f string, fields attributes) (in model.RequestOp, err error) {
	in = model.RequestOp{F: f, Route: fields.text("route"), At: fields.text("at"), By: fields.text("by")}
	if in.Route == "" {
		in.Route = op.Key
	}
	if in.ID, err = r.id(fields); err != nil {
		return in, err
	}
	for _, x := range []struct {
		name string
		to   *int
		plus int
	}{{"depth", &in.Depth, 0}, {"resend", &in.Try, 1}, {"try", &in.Try, 0}, {"n", &in.N, 0}} {
		n, ok, err := fields.integer(x.name)
		if err != nil {
			return in, err
		}
		if ok {
			*x.to = n + x.plus
		}
	}
	in.Deadline, err = fields.deadline(op.Time)
	return in, err
}

// id returns the number of the request that a call is of. IDs that are names are numbered in the order in which they come.
func (r *spanReader) id(fields attributes) (int, error) {
	v, ok := fields.find("id")
	if !ok {
		return 0, nil
	}
	if n, ok := toInteger(v); ok {
		r.numbers = true
		if len(r.names) > 0 {
			return 0, fmt.Errorf("the id %v is a number, and others are names", v)
		}
		return n, nil
	}
	if r.numbers {
		return 0, fmt.Errorf("the id %v is a name, and others are numbers", v)
	}
	if r.names == nil {
		r.names = map[string]int{}
	}
	name := fmt.Sprint(v)
	if r.names[name] == 0 {
		r.names[name] = len(r.names) + 1
	}
	return r.names[name], nil
}

// answered returns a completion with its answer. A status of HTTP from 400 on, and a status of a span that is an error, say that a
// call was not ok; which statuses say that nothing was done is as package web has it.
func answered(op history.Op, asked, done history.JepsenOp) (history.Op, error) {
	own := attributesOf(done)
	fields := slices.Concat(own, attributesOf(asked))
	code, _, err := fields.integer("code")
	if err != nil {
		return op, err
	}
	switch message, failed := fields.failed(); {
	case code >= 400 && code < 500 || code == 503:
		op.Type, op.Err = history.Fail, fmt.Sprintf("status %d", code)
		return op, nil
	case code >= 500:
		op.Type, op.Err = history.Info, fmt.Sprintf("status %d", code)
		return op, nil
	case failed:
		op.Type, op.Err = history.Info, message
		return op, nil
	}
	a := model.Answer{Code: code, From: fields.text("from"), For: fields.text("for"), Up: fields.yes("up"), Partial: fields.yes("partial")}
	if a.Missing, _, err = fields.integer("missing"); err == nil {
		a.Version, _, err = fields.integer("version")
	}
	up, isBool := done.Value.(bool)
	switch _, isMap := done.Value.(edn.Map); {
	case err != nil:
	case isBool && asked.F == "probe":
		a.Up = up
	case !isMap || !own.known():
		err = unjudged(asked, done)
	}
	if op.Output = a; err != nil {
		op.Type, op.Output = history.Info, nil
	}
	return op, err
}

// sinceFirst makes deadlines count from the first op, as [Recorded] has times.
func sinceFirst(h *history.History) *history.History {
	if h.Len() == 0 || h.At(0).Time <= 0 {
		return h
	}
	first := h.At(0).Time
	moved := &history.History{}
	moved.Grow(h.Len())
	for op := range h.Ops() {
		if in, ok := op.Input.(model.RequestOp); ok && in.Deadline > 0 {
			in.Deadline = max(1, in.Deadline-first)
			op.Input = in
		}
		moved.Add(op)
	}
	return moved
}
