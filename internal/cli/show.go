package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report"
)

// show prints a run for people: a picture of all of it, then the verdict and what
// goes with it, so that what matters most is what is seen last.
func (a *app) show(page report.Run) error {
	if err := report.Picture(a.out, page, a.style); err != nil {
		return err
	}
	if _, err := io.WriteString(a.out, "\n"); err != nil {
		return err
	}
	return report.Text(a.out, page, a.style)
}

// A line is what --json prints of a run.
type line struct {
	System         string            `json:"system"`
	Bug            string            `json:"bug"` // "" if there is none
	Workload       string            `json:"workload"`
	Nemesis        string            `json:"nemesis"`
	Seed           uint64            `json:"seed"`
	Verdict        checker.Verdict   `json:"verdict"`
	Ops            ops               `json:"ops"`
	Digest         string            `json:"digest"` // SHA-256 of the history
	VirtualNS      int64             `json:"virtual_ns"`
	WallNS         int64             `json:"wall_ns"`
	CPUNS          int64             `json:"cpu_ns"`
	Counterexample []call            `json:"counterexample"`
	Note           string            `json:"counterexample_note,omitempty"` // why it may not be the smallest
	Exercised      capsize.Exercised `json:"exercised"`
	Metrics        []report.Metric   `json:"metrics,omitempty"`
	Snapshot       string            `json:"snapshot,omitempty"` // of a run that was stopped by --stop-at
	Report         string            `json:"report"`             // path of the page; "" if none was written
}

// ops counts calls by their outcome.
type ops struct {
	OK   int `json:"ok"`
	Fail int `json:"fail"`
	Info int `json:"info"`
}

// A call is one of a counterexample.
type call struct {
	Process    int    `json:"process"`
	Node       string `json:"node"`
	Key        string `json:"key"`
	Input      any    `json:"input"`
	Output     any    `json:"output"`
	Type       string `json:"type"` // ok, fail or info
	InvokeNS   int64  `json:"invoke_ns"`
	CompleteNS *int64 `json:"complete_ns"` // null if it never completed
	Context    bool   `json:"context"`     // whether it only shows where a value came from, and does not contradict the others
}

// line returns what --json prints of a run.
func (s runSpec) line(r *capsize.Result, page report.Run) line {
	return line{
		System: s.System, Bug: s.Bug, Workload: s.Workload, Nemesis: s.Nemesis,
		Seed: r.Seed, Verdict: r.Verdict,
		Ops:       ops{r.Exercised.OK, r.Exercised.Fail, r.Exercised.Info},
		Digest:    page.Digest,
		VirtualNS: int64(r.Virtual), WallNS: int64(r.Wall), CPUNS: int64(r.CPU),
		Counterexample: calls(r.Counterexample), Note: note(r.Counterexample), Exercised: r.Exercised, Report: page.ReportPath,
		Metrics: r.Metrics, Snapshot: r.Snapshot,
	}
}

// note says why a counterexample may not be the smallest.
func note(why *checker.Counterexample) string {
	if why == nil {
		return ""
	}
	return why.Note
}

// calls lists the calls of a counterexample. It is empty, not nil, if there is
// none: then the JSON is a list all the same.
func calls(why *checker.Counterexample) []call {
	list := []call{}
	if why == nil {
		return list
	}
	for i, c := range why.Calls {
		x := call{
			Process: c.Invoke.Process, Node: c.Invoke.Node, Key: c.Invoke.Key,
			Input: c.Invoke.Input, Output: c.Complete.Output, Type: c.Complete.Type.String(), InvokeNS: int64(c.Invoke.Time),
			Context: why.Context(i),
		}
		if c.Complete.Time != history.Forever {
			at := int64(c.Complete.Time)
			x.CompleteNS = &at
		}
		list = append(list, x)
	}
	return list
}

// printJSON prints a value on a line of its own.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}
