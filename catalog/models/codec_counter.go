package models

import (
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// counter translates additions, increments and reads. Adds keep what they were answered, [checker.Nil]
// for nothing, until [answeredAdds] knows what it means.
func counter() codec[checker.CounterOp, int] {
	return codec[checker.CounterOp, int]{
		encode: encodeCounter,
		fs:     []string{"add", "read", "increment"},
		decodeInput: func(op history.Op, j history.JepsenOp) (in checker.CounterOp, err error) {
			in = checker.CounterOp{F: j.F, Key: op.Key}
			switch {
			case in.F == "increment" && j.Value == nil:
				in.Value = 1
			case in.F != "read":
				in.Value, err = integer(j.Value)
			}
			return in, err
		},
		decodeOutput: func(in checker.CounterOp, j history.JepsenOp) (int, bool, error) {
			switch n, err := integer(j.Value); {
			case in.F == "add" && err != nil:
				return checker.Nil, true, nil
			case in.F == "increment" && j.Value == nil, j.Unknown && in.F == "read":
				return 0, false, nil
			default:
				return n, true, err
			}
		},
	}
}

// answeredAdds finds out what the answers of adds mean, and returns the history with that and a note.
// Jepsen's adds are answered with what was asked, which says nothing; those of Redis with the new
// value of the counter. They are new values if one of them is not what was asked, or if nothing was
// ever read: then there is nothing else that the counter said.
func answeredAdds(h *history.History) (*history.History, string) {
	answered, silent, reads, other := 0, 0, 0, history.Call{}
	for c := range h.Calls() {
		in, _ := c.Invoke.Input.(checker.CounterOp)
		out, known := c.Complete.Output.(int)
		switch {
		case in.F != "add":
			reads++
		case !known || c.Complete.Type != history.OK:
		case out == checker.Nil:
			silent++
		default:
			if answered++; out != in.Value && other.Invoke.Input == nil {
				other = c
			}
		}
	}
	if answered+silent == 0 {
		return h, ""
	}
	note := ""
	switch in, _ := other.Invoke.Input.(checker.CounterOp); {
	case other.Invoke.Input != nil:
		note = fmt.Sprintf("the answers of the adds were taken for the new values of the counter: an add of %d was answered %d", in.Value, other.Complete.Output)
	case reads == 0 && silent == 0 && answered > 1:
		note = "the answers of the adds were taken for the new values of the counter, for nothing was read"
	}
	told := &history.History{}
	told.Grow(h.Len())
	open := map[int]checker.CounterOp{}
	for op := range h.Ops() {
		in, ok := op.Input.(checker.CounterOp)
		switch {
		case op.Process == history.Nemesis:
		case op.Type == history.Invoke:
			if open[op.Process] = in; ok && in.F == "add" && note != "" && silent == 0 {
				in.F = "increment"
				op.Input = in
			}
		case op.Type == history.OK && open[op.Process].F == "add" && (note == "" || silent > 0):
			op.Output = 0
		}
		told.Add(op)
	}
	return told, note
}
