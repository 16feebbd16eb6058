package report

import (
	"html/template"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// What other forms of a report show of a run, in the words of its page: the index of a folder, a comparison of
// two runs, the files for CI.

// Headline returns the verdict in a few words: "valid", or "not linearizable; and n2 panicked (expected)".
func (r Run) Headline() string { return verdictLine(r) }

// Reason returns the sentence that explains the verdict; it is empty if no check gave one.
func (r Run) Reason() string { return reason(r) }

// Counterexample returns that of the check that decides the verdict, or nil.
func (r Run) Counterexample() *checker.Counterexample { return r.why() }

// CallLabel describes a call by its input and output, as in "write 23" or "read → 23". It leaves out the key, if that is the given one.
func CallLabel(c history.Call, key string) string { return label(c, key) }

// Clean makes text of users safe for one line of any output: control characters become spaces, invalid UTF-8 is replaced, and
// text of more than n runes is cut.
func Clean(text string, n int) string { return clean(text, n) }

// Stylesheet returns the style of all pages, for the content of a style element.
func Stylesheet() template.CSS {
	css, err := styleSheet()
	if err != nil {
		panic(err) // it is embedded
	}
	return css
}
