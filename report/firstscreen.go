package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report/internal/account"
	"github.com/capsize-go/capsize/report/internal/sequence"
)

const (
	longHeadline = 150 // runes, from which on a headline is cut and the whole sentence stands below it
	leastReason  = 72  // runes of a reason that a headline has at least
	accountLines = 8   // of the account in a terminal
)

// A firstView is the data of the first screen of the page: what was found, how it came about, and the checks.
type firstView struct {
	Headline string
	Sentence string // the whole reason, if the headline has only its beginning
	Facts    string
	Steps    []stepView
	Diagram  template.HTML
	Filters  []sequence.Filter
	DiagNote string
	Why      template.HTML // the counterexample, if there is no diagram
	Interval interval      // what the picture shows
	Checks   []checkView
	Lines    int // of each reason of a check, for which there is room beside the picture; 0 for the few that it has anyway
}

// A stepView is a step of what happened.
type stepView struct {
	Numeral, At string
	Parts       []account.Part
	Decisive    bool
}

// newFirstView derives the first screen of a run. Why is its counterexample, nil if there is none.
func newFirstView(run Run, why *checker.Counterexample) firstView {
	v := firstView{Facts: facts(run, why), Checks: shortChecks(run.Checks)}
	v.Headline, v.Sentence = pageHeadline(run)
	steps, _ := account.Of(caseOf(run, why))
	for i, s := range steps {
		v.Steps = append(v.Steps, stepView{sequence.Numeral(i), s.When(), s.Parts, s.Decisive})
	}
	if d, ok := diagram(run, why, steps); ok {
		v.Diagram, v.Filters = template.HTML(d.SVG), d.Filters
		v.Interval = interval{d.From, d.To}
		v.Lines = v.reasonLines(pictureHeight(d.SVG))
		if n := d.Left + run.Trace.Dropped; n > 0 {
			v.DiagNote = fmt.Sprintf("%s of this time are not drawn.", plural(n, "more message"))
		}
		return v
	}
	if why != nil {
		v.Why = counterexamplePictures(run, why, true)
		v.Lines = v.reasonLines(pictureHeight(string(v.Why)))
		from, to := window(why.Calls)
		v.Interval = interval{from, to}
	}
	return v
}

// shortChecks lists the checks, without their parts.
func shortChecks(checks []checker.Result) []checkView {
	return slices.DeleteFunc(checkViews(checks), func(c checkView) bool { return c.Part })
}

// caseOf is what the account of a run is derived from.
func caseOf(run Run, why *checker.Counterexample) account.Case {
	c, _ := run.decisive()
	all := account.Case{Checker: c.Checker, Reason: c.Reason, Verdict: run.Verdict, Why: why, History: run.history(), Trace: run.Trace,
		Nodes: run.Nodes, Clients: run.Clients, End: run.end(), Ordered: run.Ordered}
	for _, f := range faultsOf(run.history(), run.end()) {
		if f.Failed == "" {
			all.Faults = append(all.Faults, account.Fault{From: f.From, To: f.To, Name: f.Name})
		}
	}
	for _, f := range run.Findings {
		all.Findings = append(all.Findings, account.Finding{Host: f.Host, What: f.What, At: f.At})
	}
	return all
}

// AccountOf says in at most eight lines of at most width columns how the anomaly of a run came about: what a failure that is
// kept says of itself. It is empty for a valid run.
func AccountOf(run Run, width int) []string {
	steps, _ := account.Of(caseOf(run, run.why()))
	return account.Lines(steps, width, accountLines)
}

// diagram draws the messages around the counterexample, if a trace was recorded.
func diagram(run Run, why *checker.Counterexample, steps []account.Step) (sequence.Diagram, bool) {
	if run.Trace == nil || run.Verdict == checker.Valid {
		return sequence.Diagram{}, false
	}
	s := sequence.Scene{Trace: run.Trace, Steps: steps, Faults: caseOf(run, why).Faults, History: run.history(), Clients: run.Clients}
	if why != nil {
		calls, _ := pick(why, maxBars)
		for _, c := range calls {
			s.Calls = append(s.Calls, sequence.Call{Call: c.Call, Label: withKey(c, why.Key), Blamed: c.Blamed})
		}
	}
	return sequence.Draw(s)
}

