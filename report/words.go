package report

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
)

// short formats a duration with three significant digits, as in 1.43s.
func short(d time.Duration) string {
	if d < 0 {
		return "-" + short(-d)
	}
	if d == history.Forever {
		return "for ever"
	}
	if d >= time.Minute {
		return trimZeros(d.Round(time.Second).String())
	}
	if d >= 1000 {
		digits := int(math.Log10(float64(d))) - 2
		d = d.Round(time.Duration(math.Pow10(digits)))
	}
	return trimZeros(d.String())
}

// trimZeros makes 1h of 1h0m0s.
func trimZeros(s string) string {
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// count formats a number, with commas once it takes five digits.
func count(n int) string {
	s := strconv.Itoa(n)
	if len(s) < 5 {
		return s
	}
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural formats n of a thing.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

// clean makes text safe for one line of a terminal: what could move the cursor
// becomes a space, and what is longer than n runes is cut.
func clean(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	return cut(strings.TrimSpace(s), n)
}

// cut shortens s to n runes, the last of them an ellipsis.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	if n < 1 {
		return ""
	}
	return strings.TrimRight(string(r[:n-1]), " ") + "…"
}

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
	return s
}

// verdictWords says in a few words what the checks came to: "not linearizable; and n2 panicked".
// Each check has words of its own; those that could not be judged are told together.
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

// couldNotBeJudged ends the headline of an unknown result that has no words of its own.
const couldNotBeJudged = " could not be judged"

// verdictLine is verdictWords, and says whether that was expected.
func verdictLine(r Run) string {
	words := verdictWords(r)
	if r.Verdict != checker.Valid && r.Verdict == r.Expect {
		words += " (expected)"
	}
	return words
}

// enumerated joins names: "a, b and c".
func enumerated(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
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

// label says what a call asked and what it learnt: "read → 23". What it touches
// is left out if that is key, which the reader knows already.
func label(c history.Call, key string) string {
	if text, ok := steps(c); ok {
		return clean(text, 60)
	}
	f, in := input(c.Invoke.Input, key)
	if in == "" && c.Invoke.Key != "" && c.Invoke.Key != key {
		in = c.Invoke.Key
	}
	if in == "" {
		in = "call"
	}
	out := output(f, c)
	switch {
	case c.Complete.Type == history.Fail:
		in += " failed"
	case out != "":
		in += " " + out
	}
	return clean(in, 60)
}

// steps describes a call that asks for several things at once, each with what it was
// answered: "read x → 1, write y 2".
func steps(c history.Call) (text string, ok bool) {
	asked, _ := jsonValue(c.Invoke.Input).([]any)
	answers, _ := jsonValue(c.Complete.Output).([]any)
	var parts []string
	for i, step := range asked {
		m, _ := step.(map[string]any)
		f, is := m["f"].(string)
		if !is {
			return "", false
		}
		part := operation(f, m)
		if f != "write" && c.Complete.Type == history.OK && i < len(answers) {
			part += " → " + plain(answers[i])
		}
		parts = append(parts, part)
	}
	text = strings.Join(parts, ", ")
	if c.Complete.Type == history.Fail {
		text += " failed"
	}
	return text, len(parts) > 0
}

// input describes what a call asked. Operations are told by their field f, which
// is how both our own workloads and Jepsen's write them.
func input(v any, key string) (f, text string) {
	if v == nil {
		return "", ""
	}
	m := fields(v)
	f, _ = m["f"].(string)
	if s, ok := v.(fmt.Stringer); ok {
		return f, withoutWord(s.String(), key)
	}
	if f == "" {
		return "", plain(v)
	}
	if k, ok := m["key"]; ok && fmt.Sprint(k) == key {
		delete(m, "key")
	}
	return f, operation(f, m)
}

// operation formats an operation f with its other fields.
func operation(f string, m map[string]any) string {
	s := f
	if k, ok := m["key"]; ok {
		s += " " + plain(k)
	}
	switch f {
	case "read":
		return s
	case "write":
		return s + " " + plain(m["value"])
	case "cas":
		return s + " " + plain(m["old"]) + "→" + plain(m["value"])
	}
	var names []string
	for name, v := range m {
		if name != "f" && name != "key" && !empty(v) {
			names = append(names, name)
		}
	}
	sorting.Ordered(names)
	if len(names) == 1 {
		return s + " " + plain(m[names[0]])
	}
	for _, name := range names {
		s += " " + name + "=" + plain(m[name])
	}
	return s
}

// output describes what an OK answered.
func output(f string, c history.Call) string {
	v := c.Complete.Output
	if v == nil || c.Complete.Type != history.OK {
		return ""
	}
	switch f {
	case "write":
		if empty(jsonValue(v)) {
			return ""
		}
	case "cas":
		if old, ok := fields(c.Invoke.Input)["old"]; ok {
			if plain(v) == plain(old) {
				return "swapped"
			}
			return "saw " + plain(v)
		}
	}
	return "→ " + plain(v)
}

// fields returns the fields of a struct or map by their lower-case JSON names.
func fields(v any) map[string]any {
	m, _ := jsonValue(v).(map[string]any)
	lower := make(map[string]any, len(m))
	for k, x := range m {
		lower[strings.ToLower(k)] = x
	}
	return lower
}

// jsonValue returns v as its JSON reads: nil if it has none.
func jsonValue(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber()
	var x any
	if dec.Decode(&x) != nil {
		return nil
	}
	return x
}

// empty reports whether a JSON value says nothing.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case json.Number:
		return v == "0"
	case bool:
		return !v
	}
	return false
}

// plain formats a value: text as it is, a Stringer by its String, all else as
// JSON, whose maps are sorted.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		return v
	case fmt.Stringer:
		return v.String()
	case error:
		return v.Error()
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return strings.ReplaceAll(string(b), nilNumber, "nil")
}

// nilNumber is how JSON spells [model.Nil], which stands for nothing.
var nilNumber = strconv.Itoa(model.Nil)

// withoutWord drops one word from s, if it is there, and not in quotes: there it is a part of some value.
func withoutWord(s, word string) string {
	if word == "" {
		return s
	}
	words := strings.Split(s, " ")
	quoted := false
	for i, w := range words {
		if w == word && !quoted {
			return strings.Join(slices.Delete(words, i, i+1), " ")
		}
		if quotes := strings.Count(w, `"`) - strings.Count(w, `\"`); quotes%2 == 1 {
			quoted = !quoted
		}
	}
	return s
}
