package explore_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/explore"
	"github.com/capsize-go/capsize/schedule"
)

// plantedVar has the planted failures run, each in a process of its own.
const plantedVar = "CAPSIZE_TEST_PLANTED"

func needsRuntime(t *testing.T) {
	t.Helper()
	if !schedule.Active() {
		t.Skip("needs the deterministic runtime: run it with capsize test")
	}
}

type account struct {
	mu      sync.Mutex
	balance int
}

func (a *account) transfer(to *account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	to.mu.Lock()
	defer to.mu.Unlock()
	a.balance--
	to.balance++
}

// left counts the runs of this process, as a library does that keeps state in a package variable.
var left int

var planted = map[string]func(t *testing.T){
	"count": func(t *testing.T) {
		t.Log("with -v this is written at once, and passes points")
		var n atomic.Int64
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { n.Store(n.Load() + 1) })
		}
		wg.Wait()
		if n.Load() != 2 {
			t.Errorf("counted %d of 2", n.Load())
		}
	},
	"locks": func(*testing.T) {
		var first, second account
		go first.transfer(&second)
		go second.transfer(&first)
		time.Sleep(time.Second)
	},
	"left": func(*testing.T) { go func() { select {} }() },
	"panic": func(*testing.T) {
		var closed atomic.Bool
		done := make(chan bool)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if !closed.Load() {
					closed.Store(true)
					close(done)
				}
			})
		}
		wg.Wait()
	},
	"state": func(t *testing.T) {
		if left++; left == 6 {
			t.Error("the sixth")
		}
	},
	"chance": func(t *testing.T) {
		if os.Getenv("CAPSIZE_EXPLORE_QUESTION") == "" {
			t.Error("not in a fresh process")
		}
	},
	"race": func(*testing.T) {
		n := 0
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { n++ })
		}
		wg.Wait()
	},
}

// TestPlanted fails, or ends the process. The other tests run it in processes of their own.
func TestPlanted(t *testing.T) {
	f := planted[os.Getenv(plantedVar)]
	if f == nil {
		t.Skip("the other tests run it")
	}
	t.Chdir(os.Getenv(plantedVar + "_DIR"))
	explore.Run(t, f)
}

// run runs a planted failure in a process of its own whose kept seeds are in dir.
func run(t *testing.T, dir, name string, env ...string) (out string, failed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPlanted$", "-test.v")
	cmd.Env = append(os.Environ(), "CAPSIZE_SEED=", "CAPSIZE_SEEDS=", plantedVar+"="+name, plantedVar+"_DIR="+dir)
	cmd.Env = append(cmd.Env, env...)
	text, err := cmd.CombinedOutput()
	return string(text), err != nil
}

var seedOf = regexp.MustCompile(`explore: seed (\d+), (number|which failed before)`)

// TestFailure has a seed fail: it is printed with its schedule, its message and its command, repeats, and is tried first from then on.
func TestFailure(t *testing.T) {
	needsRuntime(t)
	dir := t.TempDir()
	out, failed := run(t, dir, "count")
	require.True(t, failed, out)
	assert.Contains(t, out, "counted 1 of 2")
	assert.Contains(t, out, "repeats  yes: a fresh process made the same decisions and failed")
	m := seedOf.FindStringSubmatch(out)
	require.NotNil(t, m, out)
	assert.Regexp(t, fmt.Sprintf(`CAPSIZE_SEED=%s CAPSIZE_SEEDS=1 capsize test.* -run='\^TestPlanted\$'`, m[1]), out)
	again, failed := run(t, dir, "count", "CAPSIZE_SEED="+m[1], "CAPSIZE_SEEDS=1")
	assert.True(t, failed, again)
	assert.Equal(t, decisionsOf(out), decisionsOf(again))
	file := filepath.Join(dir, "testdata", "capsize", "TestPlanted", "explore", "seeds.txt")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(text), "\n"+m[1]+" ")
	kept, failed := run(t, dir, "count")
	assert.True(t, failed)
	assert.Contains(t, kept, "explore: seed "+m[1]+", which failed before,")
	assert.NoDirExists(t, filepath.Join(dir, "testdata", "capsize", ".running"))
}

var decisionsText = regexp.MustCompile(`fails with the schedule .* decisions`)

func decisionsOf(out string) string { return decisionsText.FindString(out) }

