package capsize_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/gocommand"
)

// smallFailure has TestRunChild fail with seed 3 in a folder, and returns what it printed, and the file that it saved.
func smallFailure(t *testing.T, dir string) (out, file string) {
	t.Helper()
	t.Setenv("CAPSIZE_SHRINK", "5s")
	t.Setenv("CAPSIZE_SEED", "3")
	out, passed := runChild(t, dir, "fails")
	require.False(t, passed)
	m := savedID.FindStringSubmatch(out)
	require.NotNil(t, m, out)
	t.Setenv("CAPSIZE_SEED", "")
	return out, filepath.Join(dir, "testdata/capsize/TestRunChild", m[1])
}

// edit changes a file; what is replaced must be there once.
func edit(t *testing.T, file string, before *regexp.Regexp, after string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Len(t, before.FindAll(text, -1), 1, "%s in %s", before, text)
	require.NoError(t, os.WriteFile(file, before.ReplaceAll(text, []byte(after)), 0o644))
}

var build = regexp.MustCompile(`(?m)^build .*$`)

// TestSmallFailure follows a failure that is minimised: the small run is printed and kept, and is run first from then on, alike in another
// process, and in a checkout that does not have the file.
func TestSmallFailure(t *testing.T) {
	dir := t.TempDir()
	out, file := smallFailure(t, dir)
	assert.Contains(t, out, ": echoes on capsize_test.echo, a small run made from seed 3: ")
	assert.Regexp(t, `shrunk +from 0 faults, \d+ calls, 3 nodes to 0 faults, [12] calls?, 1 node in \d+ runs \(`, out)
	assert.Regexp(t, `needed +no fault is needed; without operation 1.*: it passes`, out)
	assert.Contains(t, out, "To run seed 3 as it was before it was shrunk:\n")
	assert.Contains(t, out, "CAPSIZE_SHRINK=off CAPSIZE_SEED=3 CAPSIZE_SEEDS=1 "+gocommand.Command()+" -run='^TestRunChild$' .\n")
	f, err := failure.Read(file)
	require.NoError(t, err)
	assert.Equal(t, uint64(3), f.From)
	assert.Equal(t, "yes", f.Record.Repeats)
	assert.LessOrEqual(t, len(f.Ops), 2)
	assert.NotEmpty(t, f.History)
	page, err := os.ReadFile(filepath.Join(dir, "reports/TestRunChild-"+filepath.Base(file), "index.html"))
	require.NoError(t, err)
	assert.Contains(t, string(page), "This small run was made from seed 3: from 0 faults, ")

	out, passed := runChild(t, dir, "fails", "-test.v")
	require.False(t, passed)
	assert.Contains(t, out, "--- FAIL: TestRunChild/"+filepath.Base(file))
	assert.Contains(t, out, "repeats  this is the saved run, byte for byte\n")
	assert.Contains(t, out, "a small run made from seed 3")
	assert.Equal(t, 1, strings.Count(out, "To re-run:"), "nothing else was run")

	elsewhere := t.TempDir()
	out, passed = runChild(t, elsewhere, "fails", "-test.run=^TestRunChild$/^"+filepath.Base(file)+"$")
	require.False(t, passed)
	assert.NotContains(t, out, "gives another run here")
	assert.FileExists(t, filepath.Join(elsewhere, "testdata/capsize/TestRunChild", filepath.Base(file)), "the run of that name")
}

// TestSmallFailureMended mends the code of a small failure: it passes, says so, and stays; if the code is not known to have changed, it fails.
func TestSmallFailureMended(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	dir := t.TempDir()
	_, file := smallFailure(t, dir)
	out, passed := runChild(t, dir, "mended", "-test.v")
	require.False(t, passed, "it is the same binary, so chance or the environment decided")
	assert.Contains(t, out, "This run is not the one that was saved: the first op that no longer fits is the answer to process ")
	assert.Contains(t, out, "It passes now")
	assert.Contains(t, out, "This does not show that the bug is gone.")

	edit(t, file, build, "build other")
	out, passed = runChild(t, dir, "mended", "-test.v")
	require.True(t, passed, out)
	assert.Contains(t, out, "--- PASS: TestRunChild/"+filepath.Base(file))
	assert.Regexp(t, `the small run of seed 3, saved in .*: it passes now, and 2 of 2 runs are alike; the first op that no longer fits is the answer to process \d+: line 2 of the history\n +saved: \{.*\n +now: +\{`, out)
	assert.Contains(t, out, "It stays as a regression test; delete the file if it is of no use.")

	out, passed = runChild(t, dir, "another")
	require.False(t, passed)
	assert.Regexp(t, `This is another failure than the saved one, which was .*\.\n`, out)
	assert.Contains(t, out, "panic: boom")
	out, passed = runChild(t, dir, "expected", "-test.v")
	require.True(t, passed, out)
	assert.Contains(t, out, "It is what the test expects now.")
}

