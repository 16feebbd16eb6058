package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
)

const (
	indent       = "    " // of all but the first line, so that the verdict stands out
	maxCalls     = 30     // of a counterexample in a terminal
	maxFaultRows = 6      // of faults
	maxStack     = 40     // lines of a finding's stack
	maxReports   = 20     // findings
)

// Text writes a report for a terminal: the verdict, the reason in one
// sentence, the minimal counterexample, where in the run it is, the findings,
// where the report is, and last the command to run again. No line is
// wider than the style's width but for stacks, paths, lines of a history in a note,
// and that command, which must be copied as a whole.
func Text(w io.Writer, run Run, s Style) error {
	if _, err := io.WriteString(w, text(run, s)); err != nil {
		return fmt.Errorf("write text of the report: %w", err)
	}
	return nil
}

// text joins the blocks of the report, each indented and with a blank line before it.
func text(run Run, s Style) string {
	var blocks [][]string
	if r := reason(run); r != "" {
		blocks = append(blocks, wrap(r, s.width()-len(indent)))
	}
	for _, note := range run.Notes {
		blocks = append(blocks, wrap(clean(note, anyLength), s.width()-len(indent)))
	}
	if why := run.why(); why != nil {
		blocks = append(blocks, counterexampleText(run, why, s))
	}
	blocks = append(blocks, AccountOf(run, s.width()-len(indent)))
	blocks = append(blocks, logBlock(run, s), metricsBlock(run, s))
	if run.Snapshot != "" {
		blocks = append(blocks, strings.Split(strings.TrimRight(run.Snapshot, "\n"), "\n"))
	}
	blocks = append(blocks, closing(run, s)...)

	var b strings.Builder
	head := subject(run) + ": " + verdictLine(run)
	b.WriteString(s.paint(verdictInk(run.Verdict), strings.Join(wrap(head, s.width()-len(indent)), "\n"+indent)))
	b.WriteByte('\n')
	for _, block := range blocks {
		if len(block) == 0 {
			continue
		}
		b.WriteByte('\n')
		for _, line := range block {
			b.WriteString(strings.TrimRight(indent+line, " "))
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// closing returns the blocks after the counterexample.
func closing(run Run, s Style) [][]string {
	var facts, paths []string
	if why := run.why(); why != nil {
		what := fmt.Sprintf("%s of %s%s; found at %s of %s",
			count(len(why.Calls)), plural(max(why.Judged, len(why.Calls)), "call"), conflicting(why), run.at(foundAt(why)), run.at(run.end())) + minimalityNote(why)
		facts = append(facts, wrap(what, s.width()-len(indent))...)
	}
	if run.Stopped != "" {
		facts = append(facts, wrap("the run was cut short: "+clean(run.Stopped, anyLength), s.width()-len(indent))...)
	}
	blocks := [][]string{facts}
	blocks = append(blocks, findings(run, s)...)
	blocks = append(blocks, noteLines(run, s))
	for _, p := range []struct{ name, text string }{
		{"shrunk", run.Shrunk.How}, {"needed", strings.Join(run.Shrunk.Needs, "; ")}, {"seed", seedOf(run)}, {"schedule", run.Schedule}, {"repeats", run.Repeats}, {"report", run.ReportPath}, {"saved", run.SavedPath},
	} {
		if p.text != "" {
			paths = append(paths, fact(p.name, p.text, s)...)
		}
	}
	if run.Log != nil && run.ReportPath != "" {
		paths = append(paths, s.paint(faint, pad("log", 8))+" "+clean(filepath.Join(filepath.Dir(run.ReportPath), logFile), anyLength))
	}
	if run.Shrunk.Whole != "" {
		paths = append(paths, fmt.Sprintf("To run seed %d as it was before it was shrunk:", run.Shrunk.Seed), clean(run.Shrunk.Whole, anyLength))
	}
	if run.Rerun != "" {
		paths = append(paths, "To re-run:", s.paint(bold, clean(run.Rerun, anyLength)))
	}
	return append(blocks, paths)
}

// fact returns a line with a name and what there is to it, which is wrapped if it is a sentence and not a path.
func fact(name, text string, s Style) []string {
	const width = 8
	lines := []string{clean(text, anyLength)}
	if name == "shrunk" || name == "needed" {
		lines = wrap(lines[0], s.width()-len(indent)-width-1)
	}
	for i := range lines {
		if i > 0 {
			name = ""
		}
		lines[i] = s.paint(faint, pad(name, width)) + " " + lines[i]
	}
	return lines
}

// seedOf returns the seed of the run; empty if it was recorded elsewhere.
func seedOf(run Run) string {
	if run.Recorded || run.Seed == 0 {
		return ""
	}
	return fmt.Sprint(run.Seed)
}

// noteLines returns the note of a run. Its indented lines are ops of a history, and are not
// wrapped.
func noteLines(run Run, s Style) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.Trim(run.Note, "\n"), "\n") {
		switch {
		case line == "":
		case strings.HasPrefix(line, "  "):
			lines = append(lines, "  "+clean(line, anyLength))
		default:
			lines = append(lines, wrap(clean(line, anyLength), s.width()-len(indent))...)
		}
	}
	return lines
}

// findings lists the findings with their stacks.
func findings(run Run, s Style) [][]string {
	var blocks [][]string
	all := run.furtherFindings()
	for i, f := range all {
		if i == maxReports {
			return append(blocks, []string{fmt.Sprintf("… and %s", plural(len(all)-i, "more finding"))})
		}
		what := clean(f.What, anyLength)
		if f.Host != "" {
			what = clean(f.Host, 40) + ": " + what
		}
		block := wrap(what, s.width()-len(indent))
		for i, line := range block {
			block[i] = s.paint(red, line)
		}
		blocks = append(blocks, append(block, stackLines(f.Stack, s)...))
	}
	return blocks
}

// stackLines formats the first lines of a stack, with the indentation of its files.
func stackLines(stack string, s Style) []string {
	if strings.TrimSpace(stack) == "" {
		return nil
	}
	var lines []string
	all := strings.Split(strings.Trim(stack, "\n"), "\n")
	for i, line := range all {
		if i == maxStack {
			lines = append(lines, fmt.Sprintf("  … and %s", plural(len(all)-i, "more line")))
			break
		}
		deeper := strings.HasPrefix(line, "\t")
		line = "  " + clean(line, anyLength)
		if deeper {
			line = "  " + line
		}
		lines = append(lines, s.paint(faint, line))
	}
	return lines
}

// counterexampleText draws a counterexample: a line for each call with a bar on a common
// axis of time, then the faults that were active meanwhile.
func counterexampleText(run Run, why *checker.Counterexample, s Style) []string {
	calls, left := pick(why, maxCalls)
	scale := newScale(callsOf(calls), 0.03)
	times := stamps(calls, run.Ordered)
	name := len("nemesis")
	for _, c := range calls {
		name = max(name, runes(c.name()))
	}
	prefix := runes(times[0]) + 2 + name + 2
	field := s.width() - len(indent) - prefix - 2
	var lines []string
	for i, c := range calls {
		sign, color := "", blue
		switch {
		case c.Blamed:
			sign, color = "✗", red
		case indeterminate(c.Call):
			sign, color = "?", yellow
		case c.Conflicts:
			sign = "!"
		}
		if c.Context {
			color = faint
		}
		row := newTextLine(field)
		row.call(scale, c)
		row.cuts(scale)
		lines = append(lines, s.paint(faint, times[i])+"  "+pad(c.name(), name)+"  "+
			s.paint(color, pad(row.String(), field)+" "+sign))
	}
	margin := strings.Repeat(" ", runes(times[0])+2)
	for i, row := range faultLines(run, scale, field) {
		title := ""
		if i == 0 {
			title = "nemesis"
		}
		lines = append(lines, margin+pad(title, name)+"  "+s.paint(purple, row))
	}
	lines = append(lines, omissions(run, scale, left, s)...)
	return append(lines, linkLines(why, s)...)
}

// omissions says which times and calls a drawing leaves out.
func omissions(run Run, scale scale, left int, s Style) []string {
	var lines []string
	if len(scale.cuts) > 0 {
		var gone time.Duration
		for _, i := range scale.cuts {
			gone += scale.times[i+1] - scale.times[i]
		}
		text := "⋯ time without these calls, " + short(gone) + " in all, is left out"
		if run.Ordered {
			text = fmt.Sprintf("⋯ %d ops of other calls are left out", int64(gone))
		}
		lines = append(lines, s.paint(faint, text))
	}
	if left > 0 {
		lines = append(lines, s.paint(faint, fmt.Sprintf("… %s not drawn", plural(left, "more call"))))
	}
	return lines
}

// faultLines draws the faults that were active during the counterexample.
func faultLines(run Run, scale scale, field int) []string {
	from, to := scale.times[0], scale.times[len(scale.times)-1]
	active := during(faultsOf(run.history(), run.end()), from, to)
	if len(active) == 0 {
		return []string{"(no fault was active)"}
	}
	var rows []string
	for i, f := range active {
		if i == maxFaultRows {
			rows = append(rows, fmt.Sprintf("… and %s", plural(len(active)-i, "more fault")))
			break
		}
		row := newTextLine(field)
		row.fault(scale, f, from, to)
		rows = append(rows, row.String())
	}
	return rows
}

// stamps formats the times of the invocations, with as many digits as distinguish them, and
// equally wide.
func stamps(calls []shown, ordered bool) []string {
	digits := 3
	for ; digits < 9; digits += 3 {
		if distinct(calls, digits) {
			break
		}
	}
	out := make([]string, len(calls))
	wide := 0
	for i, c := range calls {
		if out[i] = fmt.Sprintf("%.*fs", digits, c.Invoke.Time.Seconds()); ordered {
			out[i] = position(c.Invoke.Time)
		}
		wide = max(wide, len(out[i]))
	}
	for i := range out {
		out[i] = padLeft(out[i], wide)
	}
	return out
}

// distinct reports whether no two different times look the same.
func distinct(calls []shown, digits int) bool {
	seen := map[string]time.Duration{}
	for _, c := range calls {
		s := fmt.Sprintf("%.*f", digits, c.Invoke.Time.Seconds())
		if t, ok := seen[s]; ok && t != c.Invoke.Time {
			return false
		}
		seen[s] = c.Invoke.Time
	}
	return true
}
