package capsize_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/gocommand"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
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
	case "another": // it fails, but in another way
		test.System = echo{reply: func(*cluster.Host, int) int { panic("boom") }}
	case "other inputs":
		test.Workload.ReadInput = func(b []byte) (any, error) { return nil, fmt.Errorf("no input is %s any more", b) }
	case "no JSON":
		next := test.Workload.Next
		test.Workload.Next = func(t workloads.Turn[any, any]) any { next(t); return make(chan int) }
		test.Workload.Accepts = nil
		test.Workload.Open = func(_ context.Context, h *cluster.Host) (workloads.Client, error) { return unkept{h}, nil }
	case "other workload":
		test.Workload.Name = "shout"
	case "expected":
		test.Expect = checker.Invalid
	case "gone":
		test.System, test.Expect = echo{}, checker.Invalid
	case "panics":
		test.Expect = checker.Invalid
		test.System = echo{reply: func(*cluster.Host, int) int { panic("boom") }}
	case "chance": // as if drawn when the process begins
		if os.Getenv("CAPSIZE_TEST_CHANCE") != "wrong" {
			test.System = echo{}
		}
	case "each": // as if drawn at each call; the first run is wrong in any case
		calls := 0
		if os.Getenv("CAPSIZE_TEST_CHANCE") == "mended" {
			test.System = echo{}
		} else {
			test.System = echo{reply: func(_ *cluster.Host, req int) int { calls++; return req / 2 * calls }}
		}
	case "two":
		for _, name := range []string{"", "", "a name"} {
			test.Name = name
			capsize.Run(t, test)
		}
		return
	case "parallel":
		test.System, test.Duration = echo{}, time.Second
		for i := range 4 {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				capsize.Run(t, test)
			})
		}
		return
	case "nested":
		inner := test
		test.System = cluster.Func(func(ctx context.Context, _ *cluster.Host) error {
			_, err := capsize.Exec(ctx, t, inner)
			panic(err)
		})
	case "long":
		test.System, test.Duration = echo{}, 1000*time.Hour
		test.Nemesis = nemesis.At(time.Second, time.Second, misfault{inject: signOfLife})
	}
	capsize.Run(t, test)
}

// sign is the file that a child makes when it has recorded something.
const sign = "at-work"

// signOfLife is a fault that harms no node: it tells the parent of a child that its
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
	reports := filepath.Join(dir, "reports")
	switch where := os.Getenv("CAPSIZE_TEST_REPORT"); where {
	case "":
	case "module":
		reports = ""
	default:
		reports = where
	}
	cmd.Env = append(os.Environ(), "CAPSIZE_TEST_RUN="+kind, "CAPSIZE_TEST_DIR="+dir, "CAPSIZE_REPORT="+reports)
	if os.Getenv("CAPSIZE_SHRINK") == "" { // tests of small failures ask for them
		cmd.Env = append(cmd.Env, "CAPSIZE_SHRINK=off")
	}
	return cmd
}

var savedID = regexp.MustCompile(`saved +testdata/capsize/TestRunChild/(seed-(\d+)-[0-9a-f]{8})\n`)

// savedIn returns the names of the failures that are kept below dir, from the folder
// of the test on.
func savedIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	root := filepath.Join(dir, "testdata/capsize/TestRunChild")
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.Name() == "run.json" {
			rel, _ := filepath.Rel(root, filepath.Dir(path))
			names = append(names, filepath.ToSlash(rel))
		}
		return nil
	}))
	return names
}

