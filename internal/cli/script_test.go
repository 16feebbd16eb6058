//go:debug randseednop=0

package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/caching"
	"github.com/capsize-go/capsize/scenarios/isolation"
	"github.com/capsize-go/capsize/scenarios/replication"
	"github.com/capsize-go/capsize/scenarios/resilience"
)

var update = flag.Bool("update", false, "write what scripts compare with cmp")

func TestMain(m *testing.M) {
	testscript.Main(noStep{m}, map[string]func(){
		"capsize":       func() { Main(&Scenarios{All: allScenarios(), Grids: grids}) },
		"capsize-alone": func() { Main(nil) },
		"capsize-two":   func() { Main(&Scenarios{All: twoScenarios()}) },
	})
}

var grids = map[string]func(scenarios.Scenario, []scenarios.Row) report.Grid{"cap": replication.Grid, "isolation": isolation.Grid}

// noStep runs tests, whose runs are no step of GitHub Actions, though the tests may be one.
type noStep struct{ *testing.M }

func (m noStep) Run() int {
	_ = os.Unsetenv(stepSummary) // it has a name, so it can be unset
	return m.M.Run()
}

func allScenarios() []scenarios.Scenario {
	all := slices.Concat(replication.All(), caching.All(), resilience.All(), isolation.All())
	slices.SortFunc(all, func(a, b scenarios.Scenario) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// twoScenarios are small: one has a picture, and the rows of the other are not what was expected.
func twoScenarios() []scenarios.Scenario {
	one, err := replication.CAP().Only([]string{"abd"}, []string{"3|2"})
	if err != nil {
		panic(err)
	}
	one.Name, one.Seeds, one.Holds = "drawn", 2, nil
	other := one
	one.Picture = func(rows []scenarios.Row) ([]byte, error) { return fmt.Appendf(nil, "<svg>%d</svg>\n", len(rows)), nil }
	other.Name, other.Holds = "false", func([]scenarios.Row) error { return errors.New("they show nothing") }
	return []scenarios.Scenario{one, other}
}

// TestKnownScenarios holds the list of scenarios of the command without them to the scenarios.
func TestKnownScenarios(t *testing.T) {
	with, without := &app{scenarios: &Scenarios{All: allScenarios()}}, &app{}
	assert.Equal(t, with.scenarioRows(), without.scenarioRows())
}

// TestScripts runs testdata/script: what a user types, and what comes of it.
//
// Under -short it runs those without long runs.
func TestScripts(t *testing.T) {
	if testing.Short() {
		runScripts(t, "usage", "list", "delegate", "check", "vacuous")
		return
	}
	runScripts(t)
}

// runScripts runs the named scripts, or all.
func runScripts(t *testing.T, names ...string) {
	t.Helper()
	var files []string
	for _, name := range names {
		files = append(files, "testdata/script/"+name+".txtar")
	}
	dir := "testdata/script"
	if len(files) > 0 {
		dir = ""
	}
	testscript.Run(t, testscript.Params{
		Dir: dir, Files: files,
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "")
			return setGo(e)
		},
		Condition: func(cond string) (bool, error) {
			if cond == "long" {
				return tier.Sweeping(), nil
			}
			return false, fmt.Errorf("there is no condition %q", cond)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":   exits,
			"goroot":  goroot,
			"json":    matchJSON,
			"lines":   countLines,
			"pick":    pick,
			"replace": replaceText,
		},
	})
}

// setGo gives the go command of scripts the caches of this one: a script has no home.
func setGo(e *testscript.Env) error {
	b, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	var env map[string]string
	if err := json.Unmarshal(b, &env); err != nil {
		return err
	}
	for name, value := range env { // order: variables of their own
		e.Setenv(name, value)
	}
	root, err := filepath.Abs("../..")
	e.Setenv("CAPSIZE_ROOT", root)
	return err
}

// exits runs a program and wants an exit code: exits 3 capsize run --nodes 0. The
// exec of testscript can't tell one failure from another.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if err != nil {
		var ok bool
		if code, ok = strings.CutPrefix(err.Error(), "exit status "); !ok {
			ts.Fatalf("%v", err)
		}
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s\n%s%s", code, args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// matchJSON wants a field of every line of a file of JSON lines to match a
// pattern: json stdout ops.ok '[1-9].*'. The pattern matches all of the value,
// which is that of a string, and else JSON.
func matchJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: [!] json FILE FIELD PATTERN")
	}
	want := regexp.MustCompile("^(?:" + args[2] + ")$")
	for i, line := range jsonLines(ts, args[0]) {
		got, err := field(line, args[1])
		if err != nil {
			ts.Fatalf("line %d: %v", i+1, err)
		}
		if want.MatchString(got) == neg {
			ts.Fatalf("line %d: %s is %s; wanted to match %s: %v", i+1, args[1], got, args[2], !neg)
		}
	}
}

func countLines(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: lines FILE NUMBER")
	}
	if n := len(jsonLines(ts, args[0])); fmt.Sprint(n) != args[1] {
		ts.Fatalf("%d lines, want %s", n, args[1])
	}
}

// pick writes fields of JSON lines to a file, to be compared: pick stdout first seed digest.
func pick(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: pick FILE TO FIELD...")
	}
	var b strings.Builder
	for _, line := range jsonLines(ts, args[0]) {
		for _, name := range args[2:] {
			value, err := field(line, name)
			ts.Check(err)
			b.WriteString(value + " ")
		}
		b.WriteString("\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o644))
}

func jsonLines(ts *testscript.TestScript, file string) []string {
	text := strings.TrimSuffix(ts.ReadFile(file), "\n")
	if text == "" {
		ts.Fatalf("%s is empty", file)
	}
	return strings.Split(text, "\n")
}

// field returns a value of a JSON object by its dotted path.
func field(line, path string) (string, error) {
	raw := json.RawMessage(line)
	for name := range strings.SplitSeq(path, ".") {
		var list []json.RawMessage
		var object map[string]json.RawMessage
		var i int
		if _, err := fmt.Sscan(name, &i); err == nil && json.Unmarshal(raw, &list) == nil && i < len(list) {
			raw = list[i]
			continue
		}
		if err := json.Unmarshal(raw, &object); err != nil {
			return "", fmt.Errorf("%s: %w: %s", path, err, raw)
		}
		next, ok := object[name]
		if !ok {
			return "", fmt.Errorf("there is no %s of %s in %s", name, path, raw)
		}
		raw = next
	}
	var text string
	if json.Unmarshal(raw, &text) == nil && raw[0] == '"' {
		return text, nil
	}
	return string(raw), nil
}
