//go:build unix

package capsize_test

import (
	"context"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/gocommand"
	"github.com/capsize-go/capsize/internal/recorder"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/workloads"
)

// deaths are ways in which user code ends the process. Each is called by a goroutine
// that the handler of n2 has started.
var deaths = map[string]func(){
	"panic":     func() { panic("boom") },
	"exit":      func() { os.Exit(7) },
	"log.Fatal": func() { log.Fatal("no more") },
	"kill":      func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} },
	"map":       writeMap,
}

// writeMap has two goroutines write one map, until the runtime notices.
func writeMap() {
	m := map[int]int{}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := 0; ; i++ {
				m[i%8] = i
			}
		})
	}
	wg.Wait()
}

// TestCrashChild is what the tests below run in another process, since it is to die.
func TestCrashChild(t *testing.T) {
	kind := os.Getenv("CAPSIZE_TEST_CRASH")
	if kind == "" {
		t.Skip("for other tests")
	}
	t.Chdir(os.Getenv("CAPSIZE_TEST_DIR"))
	die := deaths[kind]
	test := capsize.Test{
		System: echo{reply: func(h *cluster.Host, req int) int {
			if die != nil && h.Name() == "n2" && req > 30 {
				go die()
			}
			return req
		}},
		Workload: workloads.New(echoes()), Nodes: 3, Clients: 3, Rate: 30, Duration: 2 * time.Second, Stall: time.Hour,
		Nemesis: nemesis.At(time.Second, time.Second, nemesis.Clogs()),
	}
	if kind == "timeout" {
		test.Require = func(capsize.Exercised) error { select {} }
	}
	if kind == "sweep" {
		test.Seeds = 1 << 30
		test.Require = func(capsize.Exercised) error { time.Sleep(time.Second); return nil } // of wall time: few seeds, and cheap
	}
	capsize.Run(t, test)
}

