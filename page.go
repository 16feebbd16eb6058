package capsize

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/tested"
	"github.com/capsize-go/capsize/report"
)

// Page returns all that a report shows of the run, which it explains first. The rest is up to package
// report: [report.Text] for a terminal, [report.Write] for a folder with a page.
// Rerun is the command that runs it again. It is an error if the history can't be written as JSON; what is returned then lacks the digest alone.
func (r *Result) Page(rerun string) (report.Run, error) {
	digest, err := r.Digest()
	if err != nil {
		err = fmt.Errorf("digest of the history: %w", err)
	}
	r.Explain(context.Background())
	signature := ""
	if s, ok := r.Signature(context.Background()); ok {
		signature = s.String()
	}
	p := report.Run{
		Title: r.Test.Name, System: systemName(r.Test.System), Workload: r.Test.Workload.Name, Nemesis: r.Test.Nemesis.String(),
		Seed: r.Seed, Nodes: r.Test.Nodes, Clients: r.Test.Clients,
		Virtual: r.Virtual, Wall: r.Wall, CPU: r.CPU,
		Verdict: r.Verdict, Expect: r.Test.Expect, Checks: r.Checks, History: r.History,
		Exercised: r.Exercised.rows(), Params: r.Test.params(),
		Rerun: rerun, Digest: digest, Signature: signature,
	}
	if r.Decisions != nil {
		p.Schedule = fmt.Sprintf("%v, of %d decisions; %s", r.Test.Schedule, r.Decisions.Steps, r.Runtime)
		p.Params = append(p.Params, report.KV{Name: "schedule", Value: r.Test.Schedule.String()}, report.KV{Name: "runtime", Value: r.Runtime})
	}
	p.Trace = r.Messages
	if r.Unrecorded != "" {
		p.Notes = append(p.Notes, r.Unrecorded)
	}
	p.Phases, p.Metrics, p.Snapshot, p.Log = r.Phases, r.Metrics, r.Snapshot, r.logLines()
	if r.Stopped != nil {
		p.Stopped = r.Stopped.Error()
	}
	for _, f := range r.Findings {
		p.Findings = append(p.Findings, report.Finding{Host: f.Host, What: f.What, Stack: f.Stack, At: f.At})
	}
	for _, s := range r.Plan {
		p.Plan = append(p.Plan, report.Step{ID: s.ID, At: s.At, For: s.For, Fault: s.Fault.String()})
	}
	return p, err
}

// params lists what the test was run with.
func (t Test) params() []report.KV {
	rate := "as fast as answers come"
	switch {
	case t.Workload.Arrivals != nil:
		rate = "an open load, as the workload says"
	case t.Rate != Unpaced:
		rate = fmt.Sprintf("%g operations a second", t.Rate)
	}
	return []report.KV{
		{Name: "nodes", Value: fmt.Sprint(t.Nodes)},
		{Name: "clients", Value: fmt.Sprint(t.Clients)},
		{Name: "rate", Value: rate},
		{Name: "duration", Value: t.Duration.String()},
		{Name: "timeout", Value: t.Timeout.String()},
		{Name: "settle", Value: t.Settle.String()},
		{Name: "heals", Value: healsWhat(t.Core)},
		{Name: "seed", Value: fmt.Sprint(t.Seed)},
	}
}

func healsWhat(core bool) string {
	if core {
		return "a random majority"
	}
	return "all nodes"
}

// rows says what was exercised, and what was not.
func (x Exercised) rows() []report.Row {
	c := tested.Counts{OK: x.OK, Info: x.Info, Fail: x.Fail, Overlapped: x.Overlapped, Faults: x.Faults, Idle: x.Idle,
		LeaderChanges: x.LeaderChanges, Crashes: x.Crashes, BytesLost: x.BytesLost, Sent: x.Sent, Cut: x.Cut, Lost: x.Lost, Dead: x.Dead,
		Marks: x.Marks, Missed: x.Missed}
	for _, e := range x.Effects {
		c.Effects = append(c.Effects, tested.Effect(e))
	}
	var rows []report.Row
	for _, r := range tested.Rows(c) {
		rows = append(rows, report.Row(r))
	}
	return rows
}

// logLines returns what the hosts logged, with what the nemesis did between the lines, or
// nil if no host logged anything.
func (r *Result) logLines() iter.Seq[report.LogLine] {
	if r.Log.Len() == 0 {
		return nil
	}
	return func(yield func(report.LogLine) bool) {
		faults := r.faultLines()
		for l := range r.Log.All() {
			for len(faults) > 0 && faults[0].At <= l.At {
				if !yield(faults[0]) {
					return
				}
				faults = faults[1:]
			}
			if !yield(report.LogLine{At: l.At, Host: l.Host, Level: l.Level.String(), Text: l.Text}) {
				return
			}
		}
		for _, f := range faults {
			if !yield(f) {
				return
			}
		}
	}
}

// faultLines returns when faults began and ended.
func (r *Result) faultLines() (lines []report.LogLine) {
	what := map[string]string{}
	for i := range r.History.Len() {
		op := r.History.At(i)
		if op.Process != history.Nemesis {
			continue
		}
		l := report.LogLine{At: op.Time, Host: "nemesis"}
		switch text, _ := op.Input.(string); op.Type {
		case history.Invoke:
			what[op.Key] = text
			l.Text = text
		case history.Fail:
			l.Text = "failed: " + cmp.Or(op.Err, what[op.Key])
		default:
			l.Text = "healed: " + what[op.Key]
		}
		lines = append(lines, l)
	}
	return lines
}