// TestDeadlock has two goroutines wait for the mutex of the other: the failure names the holders at once.
func TestDeadlock(t *testing.T) {
	needsRuntime(t)
	out, failed := run(t, t.TempDir(), "locks")
	require.True(t, failed, out)
	assert.Contains(t, out, "The run has stopped for good: main bubble goroutine has exited but blocked goroutines remain")
	assert.Regexp(t, `waits at explore_test.go:\d+ for sync.Mutex to.mu, which is (probably )?held by a goroutine that took it in .*transfer at explore_test.go:\d+`, out)
	assert.Contains(t, out, "[sync.Mutex.Lock]:")
	assert.Contains(t, out, "repeats  yes")
}

// TestLeftBehind has a goroutine that is left behind fail the run.
func TestLeftBehind(t *testing.T) {
	needsRuntime(t)
	out, failed := run(t, t.TempDir(), "left")
	require.True(t, failed, out)
	assert.Contains(t, out, "blocked goroutines remain")
	assert.Regexp(t, `1 goroutine\(s\) \[select \(no cases\)\]:`, out)
}

// TestPanic has a panic name the seed, which the next run tries first.
func TestPanic(t *testing.T) {
	needsRuntime(t)
	dir := t.TempDir()
	out, failed := run(t, dir, "panic")
	require.True(t, failed, out)
	assert.Contains(t, out, "panic: close of closed channel")
	m := regexp.MustCompile(`\{"?capsize"?: "seed (\d+), schedule [^"]*, run (\d+)"\}`).FindStringSubmatch(out)
	require.NotNil(t, m, out)
	again, failed := run(t, dir, "panic")
	require.True(t, failed, again)
	assert.Contains(t, again, fmt.Sprintf(`"seed %s, schedule`, m[1]))
	assert.Contains(t, again, `, run 2"`, "it is tried first")
}

// TestState has a failure that depends on what earlier seeds left behind: the text says so.
func TestState(t *testing.T) {
	needsRuntime(t)
	out, failed := run(t, t.TempDir(), "state")
	require.True(t, failed, out)
	assert.Contains(t, out, "repeats  only after the seeds from 1 on")
	assert.Contains(t, out, "CAPSIZE_SEED=1 CAPSIZE_SEEDS=5 capsize test -v")
}

// TestChance has a failure that does not repeat: the text says so.
func TestChance(t *testing.T) {
	needsRuntime(t)
	out, failed := run(t, t.TempDir(), "chance")
	require.True(t, failed, out)
	assert.Contains(t, out, "repeats  NO: in a fresh process it passes; the decisions are the same")
}

// TestRace has a data race fail the seed.
func TestRace(t *testing.T) {
	out, failed := run(t, t.TempDir(), "race")
	if !strings.Contains(out, "race detected") {
		if failed {
			t.Errorf("it fails without the race detector:\n%s", out)
		}
		t.Skip("needs the race detector: run it with -race")
	}
	assert.True(t, failed)
	if schedule.Active() {
		assert.Contains(t, out, "explore: the run with which each process begins")
		assert.Regexp(t, `repeats  yes(?s:.*) capsize test -v -race`, out)
	}
}

// TestStock has a run without the deterministic runtime say that Go decided the order, or be an error.
func TestStock(t *testing.T) {
	if schedule.Active() {
		t.Skip("needs a stock runtime: run it with go test")
	}
	out, failed := run(t, t.TempDir(), "state", "CAPSIZE_SEEDS=3")
	assert.False(t, failed)
	assert.Contains(t, out, "explore: none of 3 runs failed, but Go decided the order of the goroutines")
	assert.Regexp(t, `capsize test -v( -race)? -run='\^TestPlanted\$'`, out)
	out, failed = run(t, t.TempDir(), "state")
	assert.True(t, failed)
	assert.Contains(t, out, "explore: a run failed. Go decided the order of the goroutines, so it may not fail again")
	out, failed = run(t, t.TempDir(), "state", "CAPSIZE_RUNTIME=det")
	assert.True(t, failed)
	assert.Contains(t, out, "needs a deterministic runtime")
}

// TestSeeds has every seed be run once, and passes on what the function says of itself.
func TestSeeds(t *testing.T) {
	t.Setenv("CAPSIZE_SEED", "")
	t.Setenv("CAPSIZE_SEEDS", "")
	first := 0
	if schedule.Active() {
		first = 1 // for what is initialized at its first use
	}
	n := 0
	explore.Options{Seeds: 7}.Run(t, func(*testing.T) { n++ })
	assert.Equal(t, first+7, n)
	n = 0
	t.Setenv("CAPSIZE_SEEDS", "3")
	explore.Run(t, func(*testing.T) { n++ })
	assert.Equal(t, first+3, n)
	n = 0
	t.Run("skipped", func(t *testing.T) {
		explore.Run(t, func(t *testing.T) { n++; t.Skip("of no use here") })
	})
	assert.Equal(t, 1, n)
}
