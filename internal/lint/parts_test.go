package lint

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRatchetKeepsWhatItWrites(t *testing.T) {
	r := Ratchet{"a/b.go": 501, "a/b.go T.m": 80}
	text := r.String()
	got, err := ParseRatchet([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if problems := got.Compare(r); len(problems) > 0 || len(got) != len(r) {
		t.Errorf("read %v from\n%s", got, text)
	}
}

func TestRatchetRefusesWhatItCannotRead(t *testing.T) {
	for _, text := range []string{"a/b.go 501", "501", "-1 a/b.go"} {
		if r, err := ParseRatchet([]byte("# head\n\n" + text)); err == nil || !strings.Contains(err.Error(), "line 3") {
			t.Errorf("of %q it made %v, %v", text, r, err)
		}
	}
}

func TestRatchetOnlyGoesDown(t *testing.T) {
	was := Ratchet{"shrunk": 90, "grown": 80, "gone": 75}
	today := Ratchet{"shrunk": 85, "grown": 99, "new": 71}
	got := was.Lower(today)
	if want := (Ratchet{"shrunk": 85, "grown": 80}); got.String() != want.String() {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"cluster", "cluster", true},
		{"cluster", "systems/kv/raftkv", false},
		{"systems/...", "systems", false},
		{"systems/...", "systems/kv/raftkv", true},
		{"systems/...", "systemsof/raftkv", false},
		{".", ".", true},
	} {
		if got := matches(c.pattern, c.path); got != c.want {
			t.Errorf("matches(%q, %q) = %v", c.pattern, c.path, got)
		}
	}
}

func TestImportName(t *testing.T) {
	for path, want := range map[string]string{
		"time": "time", "math/rand/v2": "rand", "crypto/rand": "rand", "go.etcd.io/raft/v3": "raft", "example.com/vault": "vault",
	} {
		if got := importName(path); got != want {
			t.Errorf("importName(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestAnchor(t *testing.T) {
	if got, want := anchor(" 3. The `go test` way: what's new?"), "3-the-go-test-way-whats-new"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSentenceMayEndInASource(t *testing.T) {
	for text, want := range map[string]bool{
		"It ends.":                      true,
		"It ends (so).":                 true,
		"(It ends.)":                    true,
		"It ends.\nhttps://example.com": true,
		"It does not\nhttps://a.org":    false,
		"It does not":                   false,
		"https://example.com/x":         true,
	} {
		if got := endsSentence(text); got != want {
			t.Errorf("endsSentence(%q) = %v", text, got)
		}
	}
}

func TestLoadNeedsAModule(t *testing.T) {
	if m, err := Load(string(filepath.Separator)); err == nil {
		t.Errorf("loaded %v", m)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.test/empty\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if m, err := Load(dir); err == nil || !strings.Contains(err.Error(), "no packages") {
		t.Errorf("loaded %v, %v", m, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte("package x\nfunc"), 0o644); err != nil {
		t.Fatal(err)
	}
	if m, err := Load(dir); err == nil {
		t.Errorf("loaded %v from a file that does not parse", m)
	}
}

func TestProblemString(t *testing.T) {
	for p, want := range map[Problem]string{
		{Text: "x"}:                           "x",
		{File: "a/b.go", Text: "x"}:           "a/b.go: x",
		{File: "a/b.go", Line: 7, Text: "x"}:  "a/b.go:7: x",
		{File: "", Line: 7, Text: "no place"}: "no place",
	} {
		if got := p.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestWordsHaveTheirParts has each word be looked for where it is, in all its spellings.
func TestWordsHaveTheirParts(t *testing.T) {
	said := []string{
		"/wo" + "rk/x", "/t" + "mp/x", "/ro" + "ot/x", "/ho" + "me/x", "TO" + "DO: x", "TO" + "DO(x)", "FIX" + "ME", "XX" + "X",
		"As an" + " AI", "Cla" + "ude", "anth" + "ropic", "Chat" + "GPT", "sub" + "agents", "Lorem " + "ipsum", strings.Repeat("<", 7) + " a", strings.Repeat(">", 7) + " b",
	}
	for _, text := range said {
		i := slices.IndexFunc(words, func(w Word) bool { return w.Match.MatchString(text) })
		if i < 0 {
			t.Errorf("no word matches %q", text)
		} else if !words[i].mayBeIn([]byte(strings.ToLower(text))) {
			t.Errorf("%q has no part of %v", text, words[i].Match)
		}
	}
	for _, w := range words {
		if w.mayBeIn([]byte("a text without any")) {
			t.Errorf("each text has a part of %v", w.Match)
		}
	}
}