// TestRunKeepsFailures follows a failure: it is reported with its seed, saved, run
// first and alone, and no other is looked for while it fails.
func TestRunKeepsFailures(t *testing.T) {
	dir := t.TempDir()
	out, passed := runChild(t, dir, "fails")
	require.False(t, passed)
	require.Contains(t, out, "was answered by")
	m := savedID.FindStringSubmatch(out)
	require.NotNil(t, m, out)
	id, seed := m[1], m[2]
	assert.Contains(t, out, gocommand.Command()+" -run='^TestRunChild$/^"+id+"$' .")
	assert.Contains(t, out, "seed     "+seed+"\n")
	assert.Contains(t, out, "repeats  2 of 2 runs alike")
	for _, file := range []string{
		"testdata/capsize/TestRunChild/" + id + "/run.json", "testdata/capsize/TestRunChild/" + id + "/history.jsonl",
		"reports/TestRunChild-" + id + "/index.html",
	} {
		assert.FileExists(t, filepath.Join(dir, file))
	}

	for range tier.InRace(1, 2) { // newcomer/failures-pile-up
		out, passed = runChild(t, dir, "fails")
		require.False(t, passed)
		assert.Equal(t, 1, strings.Count(out, "was answered by"), out)
	}
	out, passed = runChild(t, dir, "fails", "-test.run=^TestRunChild$/^"+id+"$", "-test.v")
	require.False(t, passed)
	assert.Contains(t, out, "--- FAIL: TestRunChild/"+id)
	assert.Contains(t, out, "testdata/capsize/TestRunChild/"+id+"\n", "it is the same failure")
	assert.Contains(t, out, "repeats  this is the saved run, byte for byte\n")
	assert.Equal(t, []string{id}, savedIn(t, dir), "nothing else was run")

	t.Setenv("CAPSIZE_SEED", "4711") // asked for, so it is run
	out, passed = runChild(t, dir, "fails")
	require.False(t, passed)
	assert.Contains(t, out, "seed     4711\n")
	assert.Equal(t, []string{id}, savedIn(t, dir), "one failure is kept")
}

// TestRunMended mends the system of a saved failure. The subtest passes only if the
// code is known to have changed, and says that it is another run than was saved.
func TestRunMended(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	dir := t.TempDir()
	out, _ := runChild(t, dir, "fails")
	id := savedID.FindStringSubmatch(out)[1]
	out, passed := runChild(t, dir, "mended", "-test.v")
	require.False(t, passed, "it is the same binary, so chance or the environment decided")
	assert.Contains(t, out, "--- FAIL: TestRunChild/"+id)
	assert.Regexp(t, `This run is not the one that was saved: the histories differ from line \d+ on\n +saved: \{.*\n +now:   \{`, out)
	assert.Contains(t, out, "The test binary is the very one that saved it")
	assert.Contains(t, out, "It was invalid: ")
	assert.Contains(t, out, "It is valid now. This does not show that the bug is gone.")

	otherBuild(t, dir, id)
	out, passed = runChild(t, dir, "mended", "-test.v")
	require.True(t, passed, out)
	assert.Contains(t, out, "--- PASS: TestRunChild/"+id)
	assert.Regexp(t, `valid now, and 2 of 2 runs alike, but not the run that was saved: the histories differ from line \d+ on`, out)
	out, passed = runChild(t, dir, "mended")
	require.True(t, passed)
	assert.Regexp(t, `^capsize: TestRunChild/`+id+`: seed \d+, saved in .*: valid now, .* differ from line \d+ on \(-v shows more\)\nPASS\n`, out)

	// A saved history that is cut short is no sign of chance: the digests are compared.
	file := filepath.Join(dir, "testdata/capsize/TestRunChild", id, "history.jsonl")
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, b[:len(b)-10], 0o644))
	out, passed = runChild(t, dir, "fails", "-test.v")
	require.False(t, passed)
	assert.Regexp(t, `: the saved history is damaged: history.jsonl has not the digest that run.json says \([0-9a-f]{8}\); line \d+, its last, is cut short`, out)
	assert.Contains(t, out, "repeats  this is the saved run, byte for byte\n")
	assert.NotContains(t, out, "not deterministic")

	// A test that passes and has no such thing to say prints nothing.
	out, passed = runChild(t, t.TempDir(), "mended")
	require.True(t, passed)
	assert.Equal(t, "PASS\n", withoutCoverage(out))
}

// otherBuild makes a saved run one that another test binary saved.
func otherBuild(t *testing.T, dir, id string) {
	t.Helper()
	file := filepath.Join(dir, "testdata/capsize/TestRunChild", id, "run.json")
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	other := regexp.MustCompile(`"build": "[0-9a-f]{16}"`).ReplaceAll(b, []byte(`"build": "0123456789abcdef"`))
	require.NotEqual(t, string(b), string(other))
	require.NoError(t, os.WriteFile(file, other, 0o644))
}

