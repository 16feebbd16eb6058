package account

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// writes are the operations that put the field value.
var writes = []string{"write", "put", "set", "append", "add", "cas", "enqueue", "push", "delete"}

// asked returns the fields of what a call asks, by their lower-case names. Of a text, as "write 5", the first word is f and
// the rest the value.
func asked(c history.Call) map[string]any {
	text, ok := c.Invoke.Input.(string)
	if !ok {
		return wording.Fields(c.Invoke.Input)
	}
	f, v, ok := strings.Cut(text, " ")
	m := map[string]any{"f": f}
	if ok {
		m["value"] = v
	}
	return m
}

// operation returns the name of what a call asks, as "read"; empty if its input has none.
func operation(c history.Call) string {
	f, _ := asked(c)["f"].(string)
	return f
}

// written returns what a call writes. A write of a cache or database with versions has the version that was answered.
func written(c history.Call) []trace.Item {
	if steps, ok := wording.JSON(c.Invoke.Input).([]any); ok {
		var all []trace.Item
		for _, s := range steps {
			if m, ok := s.(map[string]any); ok {
				all = append(all, itemOf(m, c)...)
			}
		}
		return all
	}
	m := asked(c)
	if v, ok := version(c.Complete.Output); ok && m["f"] == "write" {
		return []trace.Item{{Key: keyOf(m, c), Value: v}}
	}
	return itemOf(m, c)
}

func itemOf(m map[string]any, c history.Call) []trace.Item {
	f, _ := m["f"].(string)
	v, ok := m["value"]
	if !ok || !slices.Contains(writes, f) {
		return nil
	}
	return []trace.Item{{Key: keyOf(m, c), Value: wording.Plain(v)}}
}

func keyOf(m map[string]any, c history.Call) string {
	if k, ok := m["key"]; ok {
		return wording.Plain(k)
	}
	return c.Invoke.Key
}

// seen returns the values that a call was answered; of a list, its elements.
func seen(c history.Call) []string {
	if c.Complete.Type != history.OK || c.Complete.Output == nil {
		return nil
	}
	f := operation(c)
	if slices.Contains(writes, f) && f != "cas" {
		return nil
	}
	if v, ok := version(c.Complete.Output); ok {
		return []string{v}
	}
	switch v := wording.JSON(c.Complete.Output).(type) {
	case []any:
		var all []string
		for _, x := range v {
			all = append(all, wording.Plain(x))
		}
		return all
	case nil, map[string]any:
		return nil
	}
	return []string{wording.Plain(c.Complete.Output)}
}

// version returns the version that the answer of a cache has: "v3".
func version(output any) (string, bool) {
	m := wording.Fields(output)
	n, ok := m["version"].(json.Number)
	if !ok || m["missing"] == true {
		return "", false
	}
	return "v" + n.String(), true
}

// sawOf returns the value that a call saw and another call wrote, as far as one is known, or else the only one it saw.
func (s *scene) sawOf(c call) string {
	if len(c.saw) == 1 {
		return c.saw[0]
	}
	for _, v := range c.saw {
		if _, ok := s.writer(v, s.ended(c)); ok {
			return v
		}
	}
	return ""
}

// missing returns the value of the only acknowledged write of the counterexample, if a call that saw several values did not
// see it.
func (s *scene) missing(c call) (v string, ok bool) {
	if len(c.saw) < 2 {
		return "", false
	}
	for _, w := range s.calls {
		if w.Complete.Type != history.OK || len(w.wrote) != 1 {
			continue
		}
		if ok {
			return "", false
		}
		v, ok = w.wrote[0].Value, true
	}
	return v, ok && !slices.Contains(c.saw, v)
}

// answer is what a sentence shows of what a call was answered: the value that matters, or else a whole list.
func (s *scene) answer(c call) string {
	if v := s.sawOf(c); v != "" || c.Complete.Type != history.OK {
		return v
	}
	if len(c.saw) > 1 {
		return wording.Ends(wording.Plain(c.Complete.Output), longest)
	}
	return ""
}

// reason is the sentence of the counterexample, or else that of its check.
func (s *scene) reason() string {
	if s.Why != nil && s.Why.Reason != "" {
		return s.Why.Reason
	}
	return s.Reason
}
