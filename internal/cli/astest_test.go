package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/tier"
)

// inModule makes a folder in this module that no pattern of packages reaches, for programs that are compiled.
func inModule(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("testdata")
	require.NoError(t, err)
	dir, err = os.MkdirTemp(dir, "as-test-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// in runs a command in a folder, and returns what it printed and its exit code.
func in(t *testing.T, dir string, env []string, name string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), &stdout, &stderr
	_ = cmd.Run() // the exit code is returned
	if name == "go" || cmd.ProcessState.ExitCode() == exitHarness {
		stdout.Write(stderr.Bytes())
	}
	return stdout.String(), cmd.ProcessState.ExitCode()
}

// TestAsTest minimises failures of systems of the catalog, runs each from its file in another process, prints it as a Go test, and runs
// that: all show the same failure.
func TestAsTest(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	dir := inModule(t)
	wanted := map[string]string{"raftkv": "local-reads", "quorumkv": "ack-before-sync", "crdtkv": "remove-wins"} // one of each kind of workload
	tests := 0
	for _, s := range systems.All() {
		for _, b := range s.Bugs {
			if wanted[s.Name] != b.Name && !tier.Sweeping() {
				continue
			}
			found, ok := systems.FindingOf(s.Name, b.Name)
			require.True(t, ok)
			t.Run(s.Name+"/"+b.Name, func(t *testing.T) {
				emitted(t, dir, s.Name+"-"+b.Name, append(found.Args(s.Name, b.Name), shortened(s.Name, b.Name)...))
				tests++
			})
		}
	}
	out, code := in(t, dir, nil, "go", "vet", ".")
	require.Zero(t, code, out)
	out, code = in(t, dir, nil, "go", "test", "-v", ".")
	require.Zero(t, code, out)
	assert.Equal(t, tests, strings.Count(out, "--- PASS: Test"), out)

	// In place of the bug there is a system without it: now the tests fail.
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		sound := regexp.MustCompile(`Store\{Bugs: [^}]*\}`).ReplaceAll(text, []byte("Store{}"))
		require.NotEqual(t, string(text), string(sound))
		require.NoError(t, os.WriteFile(file, sound, 0o644))
	}
	out, code = in(t, dir, nil, "go", "test", "-v", ".")
	require.Equal(t, 1, code, out)
	assert.Equal(t, tests, strings.Count(out, "--- FAIL: Test"), out)
	assert.Contains(t, out, ": false, but fixed is false; the verdict is ")
}

// emitted minimises the failure of a command, runs it from its file, and writes it as a test into a folder.
func emitted(t *testing.T, dir, name string, args []string) {
	t.Helper()
	work := t.TempDir()
	out, code := in(t, work, nil, "capsize", append(args, "--report", "r")...)
	require.Equal(t, exitInvalid, code, out)
	runs, err := filepath.Glob(filepath.Join(work, "r", "*", recordFile))
	require.NoError(t, err)
	require.Len(t, runs, 1)
	out, code = in(t, work, nil, "capsize", "replay", runs[0], "--shrink", "small", "--report", "")
	if tier.Sweeping() && code == exitHarness { // the long loop has bugs whose runs do not become small within the budget
		t.Skip(out[strings.LastIndex(out, "capsize: ")+1:])
	}
	require.Equal(t, exitInvalid, code, out)
	require.Contains(t, out, "\nshrunk   from ")
	file := filepath.Join(work, "small")
	f, err := failure.Read(file)
	require.NoError(t, err)
	require.LessOrEqual(t, len(f.Ops), 20)
	out, code = in(t, work, nil, "capsize", "replay", file, "--report", "again")
	require.Equal(t, exitInvalid, code, out)
	require.Contains(t, out, "The history is the recorded one, byte for byte, and shows the recorded failure: "+f.Shows.Checker)
	copies, err := filepath.Glob(filepath.Join(work, "again", "*", smallFile))
	require.NoError(t, err)
	require.Len(t, copies, 1, "the page has the failure beside it")
	out, code = in(t, work, nil, "capsize", "replay", copies[0], "--as-test")
	require.Zero(t, code, out)
	require.NotContains(t, out, "func faultOf", "each fault has a constructor")
	assertRefused(t, work, runs[0], file)
	require.NoError(t, os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, "-", "_")+"_test.go"), []byte(out), 0o644))
}

