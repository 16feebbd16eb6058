package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// findingsFile is the name of the file of a [checker.Result] that holds its [Report].
const findingsFile = "findings.json"

// Checker returns the checker of logs. It is Unknown if nothing was polled, or if the history can't be judged.
func Checker(o Options) checker.Checker {
	return checker.Func(func(ctx context.Context, h *history.History) (r checker.Result) {
		defer func() {
			if p := recover(); p != nil {
				r = checker.Result{Checker: "kafka", Verdict: checker.Unknown, Reason: fmt.Sprintf("an input or an output panicked: %v", p)}
			}
		}()
		return check(ctx, h, o)
	})
}

// check judges a history.
func check(ctx context.Context, h *history.History, o Options) checker.Result {
	report, err := Judge(ctx, h, o)
	var bad badHistory
	switch {
	case errors.As(err, &bad):
		return bad.Result("kafka", h)
	case err != nil:
		return checker.Result{Checker: "kafka", Verdict: checker.Unknown, Reason: err.Error(), Undecided: "the logs could not be judged"}
	}
	r := checker.Result{Checker: "kafka", Reason: report.summary(), Undecided: "the logs could not be judged"}
	if b, err := json.Marshal(report.counts()); err == nil {
		r.Files = map[string][]byte{findingsFile: b}
	}
	for _, a := range report.Anomalies {
		if a.Wrong > 0 {
			r.Verdict, r.Broken, r.Counterexample = checker.Invalid, broken(a.Type), a.counterexample(h.Len())
			return r
		}
	}
	if report.Polled == 0 {
		r.Verdict = checker.Unknown
		r.Reason = fmt.Sprintf("no message was polled, and %s acknowledged: logs are judged by what was polled", words.Count(report.Sent))
	}
	return r
}

// broken returns the headline of a type.
func broken(name string) string {
	for _, t := range types {
		if t.Name == name {
			return t.Broken
		}
	}
	return ""
}

// summary puts the counts into words: "lost-write 2, unseen 2; allowed: int-send-skip 3 (10 messages acknowledged, 8 polled)".
func (r *Report) summary() string {
	var wrong, allowed []string
	for _, a := range r.Anomalies {
		if a.Wrong > 0 {
			wrong = append(wrong, fmt.Sprintf("%s %s", a.Type, words.Count(a.Wrong)))
		}
		if n := a.Count - a.Wrong; n > 0 {
			allowed = append(allowed, fmt.Sprintf("%s %s", a.Type, words.Count(n)))
		}
	}
	text := fmt.Sprintf("%s acknowledged, %s polled", words.Plural(r.Sent, "message"), words.Count(r.Polled))
	if len(allowed) > 0 {
		text += "; allowed: " + strings.Join(allowed, ", ")
	}
	if len(wrong) == 0 {
		return text
	}
	return fmt.Sprintf("%s (%s)", strings.Join(wrong, ", "), text)
}

// A Count is how often an anomaly was found, for programs that read the results.
type Count struct {
	Type   string `json:"type"`
	Count  int    `json:"count"`
	Wrong  int    `json:"wrong"`
	Reason string `json:"reason"`
	Ops    []int  `json:"ops"` // of the calls that show it, the indexes of their invocations
}

// counts returns the anomalies as the file of a result has them.
func (r *Report) counts() []Count {
	all := []Count{}
	for _, a := range r.Anomalies {
		c := Count{Type: a.Type, Count: a.Count, Wrong: a.Wrong, Reason: a.Reason}
		for _, call := range a.Calls {
			c.Ops = append(c.Ops, call.Invoke.Index)
		}
		all = append(all, c)
	}
	return all
}
