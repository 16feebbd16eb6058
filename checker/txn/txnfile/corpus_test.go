package txnfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/txnfile"
)

// corpus returns the folder of the histories that others judged, or skips the test.
func corpus(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CAPSIZE_CORPUS")
	if dir == "" {
		t.Skip("CAPSIZE_CORPUS is not set")
	}
	return dir
}

func TestCorpusIsRead(t *testing.T) {
	dir := corpus(t)
	var files []string
	for _, pattern := range []string{"txn/*.edn.gz", "elle/histories/*.edn", "elle-cli/histories/elle/*", "elle-sim/*.edn", "elle-testvectors/*.edn"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	strict := 0
	for _, file := range files {
		kind := txn.Lists
		switch base := filepath.Base(file); {
		case strings.Contains(base, "register") || strings.Contains(base, "cyclic-versions"):
			kind = txn.Registers
		case strings.Contains(base, "predicate"):
			kind = txn.Predicates
		}
		if strings.Contains(file, "type-sanity") {
			continue // it mixes types of numbers, which no file can say
		}
		f, err := txnfile.Open(file, txnfile.Options{Kind: kind})
		if err == nil {
			strict++
		} else {
			t.Log(err)
			f, err = txnfile.Open(file, txnfile.Options{Kind: kind, Lenient: true})
		}
		if err != nil {
			t.Errorf("lenient: %v", err)
			continue
		}
		t.Logf("%s: %d %v", filepath.Base(file), len(f.History.Txns), f.Assumed)
	}
	t.Logf("%d of %d strictly", strict, len(files))
}