// withKey returns the label of a call with its key: "write k3 ← 2791", "read k3 → 2791".
func withKey(c shown, key string) string {
	f, rest, ok := strings.Cut(c.Label, " ")
	switch {
	case key == "" || mentions(c.Label, key):
		return c.Label
	case !ok:
		return clean(c.Label+" "+key, 60)
	case (f == "write" || f == "put") && !strings.HasPrefix(rest, "→"):
		return clean(f+" "+key+" ← "+rest, 60)
	}
	return clean(f+" "+key+" "+rest, 60)
}

// pageHeadline returns the verdict as a sentence, and the whole reason if that is too long for a headline.
func pageHeadline(run Run) (headline, whole string) {
	if run.Verdict == checker.Valid {
		return validHeadline(run), ""
	}
	words := capital(verdictLine(run))
	text := unrepeated(verdictLine(run), reason(run))
	switch {
	case text == "" || strings.EqualFold(text, verdictWords(run)):
		return words, ""
	case runes(words)+runes(text) <= longHeadline:
		return words + ": " + text, ""
	}
	return words + ": " + beginning(text, longHeadline-runes(words)), text
}

// unrepeated returns a reason without what the words before it say: "n2 panicked" and not "n2: panic: " again.
func unrepeated(words, reason string) string {
	for _, w := range []struct{ said, again string }{{" panicked", "panic: "}, {" hung", "hangs: "}} {
		if host, ok := strings.CutSuffix(words, w.said); ok {
			return strings.TrimPrefix(reason, host+": "+w.again)
		}
	}
	return reason
}

// beginning returns the first n runes of a sentence at most, up to the end of a clause if there is one.
func beginning(text string, n int) string {
	head := cut(text, max(n, leastReason))
	if i := strings.LastIndex(head, "; "); i > len(head)/3 {
		return head[:i] // a sentence of its own
	}
	for _, sep := range []string{": ", ", "} {
		if i := strings.LastIndex(head, sep); i > len(head)/3 {
			return head[:i] + " …"
		}
	}
	if i := strings.LastIndex(head, " "); head != text && i > len(head)/3 {
		return head[:i] + " …" // no word and no number in parts
	}
	return head
}

func validHeadline(run Run) string {
	n := len(flatten(run.Checks))
	expected := ""
	if run.Expect != checker.Valid {
		expected = ", though " + run.Expect.String() + " was expected"
	}
	switch n {
	case 0:
		return "No check found anything" + expected
	case 1:
		return "The check passed" + expected
	}
	return fmt.Sprintf("All %d checks passed%s", n, expected)
}

func capital(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if strings.ContainsFunc(first, unicode.IsDigit) {
		return s // the name of a node
	}
	r := []rune(s)
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}

// facts is the line below the headline: what was run, how much, and what proves the verdict.
func facts(run Run, why *checker.Counterexample) string {
	title, head := titles(run)
	parts := []string{title}
	if head != "" {
		parts = append(parts, head)
	}
	if n := seedOf(run); n != "" {
		parts = slices.Insert(parts, 1, "seed "+n)
	}
	calls := 0
	for range run.history().Calls() {
		calls++
	}
	if calls > 0 {
		parts = append(parts, plural(calls, "call"))
	}
	if why != nil {
		parts = append(parts, share(why))
	}
	return strings.Join(parts, " · ")
}

// lines says where a call is in history.jsonl.
func lines(c history.Call) string {
	if c.Open() {
		return fmt.Sprintf("line %s of history.jsonl", count(c.Invoke.Index+1))
	}
	return fmt.Sprintf("lines %s and %s of history.jsonl", count(c.Invoke.Index+1), count(c.Complete.Index+1))
}
