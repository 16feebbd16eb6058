package isolation_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/scenarios/isolation"
)

const (
	page = "../../docs/transactions.md"
	rows = "testdata/isolation.jsonl"
)

//go:generate go test -run TestMakeIsolation$ -count=1 -timeout=1h . -measure
var (
	measure = flag.Bool("measure", false, "of TestMakeIsolation: measure the rows of docs/transactions.md")
	update  = flag.Bool("update", false, "of TestTransactionsPage: write the parts of docs/transactions.md that are made from code")
)

// TestMakeIsolation measures the table of docs/transactions.md anew, if -measure is set.
func TestMakeIsolation(t *testing.T) {
	if !*measure {
		t.Skip("make isolation")
	}
	s := isolation.Isolation()
	all := scenariotest.Rows(t, s, "", "", s.Seeds)
	var lines bytes.Buffer
	for _, r := range all {
		require.NoError(t, json.NewEncoder(&lines).Encode(r))
	}
	require.NoError(t, os.WriteFile(rows, lines.Bytes(), 0o666))
	require.NoError(t, s.Holds(all))
}

// TestTransactionsPage has docs/transactions.md show what the code has: models, the lattice, the example, what was measured.
func TestTransactionsPage(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	want := string(text)
	for _, part := range []struct{ name, text string }{
		{"models", modelsTable()},
		{"lattice", lattice()},
		{"anomalies", anomaliesTable()},
		{"pictures", gallery(t)},
		{"owndatabase", source(t, "examples/owndatabase/database.go", "// open opens")},
		{"transactor", source(t, "workloads/sqltxn/txn.go", "// once carries out")},
		{"isolation", scenariotest.Markdown(t, isolation.Isolation(), scenariotest.ReadRows(t, rows))},
	} {
		want = between(t, want, part.name, part.text)
	}
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o666))
		return
	}
	assert.Equal(t, want, string(text), "go test ./scenarios/isolation -run TransactionsPage -update")
}

// between replaces what stands between the marks of a part.
func between(t *testing.T, page, part, text string) string {
	t.Helper()
	head, rest, ok := strings.Cut(page, "<!-- "+part+" -->\n")
	require.True(t, ok, part)
	_, tail, ok := strings.Cut(rest, "<!-- end "+part+" -->\n")
	require.True(t, ok, part)
	return head + "<!-- " + part + " -->\n" + text + "<!-- end " + part + " -->\n" + tail
}

// modelsTable lists the models, the strongest first.
func modelsTable() string {
	var b strings.Builder
	b.WriteString("| model | also called | what it promises |\n|---|---|---|\n")
	all := txn.Models()
	for i := len(all) - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", all[i], strings.Join(all[i].Names(), ", "), all[i].Doc())
	}
	return b.String()
}

// anomaliesTable lists the types of anomalies.
func anomaliesTable() string {
	var b strings.Builder
	b.WriteString("| anomaly | also called | what it is |\n|---|---|---|\n")
	for _, a := range txn.AnomalyTypes() {
		fmt.Fprintf(&b, "| <a id=\"%s\"></a>`%s` | %s | %s |\n", strings.ToLower(a.Name), a.Name, a.Also, a.Doc)
	}
	return b.String()
}

// lattice draws an arrow from each model to those that follow from it, and not from another that follows.
func lattice() string {
	var b strings.Builder
	b.WriteString("```mermaid\ngraph TD\n")
	all := txn.Models()
	for i := len(all) - 1; i >= 0; i-- {
		for _, weaker := range all {
			if follows(all, all[i], weaker) {
				fmt.Fprintf(&b, "  %s --> %s\n", all[i], weaker)
			}
		}
	}
	return b.String() + "```\n"
}

func follows(all []txn.Model, m, weaker txn.Model) bool {
	if m == weaker || !m.Implies(weaker) {
		return false
	}
	for _, between := range all {
		if between != m && between != weaker && m.Implies(between) && between.Implies(weaker) {
			return false
		}
	}
	return true
}

// source returns the Go code of a file from the line that begins so to the end of that declaration.
func source(t *testing.T, file, begin string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + file)
	require.NoError(t, err)
	_, code, ok := strings.Cut(string(text), "\n"+begin)
	require.True(t, ok, begin)
	code, _, ok = strings.Cut(code, "\n}\n")
	require.True(t, ok, begin)
	return "```go\n" + begin + code + "\n}\n```\n"
}