// TestRunByChance has a system that is decided by chance (newcomer/saved-does-not-repeat):
// once for each process, or at each call.
func TestRunByChance(t *testing.T) {
	if schedule.Active() {
		t.Skip("the chance of this test is drawn when the process starts, and a deterministic runtime draws the same in each")
	}
	if testing.Short() {
		t.Skip("long")
	}
	dir := t.TempDir()
	t.Setenv("CAPSIZE_TEST_CHANCE", "wrong")
	out, passed := runChild(t, dir, "chance")
	require.False(t, passed, out)
	require.Contains(t, out, "repeats  2 of 2 runs alike\n", "within a process")
	t.Setenv("CAPSIZE_TEST_CHANCE", "right")
	out, passed = runChild(t, dir, "chance")
	require.False(t, passed, "valid by chance")
	assert.Contains(t, out, "This run is not the one that was saved")

	dir = t.TempDir()
	out, passed = runChild(t, dir, "each")
	require.False(t, passed)
	m := savedID.FindStringSubmatch(out)
	require.NotNil(t, m, out)
	assert.Contains(t, out, "repeats  NO: a second run of this seed was another one\n")
	assert.Regexp(t, `are not alike \(see CheckDeterminism\): the\s+histories differ from line \d+ on`, out)
	assert.NotContains(t, out, "every time")
	otherBuild(t, dir, m[1])
	t.Setenv("CAPSIZE_TEST_CHANCE", "mended")
	out, passed = runChild(t, dir, "each")
	require.False(t, passed, "what never repeated says nothing when it is valid")
	assert.Contains(t, out, "When it was saved, it did not repeat either")
}

// TestRunElsewhere runs the command of a failure where nothing is saved
// (newcomer/rerun-elsewhere).
func TestRunElsewhere(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	out, passed := runChild(t, t.TempDir(), "fails")
	require.False(t, passed)
	m := savedID.FindStringSubmatch(out)
	require.NotNil(t, m, out)

	dir := t.TempDir()
	out, passed = runChild(t, dir, "fails", "-test.run=^TestRunChild$/^"+m[1]+"$", "-test.v")
	require.False(t, passed)
	assert.Contains(t, out, "--- FAIL: TestRunChild/"+m[1])
	assert.Contains(t, out, "seed     "+m[2]+"\n")
	assert.Equal(t, []string{m[1]}, savedIn(t, dir), "it is the same run")

	out, passed = runChild(t, t.TempDir(), "mended", "-test.run=^TestRunChild$/^"+m[1]+"$")
	require.False(t, passed)
	assert.Contains(t, out, "seed "+m[2]+" gives another run here than "+m[1]+", which is not saved here")
	out, passed = runChild(t, t.TempDir(), "fails", "-test.run=^TestRunChild$/^seed-5$")
	require.False(t, passed)
	assert.Contains(t, out, "seed     5\n")
	out, passed = runChild(t, t.TempDir(), "fails", "-test.run=^TestRunChild$/^13ae0e98$")
	require.False(t, passed)
	assert.Contains(t, out, "13ae0e98 is not saved here (in testdata/capsize/TestRunChild)")
	assert.Contains(t, out, "CAPSIZE_SEED=… CAPSIZE_SEEDS=1 "+gocommand.Command()+" -run='^TestRunChild$' .")

	t.Setenv("CAPSIZE_DURATION", "1500ms") // a part of the command
	out, passed = runChild(t, t.TempDir(), "fails")
	require.False(t, passed)
	assert.Contains(t, out, "CAPSIZE_DURATION=1.5s "+gocommand.Command()+" -run='^TestRunChild$/^seed-")
}

