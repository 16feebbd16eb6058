package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report/internal/wholerun"
)

const maxNodes = 40 // rows of a picture

// Picture writes a picture of the whole run for a terminal: the faults as bars, and below
// them for each node its rate of calls, and where some were not ok,
// on one axis of time. No line is wider than the style's width.
func Picture(w io.Writer, run Run, s Style) error {
	if _, err := io.WriteString(w, overviewText(run, s)); err != nil {
		return fmt.Errorf("write picture of the run: %w", err)
	}
	return nil
}

// overviewText formats the picture with its headline above and the checks below.
func overviewText(run Run, s Style) string {
	var b strings.Builder
	b.WriteString(strings.Join(wrapParts(headline(run), s.width()), "\n") + "\n")
	b.WriteByte('\n')
	for _, line := range overview(run, s) {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if checks := checkLines(run, s); len(checks) > 0 {
		b.WriteString("\n" + strings.Join(checks, "\n") + "\n")
	}
	return b.String()
}

// headline returns what was run, in parts.
func headline(run Run) []string {
	parts := []string{subject(run)}
	if run.Bug != "" {
		parts = append(parts, "bug "+clean(run.Bug, 60))
	}
	if run.Nemesis != "" {
		parts = append(parts, "nemesis "+clean(run.Nemesis, 120))
	}
	if s := size(run); s != "" {
		parts = append(parts, s)
	}
	if !run.Recorded {
		parts = append(parts, fmt.Sprint("seed ", run.Seed))
	}
	return append(parts, simulated(run)...)
}

// size returns the numbers of nodes and clients.
func size(run Run) string {
	var parts []string
	if run.Nodes > 0 {
		parts = append(parts, plural(run.Nodes, "node"))
	}
	if run.Clients > 0 {
		parts = append(parts, plural(run.Clients, "client"))
	}
	return strings.Join(parts, ", ")
}

// simulated returns how long the run was and how long it took, as far as that is known.
func simulated(run Run) []string {
	switch {
	case run.Recorded && run.end() == 0:
		return nil
	case run.Ordered:
		return []string{plural(int(run.end())+1, "op") + " recorded without times"}
	case run.Recorded && !run.Start.IsZero():
		return []string{"recorded " + run.Start.UTC().Format("2006-01-02 15:04:05 UTC"), short(run.end())}
	case run.Recorded:
		return []string{short(run.end()) + " recorded"}
	}
	s := short(run.end()) + " simulated"
	if run.Wall > 0 {
		s += " in " + short(run.Wall)
	}
	return []string{s}
}

// overview draws faults, nodes and the axis.
func overview(run Run, s Style) []string {
	const rest = 34 // columns of the numbers at the right
	end := run.end()
	name := len("faults")
	names := byNode(run.history(), end, 1)
	for _, n := range names {
		name = max(name, runes(nodeName(n.Name)))
	}
	field := max(s.width()-name-2-rest, 12)
	nodes := byNode(run.history(), end, field)
	lines := faultRows(run, s, name, field)
	if len(nodes) == 0 {
		return append(lines, "no calls")
	}
	high := 0
	for _, n := range nodes {
		high = max(high, n.highest())
	}
	lines = append(lines, strings.Repeat(" ", name+2+field)+s.paint(faint, "     ok   info   fail    p50    p99"[1:]))
	for i, n := range nodes {
		if i == maxNodes {
			lines = append(lines, fmt.Sprintf("… and %s", plural(len(nodes)-i, "more node")))
			break
		}
		lines = append(lines, nodeRows(run, n, name, high, s)...)
	}
	lines = append(lines, axisRow(run, name, field, s))
	if len(nodes) > 1 {
		all := new(tally)
		for c := range run.history().Calls() {
			all.add(c)
		}
		lines = append(lines, pad("all", name+2+field)+numbers(run, all, s))
	}
	rate := perSecond(float64(high) * float64(field) / max(end.Seconds(), 1e-9))
	if run.Ordered {
		rate = "most calls"
	}
	return append(lines, s.paint(faint, cut(fmt.Sprintf("█ %s   ▲ info: may have happened   ✕ fail: did not happen", rate), s.width())))
}

// perSecond formats a rate.
func perSecond(rate float64) string {
	if math.IsInf(rate, 0) || math.IsNaN(rate) || rate >= 1e9 {
		return "most calls"
	}
	if rate >= 1000 {
		return count(int(rate)) + " calls/s"
	}
	return fmt.Sprintf("%.3g calls/s", rate)
}

func nodeName(n string) string {
	if n == "" {
		return "calls"
	}
	return clean(n, 12)
}

// faultRows draws the faults, beside each other as far as they fit.
func faultRows(run Run, s Style, name, field int) []string {
	all := during(faultsOf(run.history(), run.end()), 0, run.end())
	if len(all) == 0 {
		return nil
	}
	if len(all) > manyBands {
		return mergedFaultRows(all, run.end(), s, name, field)
	}
	rows, left := packFaults(all, run.end(), field)
	var lines []string
	for i, row := range rows {
		title := ""
		if i == 0 {
			title = "faults"
		}
		lines = append(lines, pad(title, name)+"  "+s.paint(purple, row.String()))
	}
	if left > 0 {
		lines = append(lines, pad("", name)+"  "+s.paint(purple, fmt.Sprintf("… and %s", plural(left, "more fault"))))
	}
	return lines
}

// mergedFaultRows draws when any of many faults was active, and names the commonest.
func mergedFaultRows(all []activeFault, end time.Duration, s Style, name, field int) []string {
	row := newTextLine(field)
	for _, f := range all {
		for i := part(f.From, end, field); i <= part(f.To, end, field); i++ {
			row[i] = '━'
		}
	}
	margin := pad("", name) + "  "
	lines := []string{pad("faults", name) + "  " + s.paint(purple, row.String())}
	for _, line := range wrap(commonest(all), s.width()-runes(margin)) {
		lines = append(lines, margin+s.paint(purple, line))
	}
	return lines
}

// packFaults puts each fault into the first row that has room for its bar and
// its name, and counts those without room.
func packFaults(all []activeFault, end time.Duration, field int) (rows []textLine, left int) {
	whole := scale{times: []time.Duration{0, max(end, 1)}, at: []float64{0, 1}}
	var free []int
	for _, f := range all {
		probe := newTextLine(field)
		probe.fault(whole, f, 0, end)
		from, to := extent(probe)
		at := 0
		for at < len(rows) && free[at] > from {
			at++
		}
		if at == maxFaultRows {
			left++
			continue
		}
		if at == len(rows) {
			rows, free = append(rows, newTextLine(field)), append(free, 0)
		}
		copy(rows[at][from:to], probe[from:to])
		free[at] = to + 1
	}
	return rows, left
}

// extent returns where the drawn part of a line begins and ends.
func extent(c textLine) (from, to int) {
	from, to = 0, len(c)
	for from < to && c[from] == ' ' {
		from++
	}
	for to > from && c[to-1] == ' ' {
		to--
	}
	return from, to
}

// nodeRows draws the calls of one node: how many were ok, and in a second line
// where some were not, if there are any.
func nodeRows(run Run, n *nodeStats, name, high int, s Style) []string {
	bars, marks := make([]rune, len(n.series)), make([]rune, len(n.series))
	bad := false
	for i, x := range n.series {
		bars[i] = level(x[ok], high)
		marks[i] = ' '
		switch {
		case x[info] > 0 && x[info] >= x[fail]:
			marks[i], bad = '▲', true
		case x[fail] > 0:
			marks[i], bad = '✕', true
		}
	}
	lines := []string{pad(nodeName(n.Name), name) + "  " + s.paint(blue, string(bars)) + numbers(run, &n.tally, s)}
	if bad {
		lines = append(lines, pad("", name)+"  "+s.paint(yellow, string(marks)))
	}
	return lines
}

// level returns a block as high as n is to high.
func level(n, high int) rune {
	if n <= 0 || high <= 0 {
		return '·'
	}
	blocks := []rune("▁▂▃▄▅▆▇█")
	return blocks[min((n*len(blocks)-1)/high, len(blocks)-1)]
}

// numbers formats counts and latencies in five columns.
func numbers(run Run, t *tally, s Style) string {
	cells := []string{compact(t.n[ok]), compact(t.n[info]), compact(t.n[fail]), "–", "–"}
	if len(t.latency) > 0 && !run.Ordered {
		cells[3], cells[4] = brief(t.quantile(0.5)), brief(t.quantile(0.99))
	}
	var b strings.Builder
	for i, c := range cells {
		c = padLeft(c, 7)
		switch {
		case i == info && t.n[info] > 0, i == fail && t.n[fail] > 0:
			c = s.paint(yellow, c)
		}
		b.WriteString(c)
	}
	return b.String()[1:]
}

// compact formats a number in at most six columns.
func compact(n int) string {
	switch {
	case n < 100_000:
		return fmt.Sprint(n)
	case n < 10_000_000:
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprintf("%dM", n/1_000_000)
}

// brief formats a duration with two significant digits.
func brief(d time.Duration) string {
	switch {
	case d >= 10*time.Hour:
		return fmt.Sprintf("%.0fh", d.Hours())
	case d >= time.Hour:
		return fmt.Sprintf("%.1fh", d.Hours())
	case d >= 10*time.Minute:
		return fmt.Sprintf("%.0fm", d.Minutes())
	case d >= time.Minute:
		return fmt.Sprintf("%.1fm", d.Minutes())
	}
	if d >= 100 {
		digits := int(math.Log10(float64(d))) - 1
		d = d.Round(time.Duration(math.Pow10(digits)))
	}
	return short(d)
}

// axisRow labels the axis of time.
func axisRow(run Run, name, field int, s Style) string {
	end := run.end()
	row := newTextLine(field)
	next := 0
	for _, t := range ticks(end, max(field/10, 1)) {
		label := run.at(t)
		at := int(float64(t) / float64(max(end, 1)) * float64(field-1))
		at = min(at, field-runes(label))
		if at >= next {
			row.put(at, label)
			next = at + runes(label) + 2
		}
	}
	return pad("", name) + "  " + s.paint(faint, row.String())
}

// checkLines lists the checks with their verdicts.
func checkLines(run Run, s Style) []string {
	var lines []string
	checks := flatten(run.Checks)
	wide := 0
	for _, c := range checks {
		wide = max(wide, runes(clean(c.Checker, 30)))
	}
	for _, c := range checks {
		sign := s.paint(verdictInk(c.Verdict), verdictSign(c.Verdict))
		for i, part := range wrap(clean(c.Reason, 400), max(s.width()-wide-4, 20)) {
			if i == 0 {
				lines = append(lines, sign+" "+pad(clean(c.Checker, 30), wide)+"  "+part)
				continue
			}
			lines = append(lines, strings.Repeat(" ", wide+4)+part)
		}
		if strings.TrimSpace(c.Reason) == "" {
			lines = append(lines, sign+" "+clean(c.Checker, 30))
		}
	}
	if len(lines) == 0 && run.Verdict != checker.Valid {
		lines = append(lines, s.paint(verdictInk(run.Verdict), verdictSign(run.Verdict)+" "+run.Verdict.String()))
	}
	return lines
}

// commonest names the commonest of many faults.
func commonest(all []activeFault) string {
	n := map[string]int{}
	for _, f := range all {
		n[f.Name]++
	}
	return wholerun.Commonest(len(all), n)
}