// assertRefused has replay print what it can't do with a run and with a failure, and what of a failure that does not fit any more.
func assertRefused(t *testing.T, work, run, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for name, change := range map[string][2]string{"unknown": {`"f":"`, `"g":"`}, "newer": {"failure v1", "failure v2"}} {
		require.NoError(t, os.WriteFile(filepath.Join(work, name), bytes.ReplaceAll(text, []byte(change[0]), []byte(change[1])), 0o644))
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"replay", run, "--as-test"}, "--as-test needs the file of a minimised failure, and " + run + " is a whole run"},
		{[]string{"replay", file, "--shrink", "x"}, "--shrink: " + file + " is a failure that was minimised already"},
		{[]string{"replay", "unknown"}, "operation 1 is the first that does not fit workload "},
		{[]string{"replay", "newer"}, "newer:1: the file has version 2 of the form"},
		{[]string{"show", "newer"}, "newer:1: the file has version 2 of the form"},
	} {
		if c.args[1] == "unknown" && !bytes.Contains(text, []byte(`"f":"`)) {
			continue // it has no operation that could be unknown
		}
		out, code := in(t, work, nil, "capsize", c.args...)
		require.Equal(t, exitHarness, code, out)
		require.Contains(t, out, c.want)
	}
	out, code := in(t, work, nil, "capsize", "replay", file, "--json", "--report", "")
	require.Equal(t, exitInvalid, code, out)
	require.Contains(t, out, `"same":true`)
	require.Contains(t, out, `"shows":true`)
}

// quickstart is a test of a store that is wrong, with inputs and a fault of its own.
const quickstart = `package quickstart_test

import (
	"testing"
	"time"

	. "strings"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/examples/quickstart"
	faults "github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

var _ = ToUpper

// TestStores has two stores.
func TestStores(t *testing.T) {
	for name, store := range map[string]quickstart.Store{"wrong": {}, "right": {FromLeader: true}} {
		t.Run(name, func(t *testing.T) {
			capsize.Run(t, capsize.Test{
				System:   store,
				Workload: workloads.Register(store.Open), // the ready-made one
				Nemesis:  faults.Every(3*time.Second, faults.Partitions()),
				Duration: 10 * time.Second,
			})
		})
	}
}
`

// TestAsTestOfOwn prints a failure that go test saved as a copy of the test that saved it, and runs that.
func TestAsTestOfOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	dir := inModule(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "store_test.go"), []byte(quickstart), 0o644))
	env := []string{"CAPSIZE_SEED=1", "CAPSIZE_SHRINK=", "CAPSIZE_REPORT=" + t.TempDir()}
	out, code := in(t, dir, env, "go", "test", "-run", "TestStores/wrong", ".")
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "a small run made from seed 1: not linearizable")
	saved, err := filepath.Glob(filepath.Join(dir, "testdata/capsize/TestStores/wrong/seed-1-*"))
	require.NoError(t, err)
	require.Len(t, saved, 1)

	out, code = in(t, dir, nil, "capsize", "replay", saved[0])
	require.Equal(t, exitHarness, code)
	id := filepath.Base(saved[0])
	require.Contains(t, out, "replay it with\n  go test -run='^TestStores$/^wrong$/^"+id+"$' .")
	out, code = in(t, dir, nil, "capsize", "show", saved[0])
	require.Zero(t, code)
	require.True(t, strings.HasPrefix(out, "capsize failure v1\n# register on quickstart: not linearizable\n"), out)
	require.NotContains(t, out, "\nhistory\n")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "seed1_test.go"), nil, 0o644)) // as "> seed1_test.go" does
	source, code := in(t, dir, nil, "capsize", "replay", saved[0], "--as-test")
	require.Zero(t, code, source)
	for _, want := range []string{
		"// Made by: capsize replay testdata/capsize/TestStores/wrong/" + id + " --as-test\n",
		`	faults "github.com/capsize-go/capsize/nemesis"` + "\n",
		"func TestStoresSeed1(t *testing.T) {", "repeatStoresSeed1(t, capsize.Test{", "// the ready-made one", `if t.Name() != "TestStoresSeed1/wrong" {`,
		`Input: model.RegisterOp{F: "write", Key: "`,
	} {
		assert.Contains(t, source, want)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "seed1_test.go"), []byte(source), 0o644))
	out, code = in(t, dir, nil, "go", "vet", ".")
	require.Zero(t, code, out)
	out, code = in(t, dir, nil, "go", "test", "-v", "-run", "TestStoresSeed1", ".")
	require.Zero(t, code, out)
	require.Contains(t, out, "--- PASS: TestStoresSeed1/wrong")

	// What can't be made is refused.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "store_test.go"), []byte(strings.ReplaceAll(quickstart, "TestStores", "TestShops")), 0o644))
	require.NoError(t, os.Remove(filepath.Join(dir, "seed1_test.go")))
	out, code = in(t, dir, nil, "capsize", "replay", saved[0], "--as-test")
	require.Equal(t, exitHarness, code)
	require.Contains(t, out, "there is no test TestStores in "+dir+" any more")
	elsewhere := filepath.Join(t.TempDir(), id)
	text, err := os.ReadFile(saved[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(elsewhere, text, 0o644))
	out, code = in(t, dir, nil, "capsize", "replay", elsewhere, "--as-test")
	require.Equal(t, exitHarness, code)
	require.Contains(t, out, "must be in the folder testdata/capsize of its package")
}
