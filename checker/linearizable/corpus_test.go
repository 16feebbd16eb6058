package linearizable

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// A corpusRow is a file of the corpus with what ought to be said about it.
type corpusRow struct {
	file   string // from the corpus on
	model  string
	expect checker.Verdict
	judge  func(t *testing.T, h *history.History) checker.Result
	core   int // how many calls of a counterexample contradict each other
}

// TestCorpusLinearizable judges histories that others recorded, and compares the
// verdicts with theirs. The directory that CAPSIZE_CORPUS names has the files of
// knossos, elle-cli and porcupine.
func TestCorpusLinearizable(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	root := os.Getenv("CAPSIZE_CORPUS")
	if root == "" {
		t.Skip("CAPSIZE_CORPUS is not set")
	}
	rows := slices.Concat(registerRows(t, root), otherRows(t, root), etcdRows(t, root))
	require.NotEmpty(t, rows)
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "file\tmodel\texpected\tgot\tcalls\ttime\t")
	var sizes, cores []int
	counts := map[checker.Verdict]int{}
	for _, row := range rows {
		f, err := os.Open(filepath.Join(root, row.file))
		require.NoError(t, err)
		h, err := history.Decode(f, row.file, history.Options{Lenient: true})
		require.NoError(t, err)
		require.NoError(t, f.Close())
		start := time.Now()
		got := row.judge(t, h)
		took := time.Since(start)
		calls := ""
		if got.Counterexample != nil {
			sizes = append(sizes, len(got.Counterexample.Calls))
			cores = append(cores, row.core)
			calls = fmt.Sprintf("%d of %d", row.core, len(got.Counterexample.Calls))
		}
		counts[got.Verdict]++
		fmt.Fprintf(table, "%s\t%s\t%v\t%v\t%s\t%v\t\n", row.file, row.model, row.expect, got.Verdict, calls, words.Duration(took))
		if row.expect != got.Verdict {
			t.Errorf("%s: expected %v, got %v: %s", row.file, row.expect, got.Verdict, got.Reason)
		}
	}
	later := laterFiles(t, root)
	for _, name := range later {
		fmt.Fprintf(table, "%s\t\t\tlater\t\t\t\n", name)
	}
	require.NoError(t, table.Flush())
	slices.Sort(sizes)
	slices.Sort(cores)
	t.Logf("\n%s%d files: %d valid, %d invalid, %d unknown; %d later", text.String(), len(rows), counts[checker.Valid], counts[checker.Invalid], counts[checker.Unknown], len(later))
	t.Logf("counterexamples: %d, median %d calls, most %d; contradict each other: median %d, most %d",
		len(sizes), sizes[len(sizes)/2], sizes[len(sizes)-1], cores[len(cores)/2], cores[len(cores)-1])
}

// row makes a row whose verdict the name of the file's folder gives.
func row[S comparable, In, Out any](file string, m model.Model[S, In, Out], typed func(h *history.History) *history.History) *corpusRow {
	r := &corpusRow{file: file, model: m.Name}
	if strings.Contains(file, "/bad/") || strings.Contains(file, "-bad") {
		r.expect = checker.Invalid
	}
	r.judge = func(t *testing.T, h *history.History) checker.Result {
		h = typed(h)
		got := New(m).Check(t.Context(), h).Explain(t.Context())
		if got.Verdict == checker.Invalid {
			require.NotNil(t, got.Counterexample, file)
			fewest(t, m, h, got.Counterexample)
			r.core = len(got.Counterexample.Core)
		}
		return got
	}
	return r
}

// fewest checks that the calls of a counterexample are few, not linearizable on their
// own, and that all of them are needed: without any one of them the others are,
// or would be if some of the calls that are not shown happened as well.
func fewest[S comparable, In, Out any](t *testing.T, m model.Model[S, In, Out], h *history.History, w *checker.Counterexample) {
	t.Helper()
	assert.LessOrEqual(t, len(w.Calls), 10, w.Reason)
	check := New(m)
	assert.Equal(t, checker.Invalid, check.Check(t.Context(), checkertest.Alone(w.Calls)).Verdict, w.Reason)
	minimal(t, m, h, w)
	for i := range w.Calls {
		rest := Without(m, w.Calls, i)
		if check.Check(t.Context(), checkertest.Alone(rest)).Verdict != checker.Valid {
			assert.True(t, helpful(t, m, h, w.Key, rest), "%s\nwithout %v: %v", w.Reason, w.Calls[i], rest)
		}
	}
}

// minimal checks that the calls of a core contradict each other, and that they do not any more without any one
// of them: whatever the other calls on their key did, or if it takes too many to show that, those that are shown.
func minimal[S comparable, In, Out any](t *testing.T, m model.Model[S, In, Out], h *history.History, w *checker.Counterexample) {
	t.Helper()
	if helpful(t, m, h, w.Key, w.Calls) {
		h = checkertest.Alone(w.Calls)
		w = &checker.Counterexample{Key: w.Key, Reason: w.Reason, Calls: slices.Collect(h.Calls()), Core: w.Core}
	}
	core := coreOf(w)
	assert.NotEmpty(t, core)
	assert.False(t, helpful(t, m, h, w.Key, core), "other calls explain it: %s\n%v", w.Reason, core)
	for i := range core {
		rest := slices.Concat(core[:i], core[i+1:])
		assert.True(t, helpful(t, m, h, w.Key, rest), "%s\n%v is not needed for %v", w.Reason, core[i], rest)
	}
}

