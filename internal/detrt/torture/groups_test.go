package torture_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize/internal/overlay"
	"github.com/capsize-go/capsize/internal/tier"
)

// TestEachGroupIsNeeded leaves out each group of edits in turn, and asks that some test of this package fails. It
// builds the standard library once for each.
func TestEachGroupIsNeeded(t *testing.T) {
	if !tier.Sweeping() {
		t.Skip("CAPSIZE_SEEDS has it build the standard library for each group")
	}
	dir := t.TempDir()
	if failed, out := failing(t, built(t, dir, false)); len(failed) > 0 {
		t.Fatalf("with all groups, these fail: %v\n%s", failed, out)
	}
	for _, g := range overlay.Groups() {
		t.Run(g.Name, func(t *testing.T) {
			failed, _ := failing(t, built(t, dir, false, g.Name))
			if len(failed) == 0 {
				t.Errorf("no test notices that there is no group %s: %s", g.Name, g.Why)
			}
			t.Logf("without %s: %v", g.Name, failed)
		})
	}
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// failing runs the tests of a binary, and returns the names of those that fail. One that does not end fails, too.
func failing(t *testing.T, file string) (names []string, output string) {
	t.Helper()
	// The overall limit is for a test that stands still, as those do in which no virtual time passes.
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for _, test := range []string{"TestTorture", "TestTwiceInAProcess", "TestOutsideMutex", "TestLockAcrossSleep", "TestLateLazily", "TestPoints", "TestHosts", "TestProgram", "TestFiles", "TestNames", "TestGarbage"} {
		cmd := exec.CommandContext(ctx, file, "-test.run=^"+test+"$", "-test.timeout=90s")
		cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "CAPSIZE_SEEDS=") })
		if test == "TestGarbage" { // it is by chance that the collector is in the way
			cmd.Env = append(cmd.Env, "CAPSIZE_SEEDS=20")
		}
		out, err := cmd.CombinedOutput()
		if err == nil {
			continue
		}
		found := failure.FindAllStringSubmatch(string(out), -1)
		for _, m := range found {
			names = append(names, m[1])
		}
		output += string(out)
		if len(found) == 0 {
			return append(names, test+" (did not end)"), output
		}
	}
	return names, output
}
