// Package realbugs shows bugs of libraries in the versions that had them, and that later versions have them
// no more, by the scenarios that show them in general.
//
// A folder below this one has one bug, and in it a module for each version. The module has nothing of its own but
// the line of go.mod that names the version, and a test that calls [Check]: what differs between two versions is
// the library and nothing else.
package realbugs

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/caching"
)

// A Bug is a variant of a scenario that hosts a library.
type Bug struct {
	Scenario scenarios.Scenario
	Variant  string
	Library  string // its module
}

// OtterRefresh is a bug of maypok86/otter, mended in v2.4.0: a refresh was registered only when the executor came to it, and
// a Set cancels none that is not registered. So the refresh brought back what the Set had replaced.
// https://github.com/maypok86/otter/pull/243
func OtterRefresh() Bug {
	return Bug{caching.CacheRefresh(), "otter-refresh", "github.com/maypok86/otter/v2"}
}

// Check runs the variant with the library that this module is built with, which must be of that version, and
// fails unless the bug shows, or unless it does not. The numbers are logged. CAPSIZE_SEEDS says how many seeds it runs; by
// default it is 10.
func Check(t *testing.T, b Bug, version string, shows bool) {
	t.Helper()
	if v := versionOf(t, b.Library); v != version {
		t.Fatalf("%s is %q here, want %s", b.Library, v, version)
	}
	s, err := b.Scenario.Only([]string{b.Variant}, nil)
	if err != nil {
		t.Fatal(err)
	}
	capsize.CheckDeterminism(t, s.Variants[0].Test)
	rows, err := s.Run(t.Context(), t, scenarios.Options{Seeds: seeds(t)})
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := s.Table(&table, rows, 0); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s with %s %s:\n%s", s.Name, b.Library, version, &table)
	if shown := rows[0].Invalid > 0; shown != shows || rows[0].Unknown > 0 {
		t.Errorf("%d of %d seeds are invalid, and %d are unknown", rows[0].Invalid, rows[0].Seeds, rows[0].Unknown)
	}
}

func seeds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("CAPSIZE_SEEDS")
	if text == "" {
		return 10
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// versionOf returns the version of a library that the module of the test is built with.
func versionOf(t *testing.T, library string) string {
	t.Helper()
	const version = "{{with .Replace}}{{.Version}}{{else}}{{.Version}}{{end}}"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", version, library).Output()
	if err != nil {
		t.Fatalf("version of %s: %v", library, err)
	}
	return strings.TrimSpace(string(out))
}
