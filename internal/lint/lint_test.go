package lint

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "lower the ratchet, and rewrite the want.txt of every fixture")

// repository is loaded once for all rules.
var repository = sync.OnceValues(func() (*Module, error) { return Load(".") })

func load(t *testing.T) *Module {
	t.Helper()
	m, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func report(t *testing.T, problems []Problem) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}

func TestImports(t *testing.T) {
	report(t, Imports(load(t), importRules))
}

func TestBannedCalls(t *testing.T) {
	report(t, Calls(load(t), bans, allowed))
}

func TestMapOrder(t *testing.T) {
	report(t, MapOrder(load(t), inOrder))
}

func TestFunctionLength(t *testing.T) {
	const file = "ratchet.txt"
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	ratchet, err := ParseRatchet(text)
	if err != nil {
		t.Fatal(err)
	}
	today := TooLong(load(t), maxFunction, maxFile)
	if *update {
		ratchet = ratchet.Lower(today)
		if err := os.WriteFile(file, []byte(ratchet.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	report(t, ratchet.Compare(today))
}

func TestSizes(t *testing.T) {
	report(t, Sizes(load(t)))
}

//go:generate go test -run TestAPI$ . -update

// TestAPI shows what a change does to users: testdata/api.txt of the module's root has every exported name. -update writes it anew.
func TestAPI(t *testing.T) {
	m := load(t)
	today, err := API(m)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(m.Root, "testdata", "api.txt")
	if *update {
		if err := os.WriteFile(file, []byte(today), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	was, is := strings.Split(string(kept), "\n"), strings.Split(today, "\n")
	for _, line := range missing(was, is) {
		t.Errorf("testdata/api.txt has, and the code has not: %s (go test ./internal/lint -run API -update)", line)
	}
	for _, line := range missing(is, was) {
		t.Errorf("the code has, and testdata/api.txt has not: %s (go test ./internal/lint -run API -update)", line)
	}
}

// missing returns the lines of one text that another does not have.
func missing(lines, from []string) (all []string) {
	for _, line := range lines {
		if !slices.Contains(from, line) {
			all = append(all, line)
		}
	}
	return all
}

func TestDocs(t *testing.T) {
	report(t, Docs(load(t), noExample))
}

func TestLanguage(t *testing.T) {
	onText(t, func(m *Module, files []string) ([]Problem, error) { return Language(m.Root, files, words) })
}

// TestTerms leaves out what is told of the past, in the words of its time.
func TestTerms(t *testing.T) {
	onText(t, func(m *Module, files []string) ([]Problem, error) {
		return Terms(m.Root, files, terms, "CHANGELOG.md")
	})
}

// TestStrings leaves out the package that has the patterns.
func TestStrings(t *testing.T) {
	report(t, Strings(load(t), printed, "internal/lint"))
}

// TestOutputs holds to the words what tests keep of what programs print. It leaves out a fixture whose words are of its own.
func TestOutputs(t *testing.T) {
	onText(t, func(m *Module, files []string) ([]Problem, error) {
		return Outputs(m.Root, files, printed, "report/testdata/findings.txt")
	})
}

// TestWording leaves out the package that has the patterns, and one that is being rewritten.
func TestWording(t *testing.T) {
	report(t, Wording(load(t), printed, oldWords, "internal/lint"))
}

func TestLinks(t *testing.T) {
	onText(t, func(m *Module, files []string) ([]Problem, error) { return Links(m.Root, files) })
}

func TestCommands(t *testing.T) {
	onText(t, Commands)
}

// onText applies a rule to all files of the repository.
func onText(t *testing.T, rule func(m *Module, files []string) ([]Problem, error)) {
	t.Helper()
	m := load(t)
	files, err := Tracked(m.Root, "internal/lint/testdata/")
	if err != nil {
		t.Skipf("this is no clone of the repository: %v", err)
	}
	problems, err := rule(m, files)
	if err != nil {
		t.Fatal(err)
	}
	report(t, problems)
}

// fixtureRatchet is what the fixture of the length rule has moved away from.
var fixtureRatchet = Ratchet{"long.go grown": 3, "long.go shrunk": 5, "long.go thing.kept": 4, "long.go removed": 9}

// TestFixtures shows that each rule works: it finds in its fixture what want.txt
// says, and nothing else.
func TestFixtures(t *testing.T) {
	for name, rule := range map[string]func(m *Module) ([]Problem, error){
		"imports": func(m *Module) ([]Problem, error) { return Imports(m, importRules), nil },
		"calls": func(m *Module) ([]Problem, error) {
			return Calls(m, bans, []Allowance{
				{"internal/keyed", "*", "math/rand/v2.*", "the place that makes them"},
				{"cluster", "loop.wait", "time.Sleep", "shows that a method can be allowed"},
				{"cluster", "loop.rest", "time.Sleep", "shows that an allowance goes stale"},
			}), nil
		},
		"order": func(m *Module) ([]Problem, error) { return MapOrder(m, inOrder), nil },
		"length": func(m *Module) ([]Problem, error) {
			return fixtureRatchet.Compare(TooLong(m, 2, 20)), nil
		},
		"docs": func(m *Module) ([]Problem, error) { return Docs(m, noExample), nil },
		"language": func(m *Module) ([]Problem, error) {
			return Language(m.Root, []string{"notes.md", "gone.md", "binary"}, words)
		},
		"terms": func(m *Module) ([]Problem, error) {
			return Terms(m.Root, []string{"notes.md", "old.md", "gone.md", "notes.go"}, terms, "old.md")
		},
		"outputs": func(m *Module) ([]Problem, error) {
			return Outputs(m.Root, []string{"testdata/page.txt", "testdata/script.txtar", "testdata/old.txt", "testdata/gone.txt", "notes.txt"}, printed, "testdata/old")
		},
		"strings":  func(m *Module) ([]Problem, error) { return Strings(m, printed, "patterns"), nil },
		"wording":  func(m *Module) ([]Problem, error) { return Wording(m, printed, oldWords), nil },
		"commands": func(m *Module) ([]Problem, error) { return Commands(m, []string{"README.md", "gone.md", "fixture.go"}) },
		"links": func(m *Module) ([]Problem, error) {
			return Links(m.Root, []string{"README.md", "docs/other.md", "links.go"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("testdata", name)
			m, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			problems, err := rule(m)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, p := range problems {
				got.WriteString(p.String() + "\n")
			}
			compare(t, filepath.Join(dir, "want.txt"), got.String())
		})
	}
}

// compare fails the test unless the file holds got, line by line.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	missing := map[string]bool{}
	for _, l := range wantLines {
		missing[l] = true
	}
	for _, l := range gotLines {
		if !missing[l] {
			t.Errorf("found, but not wanted: %s", l)
		}
		delete(missing, l)
	}
	for l := range missing {
		t.Errorf("wanted, but not found: %s", l)
	}
}