// TestSmallFailureNoLongerFits has tests that changed so much that they can't run the small failure.
func TestSmallFailureNoLongerFits(t *testing.T) {
	dir := t.TempDir()
	_, file := smallFailure(t, dir)
	for kind, want := range map[string]string{
		"other inputs":   `operation 1 is the first that does not fit workload "echoes" any more: no input is `,
		"other workload": `the failure is of workload "echoes", and the test has "shout" now`,
	} {
		out, passed := runChild(t, dir, kind)
		require.False(t, passed)
		assert.Contains(t, out, filepath.Base(file)+" can't be run any more, as the test or its faults changed: ")
		assert.Contains(t, out, want)
	}
	edit(t, file, regexp.MustCompile(`(?m)^plan$`), "plan\nstep 1  at 1s  for 1s  {\"kind\":\"unplugged\"}")
	out, passed := runChild(t, dir, "fails")
	require.False(t, passed)
	assert.Contains(t, out, "step 1 does not fit any more: there is no fault \"unplugged\"")
	edit(t, file, regexp.MustCompile(`(?m)^nodes .*$`), "nodes many")
	out, passed = runChild(t, dir, "fails")
	require.False(t, passed)
	assert.Regexp(t, filepath.Base(file)+`:\d+: "nodes": "many" is no number`, out)
}

// TestSmallExpected has a test that shows a bug on purpose print the small run, if that is asked for.
func TestSmallExpected(t *testing.T) {
	out, passed := runChild(t, t.TempDir(), "expected", "-test.v")
	require.True(t, passed, out)
	assert.NotContains(t, out, "a small run")
	dir := t.TempDir()
	t.Setenv("CAPSIZE_SHRINK", "5s")
	out, passed = runChild(t, dir, "expected", "-test.v")
	require.True(t, passed, out)
	assert.Regexp(t, `a small run made from seed \d+: echo violated\s+\(expected\)`, out)
	assert.NoDirExists(t, filepath.Join(dir, "testdata"), "it is kept nowhere")
}

// unkept is a client of a workload with inputs that JSON can't hold.
type unkept struct{ h *cluster.Host }

func (u unkept) Invoke(context.Context, any) (any, error) {
	u.h.Always(false, "no calls")
	return 0, nil
}

func (unkept) Close() error { return nil }

// TestFailureWithoutJSON shows what is wrong with a run whose inputs can't be kept in any file.
func TestFailureWithoutJSON(t *testing.T) {
	out, passed := runChild(t, t.TempDir(), "no JSON")
	require.False(t, passed)
	assert.Contains(t, out, "digest of the history: digest: encode op 0: input of type chan int: json: unsupported type: chan int")
	assert.Contains(t, out, "not always: no calls")
}

// TestUnshrunk keeps failures in folders that can't be kept in a file, and says why.
func TestUnshrunk(t *testing.T) {
	for _, c := range []struct{ kind, shrink, want string }{
		{"fails", "off", "CAPSIZE_SHRINK is off"},
		{"other inputs", "5s", "is another one when it is read from JSON"},
	} {
		dir := t.TempDir()
		t.Setenv("CAPSIZE_SHRINK", c.shrink)
		out, passed := runChild(t, dir, c.kind)
		require.False(t, passed)
		assert.NotContains(t, out, "a small run")
		names := savedIn(t, dir)
		require.Len(t, names, 1, out)
		text, err := os.ReadFile(filepath.Join(dir, "testdata/capsize/TestRunChild", names[0], "run.json"))
		require.NoError(t, err)
		assert.Regexp(t, `"unshrunk": ".*`+c.want, string(text))
		assert.FileExists(t, filepath.Join(dir, "testdata/capsize/TestRunChild", names[0], "history.jsonl"))
	}
	t.Setenv("CAPSIZE_SHRINK", "0s")
	out, passed := runChild(t, t.TempDir(), "fails")
	require.False(t, passed)
	assert.Contains(t, out, `environment variable CAPSIZE_SHRINK: it is "off" or a time such as "5s": it must be more than 0`)
}
