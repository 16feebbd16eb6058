package checker

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/history"
)

// TestCorpus judges histories that others recorded, and compares the verdicts. The
// directory that CAPSIZE_CORPUS names has the files of knossos, elle-cli and porcupine.
func TestCorpus(t *testing.T) {
	root := os.Getenv("CAPSIZE_CORPUS")
	if root == "" {
		t.Skip("CAPSIZE_CORPUS is not set")
	}
	var sizes []int
	judge := func(name string, bad bool, check Checker, h *history.History) Result {
		start := time.Now()
		got := check.Check(t.Context(), h)
		took := time.Since(start)
		want := Valid
		if bad {
			want = Invalid
		}
		reason := got.Reason
		if got.Why != nil {
			sizes = append(sizes, len(got.Why.Calls))
			reason = fmt.Sprintf("%d calls: %s", len(got.Why.Calls), got.Why.Reason)
		}
		t.Logf("%-62s %-8s %8v  %s", strings.TrimPrefix(name, root+"/"), got.Verdict, took.Round(10*time.Microsecond), reason)
		require.Equal(t, want, got.Verdict, name)
		return got
	}
	for _, name := range glob(t, root, "knossos/data/cas-register/*/*.edn", "elle-cli/histories/knossos/cas-register/*/*.edn") {
		init := 0
		if strings.Contains(name, "rethink") {
			init = Nil
		}
		judge(name, strings.Contains(name, "/bad/"), Linearizable(CASRegister(init)), casHistory(ednFile(t, name), false))
	}
	for _, name := range glob(t, root, "elle-cli/histories/knossos/mutex/*/*.edn", "knossos/data/mutex/*/*.edn") {
		judge(name, strings.Contains(name, "/bad/"), Linearizable(Mutex()), lockHistory(ednFile(t, name)))
	}
	for _, name := range glob(t, root, "knossos/data/multi-register/*/*.edn") {
		judge(name, strings.Contains(name, "/bad/"), Linearizable(MultiRegister()), multiHistory(ednFile(t, name)))
	}
	verdicts := etcdVerdicts(t, root)
	for _, name := range glob(t, root, "porcupine/test_data/jepsen/*.log") {
		want := verdicts[filepath.Base(name)]
		if want == "true" || want == "false" {
			judge(name, want == "false", Linearizable(CASRegister(Nil)), etcdHistory(t, name))
		}
	}
	for _, name := range glob(t, root, "porcupine/test_data/kv/*.txt") {
		judge(name, strings.Contains(name, "-bad"), Linearizable(KV()), kvHistory(ednFile(t, name)))
	}
	slices.Sort(sizes)
	t.Logf("counter-examples: %d, median %d calls, most %d", len(sizes), sizes[len(sizes)/2], sizes[len(sizes)-1])
}

func glob(t *testing.T, root string, patterns ...string) (names []string) {
	for _, p := range patterns {
		found, err := filepath.Glob(filepath.Join(root, p))
		require.NoError(t, err)
		names = append(names, found...)
	}
	return names
}

func etcdVerdicts(t *testing.T, root string) map[string]string {
	index, err := os.ReadFile(filepath.Join(root, "INDEX.md"))
	require.NoError(t, err)
	want := map[string]string{}
	for line := range strings.Lines(string(index)) {
		if f := strings.Split(line, "|"); len(f) > 3 && strings.Contains(f[1], "porcupine/test_data/jepsen/") {
			want[filepath.Base(strings.TrimSpace(f[1]))] = strings.TrimSpace(f[2])
		}
	}
	return want
}

func jepsenType(s any) history.Type {
	typ, err := history.ParseType(fmt.Sprint(s))
	if err != nil {
		panic(err)
	}
	return typ
}

func number(v any) int {
	if v == nil {
		return Nil
	}
	return v.(int)
}

// recorded makes a history of maps, given what one asked and was answered.
func recorded(ops []any, in func(op map[string]any) any, out func(op map[string]any) any) *history.History {
	h := history.Of()
	for _, o := range ops {
		op := o.(map[string]any)
		process, ok := op["process"].(int)
		if !ok {
			continue // the nemesis
		}
		e := history.Op{Process: process, Type: jepsenType(op["type"])}
		switch e.Type {
		case history.Invoke:
			e.Input = in(op)
		case history.OK:
			if e.Output = out(op); e.Output == nil {
				e.Type = history.Info // it says nothing
			}
		}
		h.Add(e)
	}
	return h
}

