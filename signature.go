package capsize

import (
	"cmp"
	"context"
	"regexp"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/vacuity"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/savedrun"
)

// A Signature says which kind of failure a run shows, whatever its seed: runs that show one bug have one signature, but
// for bugs that show in several ways. Its parts are texts without anything that differs from run to run: no numbers, times, nodes, keys or values.
type Signature struct {
	Checker string `json:"checker"`         // which rule was broken: "linearizable"
	Anomaly string `json:"anomaly"`         // how: "a newer value had replaced it"
	Shape   string `json:"shape,omitempty"` // the kind of the call that no order explains, and its outcome: "read ok"; empty if none stands out
}

// String formats the signature on one line: "linearizable: a newer value had replaced it (read ok)".
func (s Signature) String() string {
	text := s.Checker + ": " + s.Anomaly
	if s.Shape != "" {
		text += " (" + s.Shape + ")"
	}
	return text
}

// ID returns eight hex digits that stand for the signature, as in the names of files.
func (s Signature) ID() string { return savedrun.ID(s) }

// Signature returns that of the check that decided the verdict of a run that is not valid; ok is false for a valid run. It may have
// to find the counterexample first, which takes a while: see [Result.Explain].
func (r *Result) Signature(ctx context.Context) (s Signature, ok bool) {
	if r.Verdict == checker.Valid || len(r.Checks) == 0 {
		return Signature{}, false
	}
	for i, c := range r.Checks {
		if c.Verdict == r.Verdict {
			r.Checks[i] = c.Explain(ctx)
			return signatureOf(r.Checks[i]), true
		}
	}
	return Signature{}, false
}

// Shows reports whether a check of the run is invalid with this signature, also one that did not decide the verdict.
func (r *Result) Shows(ctx context.Context, s Signature) bool {
	for i, c := range r.Checks {
		if c.Verdict != checker.Invalid || c.Checker != s.Checker {
			continue
		}
		r.Checks[i] = c.Explain(ctx)
		if signatureOf(r.Checks[i]) == s {
			return true
		}
	}
	return false
}

// ofRun names the checks of which the headline says which anomaly it is: their reasons have the details of one run.
var ofRun = map[string]bool{"progress": true, "convergence": true, "exercised": true, "faults took effect": true}

func signatureOf(c checker.Result) Signature {
	s := Signature{Checker: c.Checker, Anomaly: c.Headline()}
	if ofRun[c.Checker] {
		return s
	}
	key, reason := "", c.Reason
	if x := c.Counterexample; x != nil {
		key, reason = x.Key, cmp.Or(x.Reason, reason)
		if x.Blamed >= 0 && x.Blamed < len(x.Calls) {
			s.Shape = shapeOf(x.Calls[x.Blamed])
		}
	}
	s.Anomaly = anomalyOf(reason, key)
	return s
}

// shapeOf names the kind of a call and its outcome.
func shapeOf(c history.Call) string {
	kinds := strings.Join(vacuity.KindsOf(c.Invoke), "+")
	return strings.TrimSpace(kinds + " " + c.Complete.Type.String())
}

// What differs from run to run in the reason of a verdict, by what stands in its place.
var particulars = []struct {
	text *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`"[^"]*"`), "V"},
	{regexp.MustCompile(`\[[^\]]*\]`), "V"},
	{regexp.MustCompile(`\b\d[\d,.]*(ns|µs|ms|s|m|h)\b(\d[\d.]*(ms|s|m)\b)*`), "T"},
	{regexp.MustCompile(`\b(n|c)\d+( (n|c)\d+)*\b`), "H"},
	{regexp.MustCompile(`\b[0-9a-f]{8}\b`), "N"},
	{regexp.MustCompile(`-?\d[\d,.]*\b`), "N"},
}

// Reasons that say one thing in several ways.
var alike = []struct {
	text *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`^process N (read|found|swapped) .*\b(had replaced it|had swapped it for|which replaced it).*$`), "a newer value had replaced it"},
	{regexp.MustCompile(` \(and N more findings?\)$`), ""},
	{regexp.MustCompile(`\bprocess N('s)?`), "a process$1"},
}

// anomalyOf returns the reason of a verdict without what differs from run to run.
func anomalyOf(reason, key string) string {
	if key != "" {
		reason = regexp.MustCompile(`(\s|^)`+regexp.QuoteMeta(key)+`\b`).ReplaceAllString(reason, "${1}K")
	}
	for _, p := range particulars {
		reason = p.text.ReplaceAllString(reason, p.by)
	}
	for _, a := range alike {
		reason = a.text.ReplaceAllString(reason, a.by)
	}
	return reason
}
