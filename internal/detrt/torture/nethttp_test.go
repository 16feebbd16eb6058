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
// code of a client. It logs how many pass, and why the others do not. The tests are those of the toolchain, from where they are: a list for
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
		if !strings.HasPrefix(name, "Test") || !only.MatchString(name) {
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
	if len(results[passes]) == 0 {
		t.Error("no test passes")
	}
}

// httpTests is a test binary with the tests of net/http.
type httpTests struct{ src, file string }

const (
	passes  = "pass"
	skips   = "skip themselves"
	bubbles = "make a bubble of their own, and there is none within another"
	endless = "do not end"
	fails   = "fail"
)

// verdict says how a test ended.
func verdict(out string) string {
	switch {
	case strings.Contains(out, "synctest.Run called from within a synctest bubble"):
		return bubbles
	case strings.Contains(out, "ENDLESS") || strings.Contains(out, "panic: test timed out") || strings.Contains(out, "DEADLINE"):
		return endless
	case !strings.Contains(out, "\nPASS\n"):
		return fails
	case strings.Contains(out, "--- SKIP") && !strings.Contains(out, "--- PASS: Test"):
		return skips
	}
	return passes
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
