package result_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker"
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
