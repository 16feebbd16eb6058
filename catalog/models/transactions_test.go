package models

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

const skewed = `{:process 0, :type :invoke, :f :txn, :value [[:r "y" nil] [:append "x" 1]]}
{:process 1, :type :invoke, :f :txn, :value [[:r "x" nil] [:append "y" 1]]}
{:process 0, :type :ok, :f :txn, :value [[:r "y" []] [:append "x" 1]]}
{:process 1, :type :ok, :f :txn, :value [[:r "x" []] [:append "y" 1]]}
`

func judgeTransactions(t *testing.T, o Options, text string) TransactionJudgement {
	t.Helper()
	c, err := New(o)
	require.NoError(t, err)
	f, err := c.ReadTransactions("h.edn", strings.NewReader(text), "auto")
	require.NoError(t, err)
	j, err := c.JudgeTransactions(t.Context(), f)
	require.NoError(t, err)
	return j
}

func TestTransactionsAreJudged(t *testing.T) {
	j := judgeTransactions(t, Options{Model: "list-append"}, skewed)
	assert.Equal(t, checker.Invalid, j.Verdict)
	assert.Equal(t, "not strict serializable", j.Broken)
	require.NotNil(t, j.Counterexample)
	assert.Len(t, j.Counterexample.Calls, 2)
	assert.Len(t, j.Counterexample.Links, 2, "a cycle of two")
	assert.Equal(t, 4, j.Page.Len())
	assert.Contains(t, j.Others(), "holds still: ")

	for consistency, want := range map[string]checker.Verdict{
		"snapshot-isolation": checker.Valid, "SI": checker.Valid, "PL-3": checker.Invalid, "serializable": checker.Invalid, Strongest: checker.Valid,
	} {
		assert.Equal(t, want, judgeTransactions(t, Options{Model: "list-append", Consistency: consistency}, skewed).Verdict, consistency)
	}
}

// TestNothingIsNotValid judges histories that keep every model because nothing happened in them.
func TestNothingIsNotValid(t *testing.T) {
	for want, text := range map[string]string{
		"no transaction committed": `{:process 0, :type :invoke, :f :txn, :value [[:append "x" 1]]}`,
		"nothing was read":         `{:process 0, :type :invoke, :f :txn, :value [[:append "x" 1]]} {:process 0, :type :ok, :f :txn, :value [[:append "x" 1]]}`,
	} {
		for _, consistency := range []string{"", "read-committed", Strongest} {
			j := judgeTransactions(t, Options{Model: "list-append", Consistency: consistency}, text)
			assert.Equal(t, checker.Unknown, j.Verdict)
			assert.Equal(t, want, j.Reason)
		}
	}
}

// TestValuesOfAnyKindAreShown has values that no recorded run has.
func TestValuesOfAnyKindAreShown(t *testing.T) {
	text := strings.NewReplacer(`"x" 1`, `"x" :one`, `"y" 1`, `"y" 0`).Replace(skewed)
	j := judgeTransactions(t, Options{Model: "list-append"}, text)
	require.NotNil(t, j.Counterexample)
	in, ok := j.Counterexample.Calls[0].Invoke.Input.(spelledTxn)
	require.True(t, ok)
	assert.Equal(t, `r "y" → [], append "x" :one`, in.String())
	assert.JSONEq(t, `[["r","y",[]],["append","x",":one"]]`, string(in.json))
}

func TestJudgeReadsTransactions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "skew.edn")
	require.NoError(t, os.WriteFile(file, []byte(skewed), 0o600))
	j, err := Judge(t.Context(), file, Options{Model: "list-append", Format: history.EDN})
	require.NoError(t, err)
	assert.Equal(t, checker.Invalid, j.Verdict)
	_, err = New(Options{Model: "list-append", LinearizableKeys: true})
	assert.ErrorContains(t, err, "rw-register")
	_, err = New(Options{Model: "list-append", Independent: true})
	assert.ErrorContains(t, err, "are for the models of objects")
	_, err = New(Options{Model: "predicate", Consistency: "read-commited"})
	assert.ErrorContains(t, err, `did you mean "read-committed"`)
}
