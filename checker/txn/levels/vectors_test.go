package levels

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history/edn"
)

// elleWrong has the vectors of Elle with which we do not agree, and why.
var elleWrong = map[string]string{}

// names returns keywords as texts.
func names(v any) []string {
	var all []string
	for _, k := range items(v) {
		if kw, ok := k.(edn.Keyword); ok {
			all = append(all, string(kw))
		}
	}
	return all
}

// TestElleVectors judges the histories of Elle's own tests.
func TestElleVectors(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus(t, "elle-testvectors"), "list-append--*.edn"))
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "list-append--"), ".edn")
		t.Run(name, func(t *testing.T) {
			var head edn.Map
			lines(t, path, func(n int, line string) {
				if n == 1 {
					head = parse(t, line)
				}
			})
			h := readList(t, path)
			r, err := Judge(context.Background(), h, txn.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if why, ok := elleWrong[name]; ok {
				t.Logf("not as Elle: %s", why)
				return
			}
			compareVector(t, head, r, h)
		})
	}
}

func compareVector(t *testing.T, head edn.Map, r *txn.Report, h *txn.History) {
	opts, _ := get(head, "opts").(edn.Map)
	result := get(head, "result").(edn.Map)
	var types []string
	for _, a := range r.Anomalies {
		types = append(types, a.Type)
	}
	asked := names(get(opts, "anomalies"))
	models := names(get(opts, "consistency-models"))
	if len(asked)+len(models) == 0 {
		models = []string{"strict-serializable"}
	}
	switch get(result, "valid?") {
	case false:
		for _, n := range names(get(result, "not")) {
			if m := modelOf(t, n); r.Finding(m).Verdict != checker.Invalid {
				t.Errorf("%s is %v, and Elle says that it is broken: %v", m, r.Finding(m).Verdict, types)
			}
		}
		for _, want := range names(get(result, "anomaly-types")) {
			if !slices.Contains(types, want) && want != "empty-transaction-graph" {
				t.Logf("no %s among %v", want, types)
			}
		}
	case true:
		for _, n := range models {
			if m := modelOf(t, n); r.Finding(m).Verdict == checker.Invalid {
				t.Errorf("%s is broken, and Elle says that it holds:\n%s", m, r.Text(h))
			}
		}
		for _, a := range asked {
			if slices.Contains(types, a) || slices.Contains(types, a+"-item") {
				t.Errorf("%s, which Elle does not see:\n%s", a, r.Text(h))
			}
		}
	}
}

func modelOf(t *testing.T, name string) txn.Model {
	m, err := txn.FindModel(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestElleSimulations judges the histories of Elle's simulator, model by model.
func TestElleSimulations(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus(t, "elle-sim"), "list-append-*.edn.verdict"))
	if err != nil || len(files) == 0 {
		t.Fatal("no simulations", err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".edn.verdict")
		if strings.Contains(name, "n10000") && seeds(0) == 0 {
			continue // long to read
		}
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			of, r := verdicts(t, readList(t, strings.TrimSuffix(path, ".verdict")))
			for _, p := range get(parse(t, string(b)), "valid-by-model").(edn.Map) {
				m := modelOf(t, string(p.Key.(edn.Keyword)))
				if (of[m] == checker.Valid) != p.Value.(bool) {
					t.Errorf("%s: %v, and Elle says %v: %v", m, of[m], p.Value, r.Weakest)
				}
			}
		})
	}
}

// TestModelNames finds every name of Elle's.
func TestModelNames(t *testing.T) {
	b, err := os.ReadFile(corpus(t, "elle-models.edn"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	all := parse(t, text[strings.Index(text, "{"):])
	for _, p := range get(all, "prohibited").(edn.Map) {
		name := string(p.Key.(edn.Keyword))
		if m, err := txn.FindModel(name); err != nil && strings.Contains(err.Error(), "is unknown") {
			t.Errorf("%s: %q, %v", name, m, err)
		}
	}
}
