// Package compare shows two runs side by side: their parameters, their plans, the first line of their histories that differs,
// and their counterexamples.
package compare

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/result"
)

// A Side is one of the two runs. What is not known of it is empty.
type Side struct {
	Name   string // as a person knows it: the path that was given
	Page   string // link to its page
	Judged bool   // whether Result has a verdict
	Result result.Result
	Params []report.KV
	Plan   []report.Step
	Lines  []byte // its history as JSON lines
	Note   string // such as why there is no counterexample
}

// A Param is a parameter in which the runs differ.
type Param struct{ Name, A, B string }

// A Step is a step of a plan that only one run has, or that is another one there.
type Step struct {
	ID   int
	A, B string // empty if that plan has no such step
}

// A Line is a line of the histories.
type Line struct {
	Number  int // from 1
	A, B    string
	Differs bool
}

// A Comparison is what Compare found.
type Comparison struct {
	A, B       Side
	Params     []Param
	SameParams int // how many are the same
	Steps      []Step
	SameSteps  int
	First      savedrun.Difference // the zero value if the histories are alike
	Lines      []Line              // around the first that differs
}

// around is how many lines of the histories stand before and after the first that differs.
const around = 4

// Compare compares two runs.
func Compare(a, b Side) Comparison {
	c := Comparison{A: a, B: b, First: savedrun.Lines(a.Lines, b.Lines)}
	c.compareParams()
	c.compareSteps()
	if c.First.Line > 0 {
		x, y := bytes.Split(a.Lines, []byte("\n")), bytes.Split(b.Lines, []byte("\n"))
		for n := max(1, c.First.Line-around); n <= c.First.Line+around; n++ {
			l := Line{Number: n, A: lineAt(x, n), B: lineAt(y, n), Differs: n == c.First.Line}
			if l.A != "" || l.B != "" {
				c.Lines = append(c.Lines, l)
			}
		}
	}
	return c
}

func lineAt(lines [][]byte, n int) string {
	if n > len(lines) {
		return ""
	}
	return string(bytes.TrimSuffix(lines[n-1], []byte("\r")))
}

// Same reports whether the runs have the same parameters, plans, histories and verdicts.
func (c Comparison) Same() bool {
	return len(c.Params) == 0 && len(c.Steps) == 0 && c.First.Line == 0 && c.A.verdict() == c.B.verdict()
}

// verdict is that of a side, if it has one.
func (s Side) verdict() string {
	if !s.Judged {
		return "not judged"
	}
	return s.Result.Verdict.String()
}

// headline is the verdict in a few words.
func (s Side) headline() string {
	if s.Judged && s.Result.Verdict != checker.Valid {
		return s.verdict() + ": " + s.Result.Headline
	}
	return s.verdict()
}

func (c *Comparison) compareParams() {
	value := func(of []report.KV, name string) string {
		for _, p := range of {
			if p.Name == name {
				return p.Value
			}
		}
		return ""
	}
	var names []string
	for _, p := range slices.Concat(c.A.Params, c.B.Params) {
		if !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	for _, name := range names {
		p := Param{name, value(c.A.Params, name), value(c.B.Params, name)}
		if p.A == p.B {
			c.SameParams++
			continue
		}
		c.Params = append(c.Params, p)
	}
}

func (c *Comparison) compareSteps() {
	a, b := steps(c.A.Plan), steps(c.B.Plan)
	var ids []int
	for _, s := range slices.Concat(c.A.Plan, c.B.Plan) {
		if !slices.Contains(ids, s.ID) {
			ids = append(ids, s.ID)
		}
	}
	slices.SortStableFunc(ids, cmp.Compare)
	for _, id := range ids {
		if a[id] == b[id] {
			c.SameSteps++
			continue
		}
		c.Steps = append(c.Steps, Step{id, a[id], b[id]})
	}
}

// steps describes the steps of a plan, by ID.
func steps(plan []report.Step) map[int]string {
	of := map[int]string{}
	for _, s := range plan {
		of[s.ID] = "at " + s.At.String() + " for " + s.For.String() + ": " + s.Fault
	}
	return of
}

// A shownCall is a call of a counterexample as it is shown.
type shownCall struct {
	At, Process, Call, Sign string
}

// shownCalls formats the counterexample of a side.
func (s Side) shownCalls() (all []shownCall) {
	for _, c := range s.Result.Counterexample {
		process := "process " + itoa(c.Process)
		if c.Node != "" {
			process += " " + report.Clean(c.Node, 12)
		}
		text := report.CallLabel(callOf(c), "")
		sign := "!"
		if c.Context {
			sign = ""
		}
		at := time.Duration(c.InvokeNS)
		if at > time.Millisecond {
			at = at.Round(10 * time.Microsecond)
		}
		all = append(all, shownCall{at.String(), process, text, sign})
	}
	return all
}

// callOf returns a call as a history has it.
func callOf(c result.Call) history.Call {
	call := history.Call{
		Invoke:   history.Op{Type: history.Invoke, Process: c.Process, Node: c.Node, Key: c.Key, Input: c.Input, Time: time.Duration(c.InvokeNS)},
		Complete: history.Op{Type: history.Info, Process: c.Process, Node: c.Node, Key: c.Key, Output: c.Output, Time: history.Forever},
	}
	switch c.Type {
	case history.OK.String():
		call.Complete.Type = history.OK
	case history.Fail.String():
		call.Complete.Type = history.Fail
	}
	if c.CompleteNS != nil {
		call.Complete.Time = time.Duration(*c.CompleteNS)
	}
	return call
}
