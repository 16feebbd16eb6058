package capsize

import (
	"cmp"
	"iter"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report"
)

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