// TestRunTwice has several Runs in a test (newcomer/two-runs-one-test): each keeps its
// own failures and runs only those.
func TestRunTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	dir := t.TempDir()
	t.Setenv("CAPSIZE_SEED", "3")
	out, passed := runChild(t, dir, "two")
	require.False(t, passed)
	names := savedIn(t, dir)
	require.Len(t, names, 3)
	for i, want := range []string{"^2/seed-3-[0-9a-f]{8}$", "^a-name/seed-3-[0-9a-f]{8}$", "^seed-3-[0-9a-f]{8}$"} {
		require.Regexp(t, want, names[i])
		assert.Contains(t, out, gocommand.Command()+" -run='^TestRunChild$/^"+strings.ReplaceAll(names[i], "/", "$/^")+"$' .")
		assert.DirExists(t, filepath.Join(dir, "reports", "TestRunChild-"+strings.ReplaceAll(names[i], "/", "-")))
	}
	t.Setenv("CAPSIZE_SEED", "")
	for _, name := range names {
		for _, where := range []string{dir, t.TempDir()} { // with what is saved, and elsewhere
			pattern := "-test.run=^TestRunChild$/^" + strings.ReplaceAll(name, "/", "$/^") + "$"
			out, passed = runChild(t, where, "two", pattern, "-test.v")
			require.False(t, passed)
			assert.Equal(t, 1, strings.Count(out, "was answered by"), out)
			assert.Contains(t, out, "--- FAIL: TestRunChild/"+name)
		}
	}
	assert.Equal(t, names, savedIn(t, dir))
	out, passed = runChild(t, dir, "two", "-test.run=^TestRunChild$/^third$/^seed-3$")
	require.False(t, passed)
	assert.Contains(t, out, `no Run of that test has such a name; they are "", "2", "a-name"`)
}

// TestRunParallel has tests that run side by side (newcomer/parallel-fails).
func TestRunParallel(t *testing.T) {
	out, passed := runChild(t, t.TempDir(), "parallel", "-test.v", "-test.parallel=4")
	require.True(t, passed, out)
	assert.Equal(t, 4, strings.Count(out, "--- PASS: TestRunChild/"), out)
	out, passed = runChild(t, t.TempDir(), "nested")
	require.False(t, passed)
	assert.Contains(t, out, "a run was started in a synctest bubble")
}

// TestRunPages looks where pages go: into the module, or to the test's artifacts, and
// never to a folder that is not the user's (newcomer/tmp-of-one-user).
func TestRunPages(t *testing.T) {
	tier.SkipRepeats(t) // TestRunKeepsFailures
	module := t.TempDir()
	dir := filepath.Join(module, "pkg")
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(module, "go.mod"), []byte("module x\n"), 0o644))
	t.Setenv("CAPSIZE_TEST_REPORT", "module")
	out, passed := runChild(t, dir, "fails")
	require.False(t, passed)
	m := regexp.MustCompile(`report +(capsize-report/TestRunChild-seed-\d+-[0-9a-f]{8}/index.html)\n`).FindStringSubmatch(out)
	require.NotNil(t, m, out)
	assert.FileExists(t, filepath.Join(module, m[1]))
	assert.FileExists(t, filepath.Join(module, filepath.Dir(m[1]), "messages.jsonl"), "the run that was to show whether it repeats has recorded them")
	assert.FileExists(t, filepath.Join(module, "capsize-report/.gitignore"))
	assert.Contains(t, out, "saved    pkg/testdata/capsize/TestRunChild/seed-")
	assert.Contains(t, out, "' ./pkg\n")

	artifacts := t.TempDir()
	out, passed = runChild(t, dir, "fails", "-test.artifacts", "-test.outputdir="+artifacts)
	require.False(t, passed)
	assert.Contains(t, out, "report   "+artifacts)

	// A folder that can't be made costs the page only.
	require.NoError(t, os.WriteFile(filepath.Join(module, "file"), nil, 0o644))
	t.Setenv("CAPSIZE_TEST_REPORT", filepath.Join(module, "file", "reports"))
	out, passed = runChild(t, dir, "fails")
	require.False(t, passed)
	assert.Contains(t, out, "there is no page of this failure: make folder of the report")
	assert.Contains(t, out, "was answered by")
	assert.NotContains(t, out, "report  ")
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
	require.NoError(t, os.WriteFile(filepath.Join(saved, "run.json"), []byte("{\n\"seed\": 1,\n\"plan\": [{\"id\": 1}]}"), 0o644))
	out, passed := runChild(t, dir, "fails")
	assert.False(t, passed)
	assert.Contains(t, out, `12345678/run.json:3: step 1 of the plan: "at" is missing`)
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
	assert.Regexp(t, `CAPSIZE_SEED=\d+ CAPSIZE_SEEDS=1 `+gocommand.Command()+` -run='\^TestRunChild\$' \.`, out.String())
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
