package report

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/report/internal/wording"
)

const maxLineText = 12_000 // runes of a line of the history on the page: a value of 10,000 is whole

// A lineView is a call as it stands in history.jsonl, with a way back to its bar.
type lineView struct {
	Line           int // of the invocation
	End            int // of the completion; 0 if there is none
	Process, Label string
	When, Outcome  string
	Mine, Blamed   bool
	Parts          []labelPart   // the label, with the part marked that the reason names
	Text           [][]labelPart // both lines as they are in the file, of a call of the counterexample
}

// A labelPart is a piece of a label.
type labelPart struct {
	Text  string
	Wrong bool
}

// linesOf lists the calls that are drawn, in the order of the history.
func linesOf(run Run, why *checker.Counterexample, around *aroundView) (all []lineView, note string) {
	for _, c := range around.mine {
		l := lineViewOf(run, c.Call, c.Label)
		l.Mine, l.Blamed = true, c.Blamed
		if c.Blamed {
			l.Parts = markWrong(l.Label, " → ", why.Reason)
		}
		for _, text := range jsonLines(c.Call) {
			parts := []labelPart{{Text: text}}
			if c.Blamed && strings.Contains(text, jsonOutput) {
				parts = markWrong(text, jsonOutput, why.Reason)
			}
			l.Text = append(l.Text, parts)
		}
		all = append(all, l)
	}
	for _, c := range around.calls {
		all = append(all, lineViewOf(run, c, label(c, why.Key)))
	}
	sorting.Stable(all, func(a, b lineView) int { return cmp.Compare(a.Line, b.Line) })
	return all, fmt.Sprintf("%s of %s lines", plural(len(all), "call"), count(run.history().Len()))
}

func lineViewOf(run Run, c history.Call, text string) lineView {
	l := lineView{Line: lineOf(c.Invoke), Process: processName(c.Invoke), Label: text, When: precise(run, c.Invoke.Time), Outcome: outcomeNames[outcome(c)]}
	l.Parts = []labelPart{{Text: text}}
	if !c.Open() {
		l.End = lineOf(c.Complete)
		if !run.Ordered {
			l.Outcome += " after " + short(took(c))
		}
	} else {
		l.Outcome = "never returned"
	}
	if c.Complete.Err != "" {
		l.Outcome += ": " + clean(c.Complete.Err, 120)
	}
	return l
}

// jsonOutput is what comes before the answer in a line of history.jsonl.
const jsonOutput = `"output":`

// jsonLines returns the lines of a call in history.jsonl.
func jsonLines(c history.Call) (lines []string) {
	ops := []history.Op{c.Invoke}
	if !c.Open() {
		ops = append(ops, c.Complete)
	}
	for _, op := range ops {
		if line, err := history.AppendJSON(nil, op); err == nil {
			lines = append(lines, wording.Ends(clean(string(line), len(line)+1), maxLineText))
		}
	}
	return lines
}

// named finds numbers and quoted texts in a sentence, with the word before them.
var named = regexp.MustCompile(`([\pL]*)\s*("(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?)(\pL*)`)

// markWrong marks the parts of a text, from its answer on, that the reason of the verdict names: values, and neither
// processes nor durations.
func markWrong(text, answer, reason string) []labelPart {
	var values []string
	for _, m := range named.FindAllStringSubmatch(reason, -1) {
		if other := []string{"process", "key", "line", "op", "after", "of", "within"}; m[3] == "" && !slices.Contains(other, m[1]) {
			values = append(values, m[2])
		}
	}
	begin := 0
	if i := strings.Index(text, answer); i >= 0 {
		begin = i + len(answer)
	}
	parts := []labelPart{{Text: text[:begin]}}
	for rest := text[begin:]; rest != ""; {
		at, value := firstValue(rest, values)
		if at < 0 {
			parts = append(parts, labelPart{Text: rest})
			break
		}
		parts = append(parts, labelPart{Text: rest[:at]}, labelPart{value, true})
		rest = rest[at+len(value):]
	}
	return slices.DeleteFunc(parts, func(p labelPart) bool { return p.Text == "" })
}

// firstValue finds the first of values that stands alone in a text: it is no part of a longer word or number.
func firstValue(text string, values []string) (at int, value string) {
	at = -1
	alone := func(i int) bool {
		return i < 0 || i >= len(text) || strings.IndexByte("[](){},:; \t", text[i]) >= 0 || text[i] >= 0x80
	}
	for _, v := range values {
		for from := 0; ; {
			i := strings.Index(text[from:], v)
			if i < 0 {
				break
			}
			i += from
			if alone(i-1) && alone(i+len(v)) {
				if at < 0 || i < at {
					at, value = i, v
				}
				break
			}
			from = i + 1
		}
	}
	return at, value
}
