package models

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
)

// What an answer says is never thrown away: a call of whose answer a model makes nothing may
// be answered that it was done, or what it asked for. Anything else is an error, which
// names it.

// unjudged returns an error if the answer to a call says more than that it was done.
func unjudged(asked, done history.JepsenOp) error {
	if acknowledges(done.Value) || reflect.DeepEqual(asked.Value, done.Value) {
		return nil
	}
	return &history.FlawError{Flaw: history.WrongAnswer, Text: fmt.Sprintf(
		"the answer %s to this %s says neither that it was done nor what was invoked, and nothing of the model judges it", ednText(done.Value), asked.F)}
}

// acknowledges reports whether an answer says only that a call was done.
func acknowledges(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return v
	case string:
		return isAck(v)
	case edn.Keyword:
		return isAck(string(v))
	}
	return false
}

// isAck reports whether a word says that all is well.
func isAck(word string) bool {
	return slices.Contains([]string{"", "ok", "done", "success", "succeeded", "ack", "acked", "acknowledged"}, strings.ToLower(word))
}

func isRow(v any) bool {
	switch v.(type) {
	case edn.Map, []any:
		return true
	}
	return false
}

// watchful returns the translator of a checker that makes nothing of the answers to some
// kinds of calls. Rows are maps or vectors that have the timestamp of what was added as well, which
// reads show again.
func watchful(silent []string, rows bool) func(history.Op) (history.Op, error) {
	open := map[int]history.JepsenOp{}
	return func(op history.Op) (history.Op, error) {
		if op.Process == history.Nemesis {
			return op, nil
		}
		if op.Type == history.Invoke {
			open[op.Process], _ = op.Input.(history.JepsenOp)
			return op, nil
		}
		asked, ok := open[op.Process]
		delete(open, op.Process)
		done, is := op.Output.(history.JepsenOp)
		if !ok || !is || op.Type != history.OK || !slices.Contains(silent, asked.F) {
			return op, nil
		}
		if rows && isRow(done.Value) {
			return op, nil
		}
		err := unjudged(asked, done)
		if err != nil {
			op.Type = history.Info
		}
		return op, err
	}
}
