package scenarios

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Column of a table shows one metric.
type Column struct {
	Title, Metric string
	Format        func(x float64) string
}

// Percent shows a share without decimals.
func Percent(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }

// Count shows a whole number.
func Count(x float64) string { return fmt.Sprintf("%.0f", x) }

// Span shows nanoseconds as a duration, with three digits at most.
func Span(x float64) string {
	d := time.Duration(x)
	for unit := time.Nanosecond; ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
}

// Fine shows a share with two decimals, and nothing but a zero as zero.
func Fine(x float64) string {
	if x == 0 {
		return "0 %"
	}
	return fmt.Sprintf("%.2f %%", 100*x)
}

// Ratio returns n / of, and 0 of nothing.
func Ratio(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// Table writes the rows for a terminal of that number of columns; 0 stands for any number. Columns that do not fit are stacked: they
// follow in a block of their own, which begins with the variants again. Of many rows, some at a time are written so.
func (s Scenario) Table(w io.Writer, rows []Row, width int) error {
	lines := [][]string{s.titles(rows)}
	for i, title := range lines[0] {
		lines[0][i] = strings.ToUpper(title)
	}
	for _, r := range rows {
		lines = append(lines, s.cells(r, rows))
	}
	keys := 1
	if hasFaults(rows) {
		keys = 2
	}
	var b strings.Builder
	switch {
	case width <= 0 || fits(lines, 2, width):
		layOut(&b, lines, 2)
	case fits(lines, 1, width):
		layOut(&b, lines, 1)
	default:
		for i, part := range parts(lines[1:]) {
			if i > 0 {
				b.WriteString("\n")
			}
			stack(&b, append([][]string{lines[0]}, part...), keys, width)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// mostRows is how many rows are stacked at once: about what a screen shows.
const mostRows = 24

// parts cuts rows into parts that are stacked one after the other. It keeps a variant together.
func parts(rows [][]string) (all [][][]string) {
	first := 0
	for i := range rows {
		if i-first >= mostRows && rows[i][0] != rows[i-1][0] {
			all, first = append(all, rows[first:i]), i
		}
	}
	return append(all, rows[first:])
}

// stack writes a table in blocks, each of as many columns as fit; all of them begin with the key columns.
func stack(b *strings.Builder, lines [][]string, keys, width int) {
	for from := keys; from < len(lines[0]); {
		to := from + 1
		for to < len(lines[0]) && fits(block(lines, keys, from, to+1), 2, width) {
			to++
		}
		if from > keys {
			b.WriteString("\n")
		}
		layOut(b, block(lines, keys, from, to), 2)
		from = to
	}
}

// block returns the key columns of a table and some others.
func block(lines [][]string, keys, from, to int) (part [][]string) {
	for _, cells := range lines {
		part = append(part, slices.Concat(cells[:keys], cells[from:to]))
	}
	return part
}

// fits reports whether a table, with that number of blanks between columns, has no line that is longer than width.
func fits(lines [][]string, gap, width int) bool {
	return len(lines) == 0 || total(columns(lines), gap) <= width
}

// columns returns how wide each column is, in runes.
func columns(lines [][]string) []int {
	wide := make([]int, len(lines[0]))
	for _, cells := range lines {
		for i, c := range cells {
			wide[i] = max(wide[i], utf8.RuneCountInString(c))
		}
	}
	return wide
}

func total(wide []int, gap int) (n int) {
	for _, w := range wide {
		n += w + gap
	}
	return n - gap
}

// layOut writes a table; a variant stands in the first of its rows only.
func layOut(b *strings.Builder, lines [][]string, gap int) {
	wide := columns(lines)
	last := ""
	for _, cells := range lines {
		line := ""
		for i, c := range cells {
			if i == 0 && c == last {
				c = ""
			}
			line += c + strings.Repeat(" ", max(0, wide[i]+gap-utf8.RuneCountInString(c)))
		}
		last = cells[0]
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// Markdown writes the rows for a page of docs.
func (s Scenario) Markdown(w io.Writer, rows []Row) error {
	titles := s.titles(rows)
	_, err := fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(titles, " | "), strings.Repeat("---|", len(titles)))
	for _, r := range rows {
		if err == nil {
			row := strings.ReplaceAll(strings.Join(s.cells(r, rows), "\t"), "|", `\|`)
			_, err = fmt.Fprintf(w, "| %s |\n", strings.ReplaceAll(row, "\t", " | "))
		}
	}
	return err
}

func (s Scenario) titles(rows []Row) []string {
	titles := []string{"variant"}
	if hasFaults(rows) {
		titles = append(titles, "fault")
	}
	titles = append(titles, "invalid", "seed")
	for _, c := range s.Columns {
		titles = append(titles, c.Title)
	}
	if hasClaims(rows) {
		titles = append(titles, "claims")
	}
	if hasLabels(rows) {
		titles = append(titles, "label", "strongest model")
	}
	return titles
}

func (s Scenario) cells(r Row, rows []Row) []string {
	cells := []string{r.Variant}
	if hasFaults(rows) {
		cells = append(cells, r.Fault)
	}
	invalid := fmt.Sprintf("%d/%d", r.Invalid, r.Seeds)
	if r.Unknown > 0 {
		invalid += fmt.Sprintf(" (%d?)", r.Unknown)
	}
	cells = append(cells, invalid, fmt.Sprint(r.Seed))
	for _, c := range s.Columns {
		cell := "–"
		if x, ok := r.Metrics[c.Metric]; ok {
			cell = c.Format(x)
		}
		cells = append(cells, cell)
	}
	if hasClaims(rows) {
		cells = append(cells, r.Claimed)
	}
	if hasLabels(rows) {
		cells = append(cells, r.Label, r.Model)
	}
	return cells
}

func hasFaults(rows []Row) bool {
	for _, r := range rows {
		if r.Fault != "" {
			return true
		}
	}
	return false
}

func hasClaims(rows []Row) bool {
	return slices.ContainsFunc(rows, func(r Row) bool { return r.Claimed != "" })
}

func hasLabels(rows []Row) bool {
	for _, r := range rows {
		if r.Label != "" {
			return true
		}
	}
	return false
}

// OnlyWrong returns an error if a row of a fixed variant has what it must not have, or one of the others has none of it.
func OnlyWrong(rows []Row, metric string) error {
	what := strings.ReplaceAll(metric, "_", " ")
	for _, r := range rows {
		switch n := r.Metrics[metric]; {
		case r.Fixed && n > 0:
			return fmt.Errorf("%s: expected no %s, and found %.0f in %s", r.Variant, what, n, seedsOf(r.Seeds))
		case !r.Fixed && n == 0:
			return fmt.Errorf("%s: expected %s, and found none in %s", r.Variant, what, seedsOf(r.Seeds))
		}
	}
	return nil
}

func seedsOf(n int) string {
	if n == 1 {
		return "1 seed"
	}
	return fmt.Sprint(n, " seeds")
}
