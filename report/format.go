package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// The report uses the words of package wording.
var (
	short, count, plural, enumerated  = wording.Short, wording.Count, wording.Plural, wording.Enumerated
	clean, cut, label, plain          = wording.Clean, wording.Cut, wording.Label, wording.Plain
	withoutWord, textWidth, fit, wrap = wording.WithoutWord, wording.Width, wording.Fit, words.Wrap
)

// anyLength is the limit of clean for text that is wrapped, not cut.
const anyLength = 4000

// sentence is the limit of clean for what should be one sentence.
const sentence = 800

// subject names what was tested: "register on raftkv".
func subject(r Run) string {
	s := clean(r.Workload, 80)
	if sys := clean(r.System, 80); sys != "" && s != "" {
		s += " on " + sys
	} else if sys != "" {
		s = sys
	}
	if s == "" {
		s = clean(r.Title, 80)
	}
	if s == "" {
		s = "run"
	}
	if r.Shrunk.Seed != 0 {
		s += fmt.Sprintf(", a small run made from seed %d", r.Shrunk.Seed)
	}
	return s
}

// verdictWords joins the headlines of the checks that decide the verdict: "not linearizable; and
// n2 panicked". Those that could not be judged are joined to one.
func verdictWords(r Run) string {
	if r.Verdict == checker.Valid {
		return "valid"
	}
	var words, open []string
	for _, c := range flatten(r.Checks) {
		if c.Verdict != r.Verdict {
			continue
		}
		text := clean(c.Headline(), 80)
		list := &words
		if what, ok := strings.CutSuffix(text, couldNotBeJudged); ok && c.Verdict == checker.Unknown {
			text, list = what, &open
		}
		if text != "" && !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	if len(open) > 0 {
		words = append(words, enumerated(open)+couldNotBeJudged)
	}
	switch {
	case len(words) == 0:
		return r.Verdict.String()
	case r.Verdict == checker.Unknown:
		return "unknown: " + strings.Join(words, "; ")
	case len(words) == 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], "; ") + "; and " + words[len(words)-1]
}

// couldNotBeJudged ends the headline of an unknown result that has no headline of its own.
const couldNotBeJudged = " could not be judged"

// verdictLine is verdictWords, with a note if the verdict was expected.
func verdictLine(r Run) string {
	words := verdictWords(r)
	if r.Verdict != checker.Valid && r.Verdict == r.Expect {
		words += " (expected)"
	}
	return words
}

// reason returns the sentence that explains the verdict, or "".
func reason(r Run) string {
	c, ok := r.decisive()
	if !ok {
		return clean(r.Stopped, sentence)
	}
	why := whyOf(c)
	if why == nil || why.Reason == "" || c.Verdict == checker.Valid {
		return clean(c.Reason, sentence)
	}
	s := clean(why.Reason, sentence)
	if key := clean(why.Key, 40); key != "" && !mentions(s, key) {
		s = key + ": " + s
	}
	return s
}

// mentions reports whether word is one of the words of s.
func mentions(s, word string) bool {
	return slices.Contains(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",.;:()[]", r)
	}), word)
}

// processName names a client and the node that it is bound to.
func processName(o history.Op) string {
	s := fmt.Sprint("process ", o.Process)
	if o.Node != "" {
		s += " " + clean(o.Node, 12)
	}
	return s
}
