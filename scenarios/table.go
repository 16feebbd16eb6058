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

func percent(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }

func count(x float64) string { return fmt.Sprintf("%.0f", x) }

// span shows three digits at most.
func span(x float64) string {
	d := time.Duration(x)
	for unit := time.Nanosecond; ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
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
