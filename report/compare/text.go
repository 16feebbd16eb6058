package compare

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/report"
)

// Limits of what is shown.
const (
	maxSteps = 12
	maxCalls = 20
	maxLine  = 300 // of a line of a history
)

// Text writes the comparison for a terminal of that number of columns, at least 60. No line is longer.
func (c Comparison) Text(w io.Writer, width int) error {
	width = max(width, 60)
	p := printer{width: width}
	p.pair("", c.A.Name+"  ("+c.A.headline()+")", c.B.Name+"  ("+c.B.headline()+")")
	p.params(c)
	p.plan(c)
	p.histories(c)
	p.counterexamples(c)
	if _, err := io.WriteString(w, p.String()); err != nil {
		return fmt.Errorf("write comparison: %w", err)
	}
	return nil
}

// A printer writes lines that are not wider than its width.
type printer struct {
	strings.Builder
	width int
}

// head writes a heading, with a note behind it.
func (p *printer) head(text, note string) {
	if note != "" {
		text += ": " + note
	}
	p.WriteString("\n")
	for _, line := range broken(text, p.width) {
		p.WriteString(line + "\n")
	}
}

// pair writes what the two sides have, one below the other.
func (p *printer) pair(indent, a, b string) {
	for _, side := range []struct{ name, text string }{{"A  ", a}, {"B  ", b}} {
		prefix := indent + side.name
		for _, line := range broken(side.text, p.width-len(prefix)) {
			p.WriteString(strings.TrimRight(prefix+line, " ") + "\n")
			prefix = strings.Repeat(" ", len(prefix))
		}
	}
}

func (p *printer) params(c Comparison) {
	if len(c.Params)+c.SameParams == 0 {
		return
	}
	if len(c.Params) == 0 {
		p.head("Parameters", fmt.Sprintf("the same, all %d", c.SameParams))
		return
	}
	p.head("Parameters", differing(len(c.Params), len(c.Params)+c.SameParams, ""))
	for _, x := range c.Params {
		p.WriteString("  " + report.Clean(x.Name, 40) + "\n")
		p.pair("    ", orNone(x.A), orNone(x.B))
	}
}

func (p *printer) plan(c Comparison) {
	switch n := len(c.Steps) + c.SameSteps; {
	case n == 0:
		return
	case len(c.Steps) == 0:
		p.head("Plan", "the same, "+words.Plural(n, "step"))
		return
	default:
		p.head("Plan", differing(len(c.Steps), n, " steps"))
	}
	for i, s := range c.Steps {
		if i == maxSteps {
			fmt.Fprintf(p, "  … and %d more\n", len(c.Steps)-i)
			break
		}
		fmt.Fprintf(p, "  step %d\n", s.ID)
		p.pair("    ", orNone(s.A), orNone(s.B))
	}
}

func (p *printer) histories(c Comparison) {
	p.head("Histories", c.histories())
	if c.First.Line > 0 && len(c.A.Lines) > 0 && len(c.B.Lines) > 0 {
		p.pair("  ", c.First.First, c.First.Second)
	}
}

// histories says where the histories differ.
func (c Comparison) histories() string {
	switch a, b := len(c.A.Lines), len(c.B.Lines); {
	case a+b == 0:
		return "there are none to compare"
	case a == 0:
		return "A has none"
	case b == 0:
		return "B has none"
	case c.First.Line == 0:
		return "the same, byte for byte"
	case c.First.Line == 1:
		return "they differ from the first line on"
	default:
		return fmt.Sprintf("the same up to line %d, and line %d is the first that differs", c.First.Line-1, c.First.Line)
	}
}

// counterexamples writes both side by side.
func (p *printer) counterexamples(c Comparison) {
	if len(c.A.Result.Counterexample)+len(c.B.Result.Counterexample) == 0 && c.A.Note+c.B.Note == "" {
		return
	}
	p.head("Counterexamples", "")
	half := (p.width - 3) / 2
	a, b := column("A", c.A, half), column("B", c.B, half)
	for i := range max(len(a), len(b)) {
		left, right := "", ""
		if i < len(a) {
			left = a[i]
		}
		if i < len(b) {
			right = b[i]
		}
		p.WriteString(strings.TrimRight(pad(left, half)+" │ "+right, " ") + "\n")
	}
	p.head("! these calls contradict each other; the others show where values came from", "")
}

// column returns the counterexample of a side in lines of at most width runes.
func column(name string, s Side, width int) (lines []string) {
	lines = broken(name+"  "+s.headline(), width)
	if s.Note != "" {
		lines = append(lines, broken(s.Note, width)...)
	}
	lines = append(lines, broken(s.Result.Reason, width)...)
	calls := s.shownCalls()
	if len(calls) == 0 {
		return append(lines, "(no counterexample)")
	}
	for i, c := range calls {
		if i == maxCalls {
			lines = append(lines, fmt.Sprintf("… and %d more calls", len(calls)-i))
			break
		}
		who := pad(c.Sign, 1) + " " + c.At + "  " + c.Process + "  "
		if room := width - runes(who); room >= 16 {
			lines = append(lines, who+middle(c.Call, room))
			continue
		}
		lines = append(lines, middle(who, width), "    "+middle(c.Call, width-4))
	}
	return lines
}

func orNone(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

func itoa(n int) string { return strconv.Itoa(n) }

func runes(s string) int { return len([]rune(s)) }

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-runes(s))) }

// middle shortens text to n runes, and keeps both of its ends.
func middle(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	n = max(n, 3)
	return string(r[:(n-1)/2]) + "…" + string(r[len(r)-(n-1+1)/2:])
}

// broken breaks a text of users into lines of at most width runes.
func broken(text string, width int) []string { return words.Wrap(report.Clean(text, 4*maxLine), width) }

// differing says how many of all things differ: "1 of 13 differs", "2 of 3 steps differ".
func differing(n, all int, things string) string {
	verb := "differ"
	if n == 1 {
		verb = "differs"
	}
	return fmt.Sprintf("%d of %d%s %s", n, all, things, verb)
}
