package capsize_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

var update = flag.Bool("update", false, "write what is to be expected from now on")

// digestsFile has what [digests] returned when it was last written. A change to
// the engine, the cluster or a system may change it: see the difference, and run
// the test with -update.
const digestsFile = "testdata/digests.txt"

// digests runs seeds 1 to n of a raft store, every other one with a bug, and returns
// their verdicts and digests. The file has 20.
func digests(t *testing.T, n uint64) string {
	t.Helper()
	return recordedDigests(t, n, trace.Window{})
}

// recordedDigests is digests of runs of which a window is recorded.
func recordedDigests(t *testing.T, n uint64, w trace.Window) string {
	t.Helper()
	var b strings.Builder
	for seed := uint64(1); seed <= n; seed++ {
		store := raftkv.Store{}
		if seed%2 == 0 {
			store.Bugs = raftkv.LocalReads
		}
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: store, Workload: workloads.Register(store.Open), Seed: seed, Duration: 10 * time.Second, Record: w,
			Nemesis: nemesis.Every(3*time.Second, nemesis.Partitions(), nemesis.Crashes(), nemesis.Lossy(0)),
		})
		require.NoError(t, err)
		digest, err := r.Digest()
		require.NoError(t, err)
		require.Equal(t, w.On(), r.Messages != nil)
		fmt.Fprintf(&b, "%d %v %s %016x\n", seed, r.Verdict, digest, r.Trace)
	}
	return b.String()
}

// repeated is how many of the 20 are run again, in this process and in others: all in
// the long loop.
func repeated() uint64 {
	if tier.Sweeping() {
		return 20
	}
	return 3
}

// firstLines returns the first n lines of a text.
func firstLines(text string, n uint64) string {
	return strings.Join(strings.SplitAfter(text, "\n")[:n], "")
}

// TestDigests compares 20 runs with those of another day, another process and,
// when it runs under the race detector, another build; and twice in this one.
func TestDigests(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	got := digests(t, 20)
	if *update {
		require.NoError(t, os.WriteFile(digestsFile, []byte(got), 0o644))
	}
	require.Equal(t, wantedDigests(t), got, "go test -run TestDigests -update, if that was on purpose")
	require.Equal(t, 10, strings.Count(got, " valid "))
	require.GreaterOrEqual(t, strings.Count(got, " invalid "), 8, "most runs with the bug are to be invalid")
	seen := map[string]bool{}
	for line := range strings.Lines(got) {
		seen[strings.Fields(line)[2]] = true
	}
	require.Len(t, seen, 20, "seeds differ")
	require.Equal(t, firstLines(got, repeated()), digests(t, repeated()), "twice in one process")
}

func wantedDigests(t *testing.T) string {
	t.Helper()
	want, err := os.ReadFile(digestsFile)
	require.NoError(t, err)
	return string(want)
}

// TestDigestsElsewhere compares the runs of processes with one processor, and with
// all of them busy with something else.
func TestDigestsElsewhere(t *testing.T) {
	if testing.Short() {
		t.Skip("TestDigests compares with the same file")
	}
	file, err := os.ReadFile(digestsFile)
	require.NoError(t, err)
	want := firstLines(string(file), repeated())
	assert.Equal(t, want, child(t, "GOMAXPROCS=1"))
	var stop atomic.Bool
	defer stop.Store(true)
	for range 2 * runtime.NumCPU() {
		go func() {
			for n := 0; !stop.Load(); n++ {
			}
		}()
	}
	assert.Equal(t, want, child(t, "GOMAXPROCS=4"))
}

