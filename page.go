package capsize

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"github.com/capsize-go/capsize/history"

	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/report"
)

// Page returns all that a report shows of the run, which it explains first. The rest is up to package
// report: [report.Text] for a terminal, [report.Write] for a folder with a page.
// Rerun is the command that runs it again.
func (r *Result) Page(rerun string) (report.Run, error) {
	digest, err := r.Digest()
	if err != nil {
		return report.Run{}, fmt.Errorf("digest of the history: %w", err)
	}
	r.Explain(context.Background())
	p := report.Run{
		Title: r.Test.Name, System: systemName(r.Test.System), Workload: r.Test.Workload.Name, Nemesis: r.Test.Nemesis.String(),
		Seed: r.Seed, Nodes: r.Test.Nodes, Clients: r.Test.Clients,
		Virtual: r.Virtual, Wall: r.Wall, CPU: r.CPU,
		Verdict: r.Verdict, Expect: r.Test.Expect, Checks: r.Checks, History: r.History,
		Exercised: r.Exercised.rows(), Params: r.Test.params(),
		Rerun: rerun, Digest: digest,
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
		p.Findings = append(p.Findings, report.Finding{Host: f.Host, What: f.What, Stack: f.Stack})
	}
	for _, s := range r.Plan {
		p.Plan = append(p.Plan, report.Step{ID: s.ID, At: s.At, For: s.For, Fault: s.Fault.String()})
	}
	return p, nil
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

// rows says what was exercised, one thing a row, and what was not.
func (x Exercised) rows() []report.Row {
	total := 0
	var rows []report.Row
	for _, name := range sorting.Keys(x.Faults) {
		total += x.Faults[name]
		rows = append(rows, report.Row{OK: true, What: plural(x.Faults[name], name), Note: "injected and healed"})
	}
	if total == 0 {
		rows = append(rows, report.Row{What: "no faults", Note: "nothing went wrong, so little was tested"})
	} else {
		rows = append(rows, report.Row{OK: x.Overlapped > 0, What: fmt.Sprintf("%d calls", x.Overlapped), Note: "overlapped a fault"})
	}
	if x.Idle > 0 {
		rows = append(rows, report.Row{What: plural(x.Idle, "fault"), Note: "not injected: no occasion came, or no node may be harmed"})
	}
	for _, e := range x.Effects {
		rows = append(rows, report.Row{OK: e.Count > 0, What: fmt.Sprintf("%s: %d", e.Fault, e.Count), Note: e.What})
	}
	for _, m := range sorting.Keys(x.Marks) {
		rows = append(rows, report.Row{OK: x.Marks[m] > 0, What: fmt.Sprintf("%s: %d", m, x.Marks[m]), Note: "set by the system"})
	}
	for _, m := range x.Missed {
		rows = append(rows, report.Row{What: m, Note: "was never reached"})
	}
	return append(rows,
		report.Row{OK: x.OK > 0, What: fmt.Sprintf("ok %d · info %d · fail %d", x.OK, x.Info, x.Fail), Note: "calls by outcome"},
		report.Row{OK: x.LeaderChanges > 0, What: plural(x.LeaderChanges, "leader change")},
		report.Row{OK: x.Crashes > 0, What: plural(x.Crashes, "crash"), Note: fmt.Sprintf("%d bytes lost that were not synced", x.BytesLost)},
		report.Row{OK: x.Cut+x.Lost+x.Dead > 0, What: fmt.Sprintf("%d of %d messages lost", x.Cut+x.Lost+x.Dead, x.Sent),
			Note: fmt.Sprintf("%d cut, %d by chance, %d to a host that was down", x.Cut, x.Lost, x.Dead)},
	)
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
