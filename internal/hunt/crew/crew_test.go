//go:build unix

package crew

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/huntrun"
)

// TestMain is also the worker: what it does with a seed is said by the seed.
func TestMain(m *testing.M) {
	w, err := huntrun.Open()
	if err != nil {
		panic(err)
	}
	if w == nil {
		os.Exit(m.Run())
	}
	fmt.Println("worker", w.Task.Test, os.Getenv("CAPSIZE_SEED"))
	if w.Task.Test == "mute" {
		os.Exit(4)
	}
	w.Say(huntrun.Line{Hello: &huntrun.Hello{Go: "go0"}})
	if w.Task.List {
		w.Say(huntrun.Line{Found: &huntrun.Found{Test: "TestA"}})
		w.Say(huntrun.Line{Found: &huntrun.Found{Test: "TestB", Run: "2"}})
	}
	for _, seed := range w.Task.Seeds {
		w.Say(huntrun.Line{Begin: seed})
		do[seed](seed)
		w.Say(huntrun.Line{Run: &huntrun.Outcome{Seed: seed, Verdict: huntrun.Valid}})
		w.Wait()
	}
	w.Say(huntrun.Line{End: true})
	os.Exit(0)
}

const (
	exits  = 101
	killed = 102
	throws = 103
)

var do = map[uint64]func(seed uint64){
	1: func(uint64) {}, 2: func(uint64) {}, 3: func(uint64) {},
	exits: func(seed uint64) { fmt.Println("goodbye", seed); os.Exit(9) },
	killed: func(uint64) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	},
	throws: func(uint64) {
		m := map[int]int{}
		for range 2 {
			go func() {
				for i := 0; ; i++ {
					m[i%7] = i
				}
			}()
		}
		select {}
	},
}

// work has this test binary do a task, and returns the outcomes.
func work(t *testing.T, task huntrun.Task) (all []huntrun.Outcome, a Answer, err error) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	a, err = Do(t.Context(), Job{Program: Program{Path: self, Env: []string{"GOMAXPROCS=4"}}, Task: task, Keep: func(o huntrun.Outcome, h huntrun.Hello) error {
		assert.Equal(t, "go0", h.Go)
		all = append(all, o)
		return nil
	}})
	return all, a, err
}

func TestSeedsAreRun(t *testing.T) {
	t.Setenv("CAPSIZE_SEED", "9")
	all, _, err := work(t, huntrun.Task{Seeds: []uint64{1, 2, 3}})
	require.NoError(t, err)
	require.Len(t, all, 3)
	assert.Equal(t, uint64(3), all[2].Seed)
	_, a, err := work(t, huntrun.Task{List: true})
	require.NoError(t, err)
	assert.Equal(t, []huntrun.Found{{Test: "TestA"}, {Test: "TestB", Run: "2"}}, a.Found)
}

// TestWorkersThatDie cost the run in flight, which is an outcome of its own kind.
func TestWorkersThatDie(t *testing.T) {
	for name, x := range map[string]struct {
		seed                     uint64
		reason, anomaly, printed string
	}{
		"exits":  {exits, "exit status 9", "exit status N", "goodbye 101"},
		"killed": {killed, "signal: killed", "signal: killed", "worker"},
		"throws": {throws, "fatal error: concurrent map writes", "fatal error: concurrent map writes", "goroutine "},
	} {
		t.Run(name, func(t *testing.T) {
			all, _, err := work(t, huntrun.Task{Seeds: []uint64{1, x.seed, 2}})
			require.NoError(t, err)
			require.Len(t, all, 2, "the seed after it was not run")
			o := all[1]
			assert.Equal(t, huntrun.Died, o.Verdict)
			assert.Equal(t, x.seed, o.Seed)
			assert.Contains(t, o.Reason, x.reason)
			assert.Equal(t, huntrun.Signature{Checker: "process", Anomaly: x.anomaly}, *o.Signature)
			assert.Contains(t, o.Output, x.printed)
		})
	}
}

// TestErrors are of a worker that runs nothing, of what keeps outcomes, and of a program that is not there.
func TestErrors(t *testing.T) {
	_, _, err := work(t, huntrun.Task{Test: "mute", Seeds: []uint64{1}})
	require.ErrorContains(t, err, "a worker ended before it had done its task (exit status 4)")
	assert.True(t, strings.HasSuffix(err.Error(), "worker mute"), "with what it printed, and without the seed of the environment")
	self, err := os.Executable()
	require.NoError(t, err)
	full := errors.New("the disk is full")
	n := 0
	_, err = Do(t.Context(), Job{Program: Program{Path: self}, Task: huntrun.Task{Seeds: []uint64{1, 2, 3}}, Keep: func(huntrun.Outcome, huntrun.Hello) error { n++; return full }})
	require.ErrorIs(t, err, full)
	assert.Equal(t, 1, n, "no run begins before the one before it is kept")
	_, err = Do(t.Context(), Job{Program: Program{Path: self + "-none"}})
	assert.ErrorContains(t, err, "start a worker")
	ctx, stop := context.WithCancel(t.Context())
	_, err = Do(ctx, Job{Program: Program{Path: self}, Task: huntrun.Task{Seeds: []uint64{1, exits, 2}}, Keep: func(huntrun.Outcome, huntrun.Hello) error { stop(); return nil }})
	assert.NoError(t, err, "an interrupt is no failure")
}

// TestTail keeps the end of long output, and the beginning of a crash.
func TestTail(t *testing.T) {
	var out tail
	for i := range 10_000 {
		_, _ = fmt.Fprintln(&out, "line", i)
	}
	assert.True(t, strings.HasSuffix(out.String(), "line 9998\nline 9999"))
	assert.Equal(t, tailLines, strings.Count(out.String(), "\n")+1)
	_, _ = fmt.Fprintln(&out, "panic: no")
	for i := range 10_000 {
		_, _ = fmt.Fprintln(&out, "goroutine", i)
	}
	assert.True(t, strings.HasPrefix(out.String(), "panic: no\ngoroutine 0\n"))
	assert.Less(t, len(out.String()), tailBytes)
}