// helpful reports whether calls are linearizable if each of the others on their key may
// have happened or not.
func helpful[S comparable, In, Out any](t *testing.T, m model.Model[S, In, Out], h *history.History, key string, calls []history.Call) bool {
	s := search{View: view.Erase(m).Of(h)}
	parts, bad := s.Split()
	require.Nil(t, bad)
	must := map[int]bool{}
	for _, c := range calls {
		must[c.Invoke.Index] = true
	}
	for _, p := range parts {
		if p.Key != key {
			continue
		}
		for i, sp := range p.Spans {
			p.Spans[i].Optional = !must[sp.Call]
		}
		return s.frontier(p.Spans).run().ok
	}
	return false
}

func registerRows(t *testing.T, root string) (rows []*corpusRow) {
	for _, name := range checkertest.Glob(t, root, "knossos/data/cas-register/*/*.edn", "elle-cli/histories/knossos/cas-register/*/*.*") {
		init := 0
		if strings.Contains(name, "rethink") {
			init = model.Nil
		}
		rows = append(rows, row(name, model.CASRegister(init), func(h *history.History) *history.History {
			return typed(h, registerIn, registerOut)
		}))
	}
	return rows
}

func otherRows(t *testing.T, root string) (rows []*corpusRow) {
	for _, name := range checkertest.Glob(t, root, "elle-cli/histories/knossos/mutex/*/*.*", "knossos/data/mutex/*/*.edn") {
		rows = append(rows, row(name, model.Mutex(), func(h *history.History) *history.History {
			return typed(h, lockIn, func(history.JepsenOp) any { return 0 })
		}))
	}
	for _, name := range checkertest.Glob(t, root, "knossos/data/multi-register/*/*.edn") {
		rows = append(rows, row(name, model.MultiRegister(), func(h *history.History) *history.History {
			return typed(h, multiIn, multiOut)
		}))
	}
	for _, name := range checkertest.Glob(t, root, "porcupine/test_data/kv/*.txt") {
		rows = append(rows, row(name, model.KV(), func(h *history.History) *history.History {
			return typed(h, kvIn, func(op history.JepsenOp) any { v, _ := op.Value.(string); return v })
		}))
	}
	return rows
}

// etcdRows have the verdicts of the corpus' index. A read of nil found nothing there.
func etcdRows(t *testing.T, root string) (rows []*corpusRow) {
	index, err := os.ReadFile(filepath.Join(root, "INDEX.md"))
	require.NoError(t, err)
	want := map[string]string{}
	for line := range strings.Lines(string(index)) {
		if f := strings.Split(line, "|"); len(f) > 3 && strings.Contains(f[1], "porcupine/test_data/jepsen/") {
			want[strings.TrimSpace(f[1])] = strings.TrimSpace(f[2])
		}
	}
	for _, name := range checkertest.Glob(t, root, "porcupine/test_data/jepsen/*.log") {
		if want[name] != "true" && want[name] != "false" {
			continue
		}
		r := row(name, model.CASRegister(model.Nil), func(h *history.History) *history.History {
			return typed(h, registerIn, etcdOut)
		})
		if want[name] == "false" {
			r.expect = checker.Invalid
		}
		rows = append(rows, r)
	}
	return rows
}

// laterFiles are the histories of transactions, which nothing here judges yet.
func laterFiles(t *testing.T, root string) []string {
	return checkertest.Glob(t, root, "elle/histories/*.edn", "elle-testvectors/*.edn", "elle-sim/*.edn",
		"elle-cli/histories/elle/*.*", "jepsen-testvectors/kafka*.edn")
}

// typed makes a history of a model's types of one that Jepsen recorded. An answer
// that out makes nil of says nothing.
func typed(h *history.History, in func(history.Op, history.JepsenOp) any, out func(history.JepsenOp) any) *history.History {
	all := history.Of()
	for op := range h.Ops() {
		if op.Process != history.Nemesis {
			switch op.Type {
			case history.Invoke:
				op.Input = in(op, op.Input.(history.JepsenOp))
			case history.OK:
				if op.Output = out(op.Output.(history.JepsenOp)); op.Output == nil {
					op.Type = history.Info
				}
			default:
				op.Output = nil
			}
		}
		all.Add(op)
	}
	return all
}

func number(v any) int {
	if n, ok := v.(int64); ok {
		return int(n)
	}
	return model.Nil
}

func name(v any) string { return fmt.Sprint(v) }

func registerIn(_ history.Op, op history.JepsenOp) any {
	switch op.F {
	case "write":
		return model.RegisterOp{F: op.F, Value: number(op.Value)}
	case "cas":
		pair := op.Value.([]any)
		return model.RegisterOp{F: op.F, Old: number(pair[0]), Value: number(pair[1])}
	}
	return model.RegisterOp{F: op.F}
}

// registerOut says nothing for a read of nil, as Knossos does.
func registerOut(op history.JepsenOp) any {
	switch {
	case op.F == "read" && op.Value == nil:
		return nil
	case op.F == "read":
		return number(op.Value)
	}
	return 0
}

func lockIn(o history.Op, op history.JepsenOp) any { return model.LockOp{F: op.F, Client: o.Process} }

func kvIn(o history.Op, op history.JepsenOp) any {
	v, _ := op.Value.(string)
	return model.KVOp{F: op.F, Key: o.Key, Value: v}
}

func multiIn(_ history.Op, op history.JepsenOp) any {
	var in []model.RegisterOp
	for _, v := range op.Value.([]any) {
		mop := v.([]any)
		o := model.RegisterOp{F: name(mop[0]), Key: name(mop[1])}
		if o.F == "write" {
			o.Value = number(mop[2])
		}
		in = append(in, o)
	}
	return in
}

func multiOut(op history.JepsenOp) any {
	var out []int
	for _, v := range op.Value.([]any) {
		mop := v.([]any)
		if name(mop[0]) == "write" {
			mop[2] = int64(0)
		}
		out = append(out, number(mop[2]))
	}
	return out
}