func crashChild(dir, kind string, env []string, args ...string) (string, error) {
	cmd := exec.Command(os.Args[0], append([]string{"-test.run=^TestCrashChild$"}, args...)...)
	cmd.Env = append(append(os.Environ(), "CAPSIZE_TEST_CRASH="+kind, "CAPSIZE_TEST_DIR="+dir, "CAPSIZE_REPORT="+filepath.Join(dir, "reports"), "CAPSIZE_SEEDS="), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestNothingIsLost has processes die in each way. What they recorded is on the disk, and
// the next run of the test names it first and runs its seed to the end.
func TestNothingIsLost(t *testing.T) {
	for kind, want := range map[string][]string{
		"panic": {"n2: panic: boom, in a goroutine created by capsize_test.TestCrashChild.func1 at crash_test.go:", "capsize_test.init.func"},
		"map":   {"n2: fatal error of the runtime: concurrent use of a map", "capsize_test.writeMap.func1"},
		"exit":  {"the process ended without a word: by os.Exit or log.Fatal, or it was killed"}, "log.Fatal": {"the process ended without a word"},
		"kill":    {"the process ended without a word"},
		"timeout": {"go test -timeout ended the process: panic: test timed out after 5s", "its history was being judged"},
	} {
		t.Run(kind, func(t *testing.T) {
			if kind == "map" && tier.Race {
				t.Skip("the race detector finds it before the runtime does")
			}
			if kind == "map" && schedule.Active() {
				t.Skip("a deterministic runtime runs one goroutine at a time, so that two never write a map at once")
			}
			if kind == "exit" || kind == "log.Fatal" {
				tier.SkipRepeats(t) // kill: none of the three leaves a word
			}
			t.Parallel() // with each other: they are processes of their own
			dir := t.TempDir()
			args := []string{"-test.timeout=1m"}
			if kind == "timeout" {
				args = []string{"-test.timeout=5s"}
			}
			out, err := crashChild(dir, kind, []string{"CAPSIZE_SEED=42", "GOMAXPROCS=2"}, args...)
			require.Error(t, err, out)
			if kind == "panic" {
				assert.Regexp(t, `labels:\{"capsize": "seed 42, run 1", "host": "n2"\}`, out, "the crash itself says seed and host")
			}
			logs, err := filepath.Glob(filepath.Join(dir, "testdata/capsize/.running/TestCrashChild/*/history.jsonl"))
			require.NoError(t, err)
			require.Len(t, logs, 1, out)
			run, err := os.ReadFile(filepath.Join(filepath.Dir(logs[0]), "run.json"))
			require.NoError(t, err)
			assert.Contains(t, string(run), `"seed": 42`)
			assert.Contains(t, string(run), `"fault"`, "the plan")

			out, err = crashChild(dir, "mended", nil)
			require.NoError(t, err, out)
			assert.Regexp(t, `^capsize: the last run of TestCrashChild was cut short: seed 42, \d+ ops recorded until [\d.]+m?s(, which was .*)?; see testdata/capsize/.running/TestCrashChild/.*/history.jsonl\n`, out)
			for _, w := range want {
				assert.Contains(t, out, w)
			}
			assert.Regexp(t, `the last ops:\n(\t\{"index":.*\n){5}`, out)
			assert.Contains(t, out, "CAPSIZE_SEED=42 CAPSIZE_SEEDS=1 "+gocommand.Command()+" -run='^TestCrashChild$'")
			assert.Contains(t, out, "capsize: seed 42 of TestCrashChild ran to its end now: valid")
			assert.NoDirExists(t, filepath.Join(dir, "testdata/capsize/.running"))
			out, err = crashChild(dir, "mended", nil)
			require.NoError(t, err)
			assert.Equal(t, "PASS\n", withoutCoverage(out), "it is said once")
		})
	}
}

// TestCrashesAgain has the crash come again when its seed is run again: it is named
// first, and kept once.
func TestCrashesAgain(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		out, err := crashChild(dir, "panic", []string{"CAPSIZE_SEED=42"})
		require.Error(t, err)
		if i > 0 {
			assert.Regexp(t, `^capsize: the last run of TestCrashChild was cut short: seed 42`, out)
		}
		assert.Contains(t, out, "panic: boom")
	}
	logs, err := filepath.Glob(filepath.Join(dir, "testdata/capsize/.running/TestCrashChild/*/run.json"))
	require.NoError(t, err)
	assert.LessOrEqual(t, len(logs), 2, "the record that was found, and the one of its repetition")
}

// TestDeadlineOfSweep runs a sweep that has more seeds than time. It ends before go test
// ends it, and says how far it came.
func TestDeadlineOfSweep(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 18 seconds, most of which it sleeps")
	}
	t.Parallel()
	out, err := crashChild(t.TempDir(), "sweep", []string{"CAPSIZE_SEED=42"}, "-test.timeout=20s")
	require.Error(t, err)
	assert.NotContains(t, out, "panic")
	assert.Regexp(t, `stopped before the deadline of go test -timeout: \d+ of 1073741824 seeds were run to their end, from seed 42 on, and all of these are valid; seed \d+ would have been next`, out)
	assert.Contains(t, out, "go test -timeout 1h")
}

// TestUnwritableFolder runs a test where nothing can be recorded: it is said, once.
func TestUnwritableFolder(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "testdata/capsize"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "testdata/capsize/.running"), nil, 0o644))
	out, err := crashChild(dir, "mended", nil, "-test.count=2")
	require.NoError(t, err, out)
	assert.Regexp(t, `^capsize: runs are not recorded as they go, so a crash of this process will lose them: .*\nPASS\n$`, withoutCoverage(out))
}

// TestRecorder records a run of Exec.
func TestRecorder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	rec, err := recorder.New(dir)
	require.NoError(t, err)
	assert.Empty(t, rec.CutShort())
	var seen []string
	system := echo{boot: func(_ context.Context, h *cluster.Host) {
		h.AfterFunc(time.Second, func() {
			seen, _ = filepath.Glob(filepath.Join(dir, "*", "history.jsonl"))
		})
	}}
	r, err := capsize.Exec(recorder.NewContext(t.Context(), rec), t, capsize.Test{
		System: system, Workload: workloads.New(echoes()), Nodes: 3, Clients: 3, Rate: 30, Duration: 2 * time.Second, Seed: 1,
	})
	require.NoError(t, err)
	assert.Empty(t, r.Findings)
	assert.Len(t, seen, 1, "while it is in progress")
	require.NoError(t, rec.Err())
	require.NoError(t, rec.Close())
	assert.NoDirExists(t, dir)
}
