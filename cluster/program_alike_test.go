package cluster_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/schedule"
)

// programChild has a process of its own print a run of each of so many seeds.
const programChild = "CAPSIZE_TEST_PROGRAM_SEEDS"

// TestProgramsAreAlike runs the same seeds in fresh processes, with one processor and with four.
func TestProgramsAreAlike(t *testing.T) {
	needRuntime(t)
	if n := os.Getenv(programChild); n != "" {
		var seeds int
		_, err := fmt.Sscan(n, &seeds)
		require.NoError(t, err)
		for seed := range seeds {
			fmt.Printf("RUN %d %s\n", seed, faulty(t, uint64(seed)))
		}
		return
	}
	n := tier.Seeds(t, 2, 50)
	one := childOutput(t, n, "GOMAXPROCS=1")
	assert.Equal(t, one, childOutput(t, n, "GOMAXPROCS=4"))
	assert.Contains(t, one, "n1: 30", "the client got through")
}

// TestProgramMemory runs programs again and again, which crash and whose goroutines nothing ends: what they had is freed.
func TestProgramMemory(t *testing.T) {
	needRuntime(t)
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(10))
	}
	n := tier.Seeds(t, 3, 10) // of so many runs, ten times as many need no more memory: with CAPSIZE_SEEDS=10 a hundred
	run := func(n int) (m runtime.MemStats) {
		for seed := range n {
			faulty(t, uint64(seed))
		}
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m
	}
	before, more := run(n), n
	if tier.Sweeping() {
		more = 10 * n
	}
	after := run(more)
	t.Logf("heap %d and %d KiB, stacks %d and %d KiB after %d and %d runs", before.HeapAlloc>>10, after.HeapAlloc>>10, before.StackInuse>>10, after.StackInuse>>10, n, n+more)
	assert.Less(t, after.HeapAlloc, before.HeapAlloc+1<<20)
	assert.Less(t, after.StackInuse, before.StackInuse+1<<20)
}

// childOutput returns what the runs of a fresh process were.
func childOutput(t *testing.T, seeds int, env ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProgramsAreAlike$", "-test.v")
	cmd.Env = append(os.Environ(), append(env, fmt.Sprintf("%s=%d", programChild, seeds))...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	_, text, ok := strings.Cut(string(out), "RUN 0")
	require.True(t, ok, "%s", out)
	text, _, _ = strings.Cut(text, "--- PASS")
	return text
}

// faulty has a client ask three servers while these are paused, crash, are cut off, and have wrong clocks. It returns what happened.
func faulty(t *testing.T, seed uint64) string {
	t.Helper()
	schedule.Start(seed, schedule.Schedule{})
	return withPrograms(t, serve, func(r *programs) {
		r.At(r.Now(), "c0", func() {
			go func() {
				for i := range 40 {
					got, err := post(fmt.Sprintf("http://n%d/echo", i%3+1), fmt.Sprint(i))
					fmt.Println(got, err)
					time.Sleep(500 * time.Millisecond)
				}
			}()
		})
		r.pass(time.Second)
		resume := r.As("pause").Pause("n1")
		r.pass(2 * time.Second)
		resume()
		r.As("clock").ImpairClock("n3", cluster.ClockError{Skew: time.Hour, Drift: 1000})
		r.Crash("n2")
		r.pass(2 * time.Second)
		r.Restart("n2")
		heal := r.As("cut").Cut("c0", "n3")
		r.pass(3 * time.Second)
		heal()
		r.pass(30 * time.Second)
	})
}
