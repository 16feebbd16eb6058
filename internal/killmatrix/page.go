package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/internal/words"
)

const page = "docs/reference/bugs.md"

// The lines of the page between which the tables are.
const (
	begins = "<!-- made by: make killmatrix -->\n"
	ends   = "<!-- end of the kill matrix -->\n"
)

// A matrix is all that was measured.
type matrix struct {
	cells  *notebook
	shrunk []shrunk
}

func readMatrix(dir string) (m matrix, err error) {
	if m.cells, err = openNotebook(dir); err != nil {
		return m, err
	}
	m.shrunk, err = readLines[shrunk](filepath.Join(dir, shrunkFile))
	return m, err
}

// writePage writes the tables into the page.
func writePage(dir, path string) error {
	m, err := readMatrix(dir)
	if err != nil {
		return err
	}
	before, _, after, err := readPage(path)
	if err != nil {
		return err
	}
	return writeFile(path, []byte(before+m.markdown()+after))
}

// readPage returns what comes before the tables of the page, the tables, and what comes after them.
func readPage(path string) (before, inside, after string, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", "", "", fmt.Errorf("read the page: %w", err)
	}
	before, rest, ok := strings.Cut(string(data), begins)
	if !ok {
		return "", "", "", fmt.Errorf("%s has no line %q", path, strings.TrimSpace(begins))
	}
	inside, after, ok = strings.Cut(rest, ends)
	if !ok {
		return "", "", "", fmt.Errorf("%s has no line %q", path, strings.TrimSpace(ends))
	}
	return before + begins, inside, ends + after, nil
}

// markdown returns the tables.
func (m matrix) markdown() string {
	var b bytes.Buffer
	m.summary(&b)
	m.twins(&b)
	system := ""
	for _, x := range everything() {
		if !x.planted() {
			continue
		}
		if x.System != system {
			system = x.System
			fmt.Fprintf(&b, "\n### Bugs of %s\n\n", system)
			b.WriteString("| bug | what it does | precedent | faults | seeds to find | found | processor time | under all presets | smallest failure | command |\n|---|---|---|---|---|---|---|---|---|---|\n")
		}
		m.row(&b, x)
	}
	checkers(&b)
	return b.String()
}

// checkers writes which planted defect made each checker fire.
func checkers(b *bytes.Buffer) {
	b.WriteString("\n### What made each checker fire\n\nA checker that never found anything proves nothing. Each of these was made to fire by a planted defect: `go test -run TestCheckersFire ./internal/killmatrix`.\n" +
		"[flawed](../../internal/killmatrix/flawed/flawed.go) is a store for this purpose; where its twin without the mistake can be run, the checker is silent there.\n\n| checker | planted defect |\n|---|---|\n")
	list := firings()
	slices.SortFunc(list, func(a, b firing) int { return strings.Compare(a.Checker, b.Checker) })
	for _, f := range list {
		fmt.Fprintf(b, "| %s | %s |\n", f.Checker, f.Defect)
	}
}

// row writes the line of a bug.
func (m matrix) row(b *bytes.Buffer, x bug) {
	best := m.cells.of(x, x.Searches[0])
	median, _, seeds := best.toFind()
	time, presets, small := "–", "–", "–"
	if best.Seeds > 0 && !math.IsInf(median, 1) {
		time = seconds(best.perSeed() * median)
	}
	if p, ok := x.portfolio(); ok {
		if c := m.cells.of(x, p); c.Seeds > 0 {
			_, _, presets = c.toFind()
			presets += fmt.Sprintf("; %d of %d", c.Found, c.Seeds)
		}
	}
	if s, ok := shrunkOf(m.shrunk, x, best); ok {
		small = s.text()
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | `%s` |\n", x.Name, x.Does, orDash(x.Precedent), best.Search, seeds, best.counts(), time, presets, small,
		x.Searches[0].Command(max(1, best.First)))
}

// portfolio returns the search of a bug under all presets.
func (b bug) portfolio() (search, bool) {
	for _, t := range slices.Backward(b.Searches) {
		if t.Portfolio {
			return t, true
		}
	}
	return search{}, false
}

// perSeed returns how many seconds of processor time a seed takes.
func (c cell) perSeed() float64 { return c.CPU.Seconds() / float64(max(1, c.Seeds)) }

