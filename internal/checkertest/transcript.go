package checkertest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// Transcripts runs the transcripts in a file: small histories, each followed by what judge says of it. The line
// before a history has a command and the name of a model; judge returns nil for a pair that it does not know.
// With -rewrite, the file gets what judge says now.
//
// A line of a history is a call: a process, its input, its output if it has one, and the milliseconds at which it was
// invoked and returned. A call with a question mark for its end is indeterminate, and "failed" says that it never happened:
//
//	1: write x 5        [0,10]
//	2: read x → 5       [12,14]
//	3: cas x 5 6 → 5    [15,?]
//	4: enqueue q 7      [20,22] failed
func Transcripts(t *testing.T, path string, judge func(command, model string) checker.Checker) {
	t.Helper()
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		if len(d.CmdArgs) != 1 {
			d.Fatalf(t, "want a command and a model")
		}
		c := judge(d.Cmd, d.CmdArgs[0].Key)
		if c == nil {
			d.Fatalf(t, "no checker %s of model %s", d.Cmd, d.CmdArgs[0].Key)
		}
		h, lines, err := parseCalls(d.CmdArgs[0].Key, d.Input)
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		return verdictText(c.Check(t.Context(), h).Explain(t.Context()), lines)
	})
}

// verdictText returns verdict and reason, and the calls of the counterexample as the transcript has them: ✗ is the
// blamed, ! contradicts it, and others are context.
func verdictText(r checker.Result, lines map[int]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s\n", r.Verdict, r.Reason)
	if r.Counterexample == nil {
		return b.String()
	}
	if r.Counterexample.Reason != r.Reason {
		fmt.Fprintln(&b, r.Counterexample.Reason)
	}
	for i, c := range r.Counterexample.Calls {
		mark := "!"
		switch {
		case i == r.Counterexample.Blamed:
			mark = "✗"
		case r.Counterexample.Context(i):
			mark = "·"
		}
		fmt.Fprintf(&b, "  %s %s\n", mark, lines[c.Invoke.Index])
	}
	return b.String()
}

// callLine matches a line of a history.
var callLine = regexp.MustCompile(`^(\d+): (\S+) ([^→[]*?)\s*(?:→ (.*?))?\s*\[(\d+),(\d+|\?)\]( failed)?$`)

// parseCalls reads a history, and returns the line of each call by the index of its invocation.
func parseCalls(model, text string) (*history.History, map[int]string, error) {
	type end struct {
		op   history.Op
		line string // of an invocation
	}
	var ends []end
	for line := range strings.SplitSeq(text, "\n") {
		m := callLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			return nil, nil, fmt.Errorf("%q is not a call, as in: 1: write x 5 [0,10]", line)
		}
		process, _ := strconv.Atoi(m[1])
		in, out, err := parseCall(model, process, m[2], strings.Fields(m[3]), m[4])
		if err != nil {
			return nil, nil, fmt.Errorf("%q: %w", line, err)
		}
		from, _ := strconv.Atoi(m[5])
		ends = append(ends, end{history.Op{Time: time.Duration(from) * time.Millisecond, Process: process, Type: history.Invoke, Input: in}, line})
		if m[6] == "?" {
			continue
		}
		to, _ := strconv.Atoi(m[6])
		op := history.Op{Time: time.Duration(to) * time.Millisecond, Process: process, Type: history.OK, Output: out}
		if m[7] != "" {
			op.Type, op.Output = history.Fail, nil
		}
		ends = append(ends, end{op, ""})
	}
	slices.SortStableFunc(ends, func(a, b end) int { return int(a.op.Time - b.op.Time) })
	h, lines := &history.History{}, map[int]string{}
	for i, e := range ends {
		h.Add(e.op)
		lines[i] = e.line
	}
	return h, lines, nil
}

// parseCall returns the input and the output of a call, in the types of a model.
func parseCall(m string, process int, f string, args []string, answer string) (in, out any, err error) {
	if len(args) == 0 {
		return nil, nil, fmt.Errorf("it names no key")
	}
	key := args[0]
	number := func(i int) int {
		if i >= len(args) {
			return 0
		}
		n, bad := strconv.Atoi(args[i])
		if bad != nil {
			err = bad
		}
		return n
	}
	switch m {
	case "register", "cas-register":
		in = model.RegisterOp{F: f, Key: key, Value: number(1)}
		if f == "cas" {
			in = model.RegisterOp{F: f, Key: key, Old: number(1), Value: number(2)}
		}
		out = answerInt(answer)
	case "queue":
		in, out = model.QueueOp{F: f, Key: key, Value: number(1)}, answerInt(answer)
	case "counter":
		in, out = model.CounterOp{F: f, Key: key, Value: number(1)}, answerInt(answer)
	case "mutex":
		in, out = model.LockOp{F: f, Key: key, Client: process}, 0
	case "set":
		in, out = model.SetOp{F: f, Key: key, Value: number(1)}, answerInts(answer)
	case "log":
		in, out = model.LogOp{F: f, Key: key, Value: number(1)}, answerInts(answer)
	case "kv":
		in, out = model.KVOp{F: f, Key: key, Value: strings.Join(args[1:], " ")}, answer
	default:
		return nil, nil, fmt.Errorf("there are no transcripts of model %q", m)
	}
	return in, out, err
}

// answerInt returns an answer that is a number, or "nothing".
func answerInt(s string) int {
	if s == "nothing" {
		return model.Nil
	}
	n, _ := strconv.Atoi(s)
	return n
}

// answerInts returns an answer that is a list of numbers.
func answerInts(s string) (all []int) {
	for f := range strings.FieldsSeq(strings.Trim(s, "[]")) {
		n, _ := strconv.Atoi(f)
		all = append(all, n)
	}
	return all
}