// child runs TestChild in another process, and returns what it printed.
func child(t *testing.T, env ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.timeout=5m")
	cmd.Env = append(append(os.Environ(), env...), "CAPSIZE_TEST_CHILD=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, _ := cmd.Output() // a child that fails says so
	_, text, ok := strings.Cut(string(out), childBegins)
	require.True(t, ok, "%s%s", out, &stderr)
	text, _, ok = strings.Cut(text, childEnds)
	require.True(t, ok, "%s%s", out, &stderr)
	return text
}

const childBegins, childEnds = "<<<\n", ">>>\n"

// TestChild is what other tests run in another process.
func TestChild(t *testing.T) {
	switch os.Getenv("CAPSIZE_TEST_CHILD") {
	case "1":
		fmt.Print(childBegins, digests(t, repeated()), childEnds)
	case "chance":
		capsize.CheckDeterminism(t, chance())
	case "hang":
		capsize.CheckDeterminism(t, hanging())
	default:
		t.Skip("for other tests")
	}
}

// answers counts the replies of [chance] in all runs of the process.
var answers atomic.Int64

// chance is a test of a system that can't be repeated with any runtime: it answers by what earlier runs of the process have left behind.
func chance() capsize.Test {
	return capsize.Test{
		Workload: workloads.New(echoes()), Nodes: 3, Duration: 5 * time.Second, Seed: 1,
		System: echo{reply: func(*cluster.Host, int) int { return int(answers.Add(1)) }},
	}
}

// TestDifference shows the first line that differs of a system that is made to
// differ on purpose.
func TestDifference(t *testing.T) {
	var runs [2]*capsize.Result
	for i := range runs {
		var err error
		runs[i], err = capsize.Exec(t.Context(), t, chance())
		require.NoError(t, err)
	}
	text := runs[0].Diff(runs[1])
	require.Contains(t, text, "the histories differ from line ")
	first := 0
	for runs[0].History.At(first).String() == runs[1].History.At(first).String() {
		first++
	}
	assert.Contains(t, text, fmt.Sprintf("line %d on", first+1))
	assert.Contains(t, text, runs[0].History.At(first).String())
	assert.Contains(t, text, runs[1].History.At(first).String())
}

// TestDifferenceIsSeen has histories that differ by less than a millisecond, or only by
// the type of a value: the lines that are printed differ all the same
// (newcomer/lines-alike).
func TestDifferenceIsSeen(t *testing.T) {
	run := func(at time.Duration, output any, more ...history.Op) *capsize.Result {
		h := new(history.History)
		h.Add(history.Op{Type: history.Invoke, Input: "read"})
		h.Add(history.Op{Type: history.OK, Time: at, Output: output})
		for _, op := range more {
			h.Add(op)
		}
		return &capsize.Result{History: h}
	}
	long := strings.Repeat("x", 5000)
	for name, b := range map[string]*capsize.Result{
		"a nanosecond": run(126000001, "0"), "a type": run(126000000, 0), "a value": run(126000000, "1"),
	} {
		text := run(126000000, "0").Diff(b)
		lines := strings.Split(text, "\n")
		require.GreaterOrEqual(t, len(lines), 3, text)
		assert.Equal(t, "the histories differ from line 2 on", lines[0], name)
		first, ok := strings.CutPrefix(lines[1], "  first:  ")
		require.True(t, ok)
		second, ok := strings.CutPrefix(lines[2], "  second: ")
		require.True(t, ok)
		assert.NotEqual(t, first, second, name)
	}
	text := run(1, long+"a"+long).Diff(run(1, long+"b"+long))
	assert.Contains(t, text, "xa")
	assert.Contains(t, text, "xb")
	assert.Less(t, len(text), 1200)
	text = run(1, "0").Diff(run(1, "0", history.Op{Type: history.Invoke, Input: "the third"}))
	assert.Contains(t, text, "one history has 2 lines and the other 3")
	assert.Contains(t, text, "the third")
	assert.Empty(t, run(1, "0").Diff(run(1, "0")))
}

// hanging is a test of a system that waits for something outside of virtual time.
func hanging() capsize.Test {
	return capsize.Test{
		Workload: workloads.New(echoes()), Nodes: 1, Duration: time.Second, Seed: 1, Stall: 300 * time.Millisecond,
		System: cluster.Func(func(context.Context, *cluster.Host) error {
			r, _, err := os.Pipe()
			if err == nil {
				_, err = r.Read(make([]byte, 1))
			}
			return err
		}),
	}
}

// TestCheckDeterminismFails has systems that can't be repeated, or come to no end
// (newcomer/mutex-over-sync).
func TestCheckDeterminismFails(t *testing.T) {
	tier.SkipRepeats(t) // TestSpinning and TestMutexOverSync
	for kind, want := range map[string]string{
		"chance": "capsize: seed 1 is not deterministic: the histories differ from line ",
		"hang":   "capsize: seed 1: run 1 of 2 did not come to its end, so nothing can be said of determinism: ",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("CAPSIZE_TEST_CHILD", kind)
			cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
			out, err := cmd.Output()
			require.Error(t, err)
			require.Contains(t, string(out), want)
		})
	}
}

// TestRaftIsDeterministic checks the store with each of its bugs, and without.
func TestRaftIsDeterministic(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	names, _ := raftkv.Bugs.Names()
	for _, name := range append(names, "none") {
		t.Run(name, func(t *testing.T) {
			bugs, err := raftkv.Bugs.Parse(name)
			require.NoError(t, err)
			store := raftkv.Store{Bugs: bugs}
			capsize.CheckDeterminism(t, capsize.Test{
				System: store, Workload: workloads.Register(store.Open), Duration: tier.For(5*time.Second, 20*time.Second),
				Nemesis: nemesis.Every(2*time.Second, nemesis.Partitions(), nemesis.Crashes(), nemesis.Slow(0), nemesis.Lossy(0)),
			})
		})
	}
}
