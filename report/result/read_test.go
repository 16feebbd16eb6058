package result_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/report/result"
)

// TestReadNeedsVerdict reads files that lack a verdict: none of them may pass as valid.
func TestReadNeedsVerdict(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                    "it has no verdict",
		`null`:                  "it has no verdict",
		`{"verdict":null}`:      "it has no verdict",
		`{"verdict":"perhaps"}`: "none of valid, unknown, invalid",
		``:                      "unexpected end",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, result.File), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := result.Read(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, result.File), []byte(`{"verdict":"invalid"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err := result.Read(dir); err != nil || r.Verdict != checker.Invalid {
		t.Errorf("%v, %v, want invalid", r.Verdict, err)
	}
}

// TestReadNoFile reads what is no regular file, and what is not there.
func TestReadNoFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := result.Read(dir); !os.IsNotExist(err) {
		t.Errorf("error %v, want %v", err, fs.ErrNotExist)
	}
	if err := os.Mkdir(filepath.Join(dir, result.File), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := result.Read(dir); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("error %v, want one that says that it is no regular file", err)
	}
}

// TestCallsHaveNull looks at the answers of reads that found nothing: JSON has null for them, and strings are as they were.
func TestCallsHaveNull(t *testing.T) {
	for _, c := range []struct {
		in, out any
		want    string
	}{
		{[]model.RegisterOp{{F: "read", Key: `a"-9223372036854775808`}, {F: "read", Key: "y"}}, []int{model.Nil, 3},
			`[{"f":"read","key":"a\"-9223372036854775808"},{"f":"read","key":"y"}] [null,3]`},
		{model.RegisterOp{F: "write", Key: "x", Value: model.Nil}, 0, `{"f":"write","key":"x","value":null} 0`},
		{model.RegisterOp{F: "read", Key: "x"}, model.Nil, `{"f":"read","key":"x"} null`},
	} {
		calls := result.Calls(&checker.Counterexample{Blamed: -1, Calls: []history.Call{{Invoke: history.Op{Input: c.in}, Complete: history.Op{Output: c.out}}}})
		input, err := json.Marshal(calls[0].Input)
		if err != nil {
			t.Fatal(err)
		}
		output, err := json.Marshal(calls[0].Output)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(input) + " " + string(output); got != c.want {
			t.Errorf("%s, not %s", got, c.want)
		}
	}
}
