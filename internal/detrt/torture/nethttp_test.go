package torture_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize/internal/overlay"
	"github.com/capsize-go/capsize/internal/tier"
)

// TestNetHTTP runs the tests of net/http that are of package http_test on the simulated network, each in a process and a bubble of its own, as
// code of a client. It logs how many pass, and why the others do not; a reason that is not in the list is an error. The tests are those of the toolchain, from where they are: a list for
// the flag -overlay has them be a package that a program can import.
func TestNetHTTP(t *testing.T) {
	if !tier.Sweeping() {
		t.Skip("CAPSIZE_SEEDS has it run the tests of net/http")
	}
	tc, err := overlay.Installed(".")
	if err != nil {
		t.Fatal(err)
	}
	dir := os.Getenv("CAPSIZE_NETHTTP_DIR")
	if dir == "" {
		dir = t.TempDir()
	}
	h := httpTests{src: filepath.Join(tc.Root, "src", "net", "http"), file: filepath.Join(dir, "nethttp.exe")}
	h.build(t, tc)
	only := regexp.MustCompile(os.Getenv("CAPSIZE_NETHTTP"))
	results := map[string][]string{}
	for _, name := range strings.Fields(h.run(t, "-nethttp.list")) {
		if !strings.HasPrefix(name, "Test") || name == t.Name() || !only.MatchString(name) {
			continue
		}
		out := h.run(t, "-nethttp="+name)
		result := verdict(out)
		results[result] = append(results[result], name)
		if dir := os.Getenv("CAPSIZE_NETHTTP_LOGS"); dir != "" && result != passes {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(out), 0o666); err != nil {
				t.Error(err)
			}
		}
	}
	for _, result := range slices.Sorted(maps.Keys(results)) {
		t.Logf("%4d %s", len(results[result]), result)
		if result != passes {
			t.Logf("     %s", strings.Join(results[result], " "))
		}
	}
	if len(results[passes]) == 0 || len(results[fails])+len(results[endless]) > 0 {
		t.Error("a test fails for a reason that is not known, or none passes")
	}
}

// httpTests is a test binary with the tests of net/http.
type httpTests struct{ src, file string }

const (
	passes  = "pass"
	skips   = "skip themselves"
	endless = "do not end"
	fails   = "fail, for a reason that is not known"
)

// reasons are why tests fail that are right about the real network, and what they print then.
var reasons = []struct{ why, prints string }{
	{"make a bubble of their own, and there is none within another", "synctest.Run called from within a synctest bubble"},
	{"set GODEBUG while they run, which is the process's and no program's", `panic called with nil|Header\["Etag"\] = \[\]|got etag = ""|want "HTTP/1.1"`},
	{"look at the key of a pool of connections, which has the host in it here", "idle cache key|idle conn keys|want \"fake roundtrip\""},
	{"look for the name of their own file in a message, which is another one here", "stderr output = .*_zdet.go"},
	{"ask for the descriptor of a connection", "operation not supported"},
	{"have a finalizer close a channel", "close of synctest channel from outside bubble"},
	{"have two timers due at one instant, and expect that one is first", "context deadline exceeded.*missing timeout substring"},
}

// verdict says how a test ended.
func verdict(out string) string {
	if strings.Contains(out, "\nPASS\n") {
		if strings.Contains(out, "INFO --- SKIP") {
			return skips
		}
		return passes
	}
	for _, r := range reasons {
		if regexp.MustCompile(r.prints).MatchString(out) {
			return "fail: they " + r.why
		}
	}
	if strings.Contains(out, "ENDLESS") || strings.Contains(out, "panic: test timed out") || strings.Contains(out, "DEADLINE") {
		return endless
	}
	return fails
}

// run runs the binary where the tests of net/http find their files.
func (h httpTests) run(t *testing.T, flag string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, h.file, "-test.run=^TestNetHTTP$", "-test.v", "-test.timeout=90s", flag)
	cmd.Dir = h.src
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return string(out) + "DEADLINE"
	} else if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}

var declaration = regexp.MustCompile(`(?m)^func (Test\w+)\(\w+ \*(?:testing\.)?T\)`)

// build makes the test binary.
func (h httpTests) build(t *testing.T, tc overlay.Toolchain) {
	t.Helper()
	dir, err := filepath.Abs(filepath.Dir(h.file))
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	pkg := filepath.Join(h.src, "detnettests")
	replace := map[string]string{
		filepath.Join(h.src, "zdet_export.go"):            filepath.Join(h.src, "export_test.go"),
		filepath.Join(h.src, "zdet_proxy.go"):             filepath.Join(h.src, "proxy_test.go"), // it has a function that the tests use
		filepath.Join(pkg, "all.go"):                      filepath.Join(dir, "all.go"),
		filepath.Join(here, "nethttp", "nethttp_test.go"): filepath.Join(here, "testdata", "nethttp.go.txt"),
	}
	files, err := filepath.Glob(filepath.Join(h.src, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	all.WriteString("package http_test\n\nimport \"testing\"\n\n// All are the tests.\nvar All = []testing.InternalTest{\n")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(filepath.Base(file), "_test.go")
		if !strings.Contains(string(text), "\npackage http_test\n") || strings.HasPrefix(base, "example") {
			continue
		}
		replace[filepath.Join(pkg, base+"_zdet.go")] = file
		for _, m := range declaration.FindAllStringSubmatch(string(text), -1) {
			fmt.Fprintf(&all, "\t{%q, %s},\n", m[1], m[1])
		}
	}
	all.WriteString("}\n")
	write(t, filepath.Join(dir, "all.go"), all.String())
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "list.json")
	write(t, list, string(text))
	made, err := overlay.Make(filepath.Join(dir, "overlay"), tc, list)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := tc.Command(".", "test", "-c", "-vet=off", "-o", h.file, "-overlay="+made.List, "./nethttp").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
