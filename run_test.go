package capsize_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// TestRunChild is what the tests of Run run in another process, in a folder of its
// own, since it is to fail.
func TestRunChild(t *testing.T) {
	kind := os.Getenv("CAPSIZE_TEST_RUN")
	if kind == "" {
		t.Skip("for other tests")
	}
	t.Chdir(os.Getenv("CAPSIZE_TEST_DIR"))
	half := echo{reply: func(_ *cluster.Host, req int) int { return req / 2 }}
	test := capsize.Test{System: half, Workload: workloads.New(echoes()), Nodes: 3, Duration: 2 * time.Second}
	switch kind {
	case "mended":
		test.System = echo{}
	case "expected":
		test.Expect = checker.Invalid
	case "gone":
		test.System, test.Expect = echo{}, checker.Invalid
	case "panics":
		test.Expect = checker.Invalid
		test.System = echo{reply: func(*cluster.Host, int) int { panic("boom") }}
	case "long":
		test.System, test.Duration = echo{}, 1000*time.Hour
		test.Nemesis = nemesis.At(time.Second, time.Second, misfault{inject: signOfLife})
	}
	capsize.Run(t, test)
}

// sign is the file that a child makes when it has recorded something.
const sign = "at-work"

// signOfLife is a fault that harms nobody: it tells the parent of a child that its
// clients have been at work for a while.
func signOfLife(context.Context, *cluster.Cluster, *randV2) (string, func(), error) {
	return "at work", func() {}, os.WriteFile(sign, nil, 0o644)
}

// runChild runs TestRunChild, and returns what it printed and whether it passed.
func runChild(t *testing.T, dir, kind string, more ...string) (string, bool) {
	t.Helper()
	cmd := runCommand(dir, kind, more...)
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

func runCommand(dir, kind string, more ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append([]string{"-test.run=^TestRunChild$"}, more...)...)
	cmd.Env = append(os.Environ(), "CAPSIZE_TEST_RUN="+kind, "CAPSIZE_TEST_DIR="+dir, "CAPSIZE_REPORT="+filepath.Join(dir, "reports"))
	return cmd
}

var savedID = regexp.MustCompile(`saved +testdata/capsize/TestRunChild/([0-9a-f]{8})\n`)

// TestRunKeepsFailures follows a failure: it is reported, saved, run first and
// alone, and passes when the system is mended.
func TestRunKeepsFailures(t *testing.T) {
	dir := t.TempDir()
	out, passed := runChild(t, dir, "fails")
	require.False(t, passed)
	require.Contains(t, out, "was answered by")
	m := savedID.FindStringSubmatch(out)
	require.NotNil(t, m, out)
	id := m[1]
	assert.Contains(t, out, "go test -run='^TestRunChild$/^"+id+"$' .")
	for _, file := range []string{
		"testdata/capsize/TestRunChild/" + id + "/run.json", "testdata/capsize/TestRunChild/" + id + "/history.jsonl",
		"reports/TestRunChild-" + id + "/index.html",
	} {
		assert.FileExists(t, filepath.Join(dir, file))
	}

	out, passed = runChild(t, dir, "fails", "-test.run=^TestRunChild$/^"+id+"$", "-test.v")
	require.False(t, passed)
	assert.Contains(t, out, "--- FAIL: TestRunChild/"+id)
	assert.Contains(t, out, "testdata/capsize/TestRunChild/"+id+"\n", "it is the same failure")
	saved, err := filepath.Glob(filepath.Join(dir, "testdata/capsize/TestRunChild/*"))
	require.NoError(t, err)
	assert.Len(t, saved, 1, "nothing else was run")

	out, passed = runChild(t, dir, "mended", "-test.v")
	require.True(t, passed, out)
	assert.Contains(t, out, "--- PASS: TestRunChild/"+id)
	out, passed = runChild(t, dir, "mended")
	require.True(t, passed)
	assert.Equal(t, "PASS\n", withoutCoverage(out), "a test that passes prints nothing")
}

func TestRunExpects(t *testing.T) {
	out, passed := runChild(t, t.TempDir(), "expected")
	assert.True(t, passed, out)
	out, passed = runChild(t, t.TempDir(), "gone")
	assert.False(t, passed)
	assert.Contains(t, out, "are valid, but this test is to show an invalid one")
	out, passed = runChild(t, t.TempDir(), "panics")
	assert.False(t, passed, "a panic is not the bug that was to be shown")
	assert.Contains(t, out, "panic: boom")
}

func TestRunRefusesSettings(t *testing.T) {
	t.Setenv("CAPSIZE_SEED", "seven")
	out, passed := runChild(t, t.TempDir(), "fails")
	assert.False(t, passed)
	assert.Contains(t, out, "environment variable CAPSIZE_SEED: ")
}

func TestRunRefusesBrokenFailures(t *testing.T) {
	dir := t.TempDir()
	saved := filepath.Join(dir, "testdata/capsize/TestRunChild/12345678")
	require.NoError(t, os.MkdirAll(saved, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(saved, "run.json"), []byte(`{"seed": 1, "plan": [{"id": 1}]}`), 0o644))
	out, passed := runChild(t, dir, "fails")
	assert.False(t, passed)
	assert.Contains(t, out, `12345678/run.json: step 1 of the plan: "at" is missing`)
}

// TestRunInterrupted stops a test with Ctrl-C: what was recorded is written, and
// nothing is kept as a failure.
func TestRunInterrupted(t *testing.T) {
	dir := t.TempDir()
	cmd := runCommand(dir, "long")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(dir, sign))
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	err := cmd.Wait()
	require.Error(t, err)
	assert.Contains(t, out.String(), "the run was cut short: interrupted")
	assert.Regexp(t, `CAPSIZE_SEED=\d+ CAPSIZE_SEEDS=1 go test -run='\^TestRunChild\$' \.`, out.String())
	histories, err := filepath.Glob(filepath.Join(dir, "reports/*/history.jsonl"))
	require.NoError(t, err)
	require.Len(t, histories, 1)
	info, err := os.Stat(histories[0])
	require.NoError(t, err)
	assert.Positive(t, info.Size())
	assert.NoDirExists(t, filepath.Join(dir, "testdata"))
}

// withoutCoverage leaves out the line that a test binary prints under -cover.
func withoutCoverage(out string) string {
	return regexp.MustCompile(`(?m)^coverage: .*\n`).ReplaceAllString(out, "")
}