// counts says how many seeds of how many found a bug, and the first of them.
func (c cell) counts() string {
	switch {
	case c.Seeds == 0:
		return "–"
	case c.Found == 0:
		return fmt.Sprintf("0 of %d", c.Seeds)
	}
	return fmt.Sprintf("%d of %d, first %d", c.Found, c.Seeds, c.First)
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// seconds formats a time with two digits.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d < 100*time.Millisecond:
		return d.Round(time.Millisecond).String()
	case d < time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// text says how small a failure got.
func (s shrunk) text() string {
	if s.Failed != "" {
		return "does not repeat from its parts"
	}
	return fmt.Sprintf("%v (of %v), in %d runs and %s", s.After, s.Before, s.Runs, seconds(s.CPU.Seconds()))
}

// summary writes how many bugs are found within how many seeds, and how small their failures are.
func (m matrix) summary(b *bytes.Buffer) {
	counts := make([]int, len(tiers))
	var beyond []string
	n, found, measured := 0, 0, 0
	for _, x := range everything() {
		if !x.planted() {
			continue
		}
		n++
		c := m.cells.of(x, x.Searches[0])
		median, _, seeds := c.toFind()
		if c.Seeds > 0 {
			measured++
		}
		if c.Found > 0 {
			found++
		}
		for i, most := range tiers {
			if median <= most {
				counts[i]++
				if i >= 3 {
					beyond = append(beyond, fmt.Sprintf("%s (%s seeds)", x.id(), seeds))
				}
				break
			}
		}
	}
	fmt.Fprintf(b, "%d bugs are planted, %d were measured, and %d of these were found. By the median of the seeds that find them: %d within 10, %d within 100, %d within 1,000, %d within 10,000, %d beyond.\n",
		n, measured, found, counts[0], counts[1], counts[2], counts[3], counts[4])
	if len(beyond) > 0 {
		fmt.Fprintf(b, "Those beyond 1,000: %s.\n", strings.Join(beyond, ", "))
	}
	m.sizes(b)
}

// sizes writes the medians of the smallest failures.
func (m matrix) sizes(b *bytes.Buffer) {
	var faults, calls, nodes, runs []int
	failed, most := 0, time.Duration(0)
	for _, x := range all() {
		s, ok := shrunkOf(m.shrunk, x, m.cells.of(x, x.Searches[0]))
		switch {
		case !ok:
			continue
		case s.Failed != "":
			failed++
			continue
		}
		faults, calls, nodes, runs = append(faults, s.After.Faults), append(calls, s.After.Operations), append(nodes, s.After.Nodes), append(runs, s.Runs)
		most = max(most, s.CPU)
	}
	if len(faults) == 0 {
		return
	}
	fmt.Fprintf(b, "\nThe first failure of %d bugs was minimised: the median has %s, %s and %s, after %s; the longest search took %s of processor time. %d failures could not be minimised.\n",
		len(faults), words.Plural(middle(faults), "fault"), words.Plural(middle(calls), "call"), words.Plural(middle(nodes), "node"), words.Plural(middle(runs), "run"), seconds(most.Seconds()), failed)
	m.cycles(b)
}

// cycles writes how many transactions show a bug of a database, once its failure is small.
func (m matrix) cycles(b *bytes.Buffer) {
	var shown []int
	for _, x := range all() {
		s, ok := shrunkOf(m.shrunk, x, m.cells.of(x, x.Searches[0]))
		if sys, err := systems.Find(x.System); err == nil && sys.Workload == "append" && ok && s.Shown > 0 {
			shown = append(shown, s.Shown)
		}
	}
	if len(shown) > 0 {
		fmt.Fprintf(b, "The counterexamples of %d bugs of databases have %s in the median, and %d at most.\n",
			len(shown), words.Plural(middle(shown), "transaction"), slices.Max(shown))
	}
}

// middle returns the median of numbers.
func middle(list []int) int {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// twins writes the verdicts of systems without a bug.
func (m matrix) twins(b *bytes.Buffer) {
	b.WriteString("\n| without a bug | seeds | kinds of faults | invalid | unknown | processor time | seeds for its rarest bug |\n|---|---|---|---|---|---|---|\n")
	for _, x := range all() {
		if x.planted() {
			continue
		}
		var sum cell
		for _, t := range x.Searches {
			c := m.cells.of(x, t)
			sum.Seeds, sum.Found, sum.Unknown, sum.CPU = sum.Seeds+c.Seeds, sum.Found+c.Found, sum.Unknown+c.Unknown, sum.CPU+c.CPU
		}
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %s | %s |\n", x.System, sum.Seeds, len(x.Searches), sum.Found, sum.Unknown, seconds(sum.CPU.Seconds()), m.rarest(x.System))
	}
}

// rarest returns the seeds that the rarest bug of a system takes under the faults that find it best, and its name.
func (m matrix) rarest(system string) string {
	most, name := 0.0, "–"
	for _, x := range all() {
		if c := m.cells.of(x, x.Searches[0]); x.System == system && x.planted() && c.Seeds > 0 {
			if median, _, text := c.toFind(); median > most {
				most, name = median, x.Name+": "+text
			}
		}
	}
	return name
}
