package wording

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
)

// Label describes a call by its input and output: "read → 23". It leaves the key out if that
// is the key of the counterexample.
func Label(c history.Call, key string) string {
	if text, ok := transaction(c); ok {
		return shortened(text)
	}
	if text, ok := steps(c); ok {
		return shortened(text)
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
	return shortened(in)
}

// shortened makes the text of a call safe for one line and short enough for a label, with both its ends.
func shortened(text string) string { return Ends(Clean(text, len(text)), 60) }

// transaction describes a call that is a [model.Txn]: what it did if it is ok, and what it asked otherwise.
func transaction(c history.Call) (text string, ok bool) {
	asked, ok := c.Invoke.Input.(model.Txn)
	if !ok {
		return "", false
	}
	if done, is := c.Complete.Output.(model.Txn); is && c.Complete.Type == history.OK {
		return done.Answered(), true
	}
	if c.Complete.Type == history.Fail {
		return asked.String() + " failed", true
	}
	return asked.String(), true
}

// steps describes a call with several operations, as a transaction, each with its
// output: "read x → 1, write y 2".
func steps(c history.Call) (text string, ok bool) {
	asked, _ := JSON(c.Invoke.Input).([]any)
	answers, _ := JSON(c.Complete.Output).([]any)
	var parts []string
	for i, step := range asked {
		m, _ := step.(map[string]any)
		f, is := m["f"].(string)
		if !is {
			return "", false
		}
		part := operation(f, m)
		if f != "write" && c.Complete.Type == history.OK && i < len(answers) {
			part += " → " + Plain(answers[i])
		}
		parts = append(parts, part)
	}
	text = strings.Join(parts, ", ")
	if c.Complete.Type == history.Fail {
		text += " failed"
	}
	return text, len(parts) > 0
}

// input describes the input of a call. The field f names the operation, as in our own
// workloads and in Jepsen's.
func input(v any, key string) (f, text string) {
	if v == nil {
		return "", ""
	}
	m := Fields(v)
	f, _ = m["f"].(string)
	if s, ok := v.(fmt.Stringer); ok {
		return f, WithoutWord(s.String(), key)
	}
	if f == "" {
		return "", Plain(v)
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
		s += " " + Plain(k)
	}
	switch f {
	case "read":
		return s
	case "write":
		return s + " " + Plain(m["value"])
	case "cas":
		return s + " " + Plain(m["old"]) + "→" + Plain(m["value"])
	}
	var names []string
	for name, v := range m {
		if name != "f" && name != "key" && !empty(v) {
			names = append(names, name)
		}
	}
	sorting.Ordered(names)
	if len(names) == 1 {
		return s + " " + Plain(m[names[0]])
	}
	for _, name := range names {
		s += " " + name + "=" + Plain(m[name])
	}
	return s
}

// output describes the output of a call that is ok.
func output(f string, c history.Call) string {
	v := c.Complete.Output
	if v == nil || c.Complete.Type != history.OK {
		return ""
	}
	switch f {
	case "write":
		if empty(JSON(v)) {
			return ""
		}
	case "cas":
		if old, ok := Fields(c.Invoke.Input)["old"]; ok {
			if Plain(v) == Plain(old) {
				return "swapped"
			}
			return "saw " + Plain(v)
		}
	}
	return "→ " + only(v)
}

// only formats an answer: of one that has a single field with a name, the value of that.
func only(v any) string {
	if _, ok := v.(fmt.Stringer); ok {
		return Plain(v)
	}
	if m, ok := JSON(v).(map[string]any); ok && len(m) == 1 {
		for _, value := range m {
			return Plain(value)
		}
	}
	return Plain(v)
}

// Fields returns the fields of a struct or map by their lower-case JSON names.
func Fields(v any) map[string]any {
	m, _ := JSON(v).(map[string]any)
	lower := make(map[string]any, len(m))
	for k, x := range m {
		lower[strings.ToLower(k)] = x
	}
	return lower
}

// JSON converts v to maps, lists and numbers by way of JSON; nil if that fails.
func JSON(v any) any {
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

// empty reports whether a JSON value is a zero value.
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

// Plain formats a value: text as it is, a Stringer by its String, all else as
// JSON, whose maps are sorted.
func Plain(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		return v
	case fmt.Stringer:
		if s := v.String(); s != nilNumber { // which a json.Number may be
			return s
		}
		return "nil"
	case error:
		return v.Error()
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return strings.ReplaceAll(string(b), nilNumber, "nil")
}

// nilNumber is [model.Nil] in JSON.
var nilNumber = strconv.Itoa(model.Nil)

// WithoutWord removes the first occurrence of a word from s that is not in quotes, where it would be part of a value.
func WithoutWord(s, word string) string {
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
