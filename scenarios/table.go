package scenarios

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
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

// Table writes the rows for a terminal.
func (s Scenario) Table(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	cells := s.titles(rows)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(cells, "\t")))
	last := ""
	for _, r := range rows {
		cells := s.cells(r, rows)
		if r.Variant == last {
			cells[0] = ""
		}
		last = r.Variant
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
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
	for _, r := range rows {
		switch n := r.Metrics[metric]; {
		case r.Fixed && n > 0:
			return fmt.Errorf("%s: %s is %.0f and must be 0", r.Variant, metric, n)
		case !r.Fixed && n == 0:
			return fmt.Errorf("%s: %s is 0, so nothing was shown", r.Variant, metric)
		}
	}
	return nil
}
