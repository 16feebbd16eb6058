package txnfile

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/history"
)

// An Assumption is what a lenient reader assumed of the contradictions of one kind.
type Assumption struct {
	Count int // how often
	Line  int // the first line that has it, from 1

	text flawText
}

// A flawText says what a lenient reader assumes of one contradiction and of several.
type flawText struct{ one, more string }

// flawTexts say what a lenient reader assumes of transactions, which is not in all cases what one of other objects does.
var flawTexts = map[history.Flaw]flawText{
	history.StrayCompletion: {"completion without an invocation was taken for a transaction that may have begun at any time before",
		"completions without an invocation were taken for transactions that may have begun at any time before"},
	history.OpenTwice: {"transaction began while its process had another pending: it was taken for one of another process",
		"transactions began while their process had another pending: each was taken for one of another process"},
	history.AfterInfo: {"transaction began after an indeterminate one of its process: it was taken for one of another process",
		"transactions began after an indeterminate one of their process: each was taken for one of another process"},
	history.WrongAnswer: {"completion did not fit its invocation: the transaction was taken for an indeterminate one",
		"completions did not fit their invocations: these transactions were taken for indeterminate ones"},
	history.OutOfOrder: {"time contradicts the order of the lines: nothing that needs real time is judged",
		"times contradict the order of the lines: nothing that needs real time is judged"},
}

// String says what was assumed, how often, and where first.
func (a Assumption) String() string {
	if a.Count == 1 {
		return fmt.Sprintf("1 %s (line %d)", a.text.one, a.Line)
	}
	return fmt.Sprintf("%d %s (the first in line %d)", a.Count, a.text.more, a.Line)
}

// Assumptions is what a lenient reader assumed, by kind, in the order in which the kinds were met.
type Assumptions []Assumption

// String returns all of them as one sentence, without its end.
func (a Assumptions) String() string {
	var parts []string
	for _, one := range a {
		parts = append(parts, one.String())
	}
	return strings.Join(parts, "; ")
}

// add counts one more.
func (a *Assumptions) add(text flawText, line int) {
	for i := range *a {
		if (*a)[i].text == text {
			(*a)[i].Count++
			return
		}
	}
	*a = append(*a, Assumption{Count: 1, Line: line, text: text})
}
