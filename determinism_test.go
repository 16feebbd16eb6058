package capsize_test

import (
	"bytes"
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
	"github.com/capsize-go/capsize/cluster/raftkv"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

var update = flag.Bool("update", false, "write what is to be expected from now on")

// digestsFile has what [digests] returned when it was last written. A change to
// the engine, the cluster or a system may change it: see the difference, and run
// the test with -update.
const digestsFile = "testdata/digests.txt"

// digests runs 20 seeds of a raft store, every other one with a bug, and returns
// their verdicts and digests.
func digests(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for seed := uint64(1); seed <= 20; seed++ {
		store := raftkv.Store{}
		if seed%2 == 0 {
			store.Bugs = raftkv.LocalReads
		}
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: store, Workload: workloads.Register(store.Open), Seed: seed, Duration: 10 * time.Second,
			Nemesis: nemesis.Every(3*time.Second, nemesis.Partitions(), nemesis.Crashes(), nemesis.Lossy(0)),
		})
		require.NoError(t, err)
		digest, err := r.Digest()
		require.NoError(t, err)
		fmt.Fprintf(&b, "%d %v %s %016x\n", seed, r.Verdict, digest, r.Trace)
	}
	return b.String()
}

// TestDigests compares 20 runs with those of another day, another process and,
// when it runs under the race detector, another build; and twice in this one.
func TestDigests(t *testing.T) {
	got := digests(t)
	if *update {
		require.NoError(t, os.WriteFile(digestsFile, []byte(got), 0o644))
	}
	want, err := os.ReadFile(digestsFile)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "go test -run TestDigests -update, if that was on purpose")
	require.Equal(t, 10, strings.Count(got, " valid "))
	require.GreaterOrEqual(t, strings.Count(got, " invalid "), 8, "most runs with the bug are to be invalid")
	seen := map[string]bool{}
	for line := range strings.Lines(got) {
		seen[strings.Fields(line)[2]] = true
	}
	require.Len(t, seen, 20, "seeds differ")
	require.Equal(t, got, digests(t), "twice in one process")
}

// TestDigestsElsewhere compares the runs of processes with one processor, and with
// all of them busy with something else.
func TestDigestsElsewhere(t *testing.T) {
	if testing.Short() {
		t.Skip("TestDigests compares with the same file")
	}
	want, err := os.ReadFile(digestsFile)
	require.NoError(t, err)
	assert.Equal(t, string(want), child(t, "GOMAXPROCS=1"))
	var stop atomic.Bool
	defer stop.Store(true)
	for range 2 * runtime.NumCPU() {
		go func() {
			for n := 0; !stop.Load(); n++ {
			}
		}()
	}
	assert.Equal(t, string(want), child(t, "GOMAXPROCS=4"))
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
		fmt.Print(childBegins, digests(t), childEnds)
	case "chance":
		capsize.CheckDeterminism(t, chance())
	default:
		t.Skip("for other tests")
	}
}

// chance is a test of a system that answers by chance: in the order of a map.
func chance() capsize.Test {
	numbers := map[int]bool{}
	for i := range 100 {
		numbers[i] = true
	}
	return capsize.Test{
		Workload: workloads.New(echoes()), Nodes: 3, Duration: 5 * time.Second, Seed: 1,
		System: echo{reply: func(*cluster.Host, int) int {
			for n := range numbers {
				return n
			}
			return 0
		}},
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
	text := capsize.Difference(runs[0], runs[1])
	require.Contains(t, text, "the histories differ from line ")
	first := 0
	for runs[0].History.At(first).String() == runs[1].History.At(first).String() {
		first++
	}
	assert.Contains(t, text, fmt.Sprintf("line %d on", first+1))
	assert.Contains(t, text, runs[0].History.At(first).String())
	assert.Contains(t, text, runs[1].History.At(first).String())
}

func TestCheckDeterminismFails(t *testing.T) {
	t.Setenv("CAPSIZE_TEST_CHILD", "chance")
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
	out, err := cmd.Output()
	require.Error(t, err)
	require.Contains(t, string(out), "capsize: seed 1 is not deterministic: the histories differ from line ")
}

// TestRaftIsDeterministic checks the store with each of its bugs, and without.
func TestRaftIsDeterministic(t *testing.T) {
	names, _ := raftkv.BugNames()
	for _, name := range append(names, "none") {
		t.Run(name, func(t *testing.T) {
			bugs, err := raftkv.ParseBug(name)
			require.NoError(t, err)
			store := raftkv.Store{Bugs: bugs}
			capsize.CheckDeterminism(t, capsize.Test{
				System: store, Workload: workloads.Register(store.Open), Duration: 20 * time.Second,
				Nemesis: nemesis.Every(5*time.Second, nemesis.Partitions(), nemesis.Crashes(), nemesis.Slow(0), nemesis.Lossy(0)),
			})
		})
	}
}