func registerOp(f string, value any) RegisterOp {
	switch f {
	case "write":
		return RegisterOp{F: f, Value: number(value)}
	case "cas":
		pair := value.([]any)
		return RegisterOp{F: f, Old: number(pair[0]), Value: number(pair[1])}
	}
	return RegisterOp{F: f}
}

// casHistory makes a history of a register. In Knossos, a read of nil says nothing.
func casHistory(ops []any, absent bool) *history.History {
	return recorded(ops,
		func(op map[string]any) any { return registerOp(op["f"].(string), op["value"]) },
		func(op map[string]any) any {
			switch {
			case op["f"] == "read" && op["value"] == nil && !absent:
				return nil
			case op["f"] == "read":
				return number(op["value"])
			}
			return 0
		})
}

func lockHistory(ops []any) *history.History {
	return recorded(ops,
		func(op map[string]any) any { return LockOp{F: op["f"].(string), Client: op["process"].(int)} },
		func(op map[string]any) any { return 0 })
}

func multiHistory(ops []any) *history.History {
	each := func(op map[string]any, do func(f, key string, v any)) {
		for _, m := range op["value"].([]any) {
			mop := m.([]any)
			do(mop[0].(string), mop[1].(string), mop[2])
		}
	}
	return recorded(ops,
		func(op map[string]any) any {
			var in []RegisterOp
			each(op, func(f, key string, v any) {
				o := RegisterOp{F: f, Key: key}
				if f == "write" {
					o.Value = v.(int)
				}
				in = append(in, o)
			})
			return in
		},
		func(op map[string]any) any {
			var out []int
			each(op, func(f, _ string, v any) {
				if f == "write" {
					v = 0
				}
				out = append(out, v.(int))
			})
			return out
		})
}

func kvHistory(ops []any) *history.History {
	return recorded(ops,
		func(op map[string]any) any {
			v, _ := op["value"].(string)
			return KVOp{F: op["f"].(string), Key: op["key"].(string), Value: v}
		},
		func(op map[string]any) any {
			v, _ := op["value"].(string)
			return v
		})
}

// etcdHistory reads what Jepsen printed while it tested etcd.
func etcdHistory(t *testing.T, name string) *history.History {
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	var ops []any
	for line := range strings.Lines(string(text)) {
		_, rest, ok := strings.Cut(line, "INFO  jepsen.util - ")
		if !ok {
			continue
		}
		f := (&edn{text: rest}).all()
		if _, ok := f[0].(int); !ok {
			continue // the nemesis
		}
		ops = append(ops, map[string]any{"process": f[0], "type": f[1], "f": f[2], "value": f[3]})
	}
	return casHistory(ops, true)
}

// ednFile reads a file of maps, or of one vector of them.
func ednFile(t *testing.T, name string) []any {
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	all := (&edn{text: string(text)}).all()
	if list, ok := all[0].([]any); ok && len(all) == 1 {
		return list
	}
	return all
}

// An edn reads as much of that format as the corpus needs: keywords and symbols are strings.
type edn struct{ text string }

func (e *edn) space() {
	for {
		e.text = strings.TrimLeftFunc(e.text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' })
		if !strings.HasPrefix(e.text, ";") {
			return
		}
		_, e.text, _ = strings.Cut(e.text, "\n")
	}
}

func (e *edn) all() (list []any) {
	for e.space(); e.text != "" && !strings.ContainsRune("])}", rune(e.text[0])); e.space() {
		list = append(list, e.value())
	}
	return list
}

func (e *edn) value() any {
	switch c := e.text[0]; c {
	case '[', '(', '{':
		e.text = e.text[1:]
		list := e.all()
		e.text = e.text[1:]
		if c != '{' {
			return list
		}
		m := map[string]any{}
		for i := 0; i+1 < len(list); i += 2 {
			m[fmt.Sprint(list[i])] = list[i+1]
		}
		return m
	case '"':
		q, err := strconv.QuotedPrefix(e.text)
		if err != nil {
			panic(err)
		}
		e.text = e.text[len(q):]
		s, _ := strconv.Unquote(q)
		return s
	}
	end := strings.IndexFunc(e.text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",])}", r) })
	if end < 0 {
		end = len(e.text)
	}
	word := e.text[:end]
	e.text = e.text[end:]
	if n, err := strconv.Atoi(word); err == nil {
		return n
	}
	if word == "nil" {
		return nil
	}
	return strings.TrimPrefix(word, ":")
}
