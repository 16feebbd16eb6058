package repeats

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/schedule"
)

// Check runs a seed of a test in two fresh processes and fails t if anything differs: history, trace, or what the scheduler
// decided. The processes are fresh since the second run of a process finds caches of libraries filled, and so passes fewer
// points. In a stock build it skips: there libraries with goroutines of their own do not repeat.
func Check(t *testing.T, test capsize.Test) {
	t.Helper()
	if !schedule.Active() {
		t.Skip("that a seed repeats needs the deterministic runtime: run it with capsize test")
	}
	Fresh(t, test, test.Seed, 1, 2)
}

// The environment of a process that runs one seed for [Fresh].
const (
	seedOfChild = "CAPSIZE_REPEATS_SEED"
	fileOfChild = "CAPSIZE_REPEATS_FILE" // takes the decisions
)

// processors are the values of GOMAXPROCS that the processes of [Fresh] have, in turn.
var processors = []int{1, 2, 8}

// A Run is what is compared of a run in a process of its own.
type Run struct {
	Seed       uint64
	Processors int    // GOMAXPROCS
	Digest     string // of the history
	Trace      uint64 // of the hosts
	Decisions  uint64 // a hash of what the scheduler decided; 0 without a deterministic runtime
	Steps      uint64 // how much it decided
	Points     uint64 // how many points it passed
	Verdict    string

	file string
}

// A FreshRate is what came of running seeds in fresh processes.
type FreshRate struct {
	Seeds     int
	Histories int    // seeds of which all runs had one history
	Traces    int    // of these, had one trace of the hosts
	Decisions int    // of these, had the same decisions of the scheduler
	First     string // where the first seed that differs does so; empty if none does
	Sum       uint64 // of all runs of all seeds: alike for two builds in which all seeds come out alike
}

// String returns the counts.
func (r FreshRate) String() string {
	return fmt.Sprintf("%d seeds in fresh processes: %d with one history, %d with one trace, %d with the same decisions; sum %016x",
		r.Seeds, r.Histories, r.Traces, r.Decisions, r.Sum)
}

// Fresh runs each of some seeds several times, each time in a process of its own that has 1, 2 or 8 processors, and logs how
// many seeds came out alike. The processes run the test of t again, and nothing else of the test
// binary, so t must call Fresh with the same arguments there. Under a deterministic runtime t fails if a seed differs.
func Fresh(t *testing.T, test capsize.Test, from uint64, seeds, runs int) FreshRate {
	t.Helper()
	if seed := os.Getenv(seedOfChild); seed != "" {
		child(t, test, seed)
		t.SkipNow()
	}
	r := FreshRate{Seeds: seeds}
	dir := t.TempDir()
	sum := fnv.New64a()
	for i := range seeds {
		seed := from + uint64(i)
		first := spawn(t, dir, seed, 0, i)
		fmt.Fprintln(sum, first.Seed, first.Digest, first.Trace, first.Decisions, first.Steps, first.Points, first.Verdict)
		history, trace, decisions := true, true, true
		for k := 1; k < runs; k++ {
			other := spawn(t, dir, seed, k, i)
			history = history && first.Digest == other.Digest
			trace = trace && first.Trace == other.Trace
			decisions = decisions && first.Decisions == other.Decisions && first.Steps == other.Steps && first.Points == other.Points
			if !(history && trace && decisions) && r.First == "" {
				r.First = fmt.Sprintf("seed %d, GOMAXPROCS %d and %d: %s", seed, first.Processors, other.Processors, apart(t, first, other))
			}
			_ = os.Remove(other.file)
		}
		_ = os.Remove(first.file)
		r.Histories += count(history)
		r.Traces += count(history && trace)
		r.Decisions += count(history && trace && decisions)
	}
	r.Sum = sum.Sum64()
	t.Log(r)
	if r.First != "" {
		t.Log(r.First)
	}
	if schedule.Active() && r.Decisions != seeds {
		t.Errorf("%d of %d seeds differ between processes", seeds-r.Decisions, seeds)
	}
	return r
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// child runs one seed and prints what there is to compare.
func child(t *testing.T, test capsize.Test, seed string) {
	t.Helper()
	if _, err := fmt.Sscan(seed, &test.Seed); err != nil {
		t.Fatalf("%s=%q: %v", seedOfChild, seed, err)
	}
	r, err := capsize.Exec(t.Context(), t, test)
	if err != nil {
		t.Fatalf("run seed %d: %v", test.Seed, err)
	}
	for _, f := range r.Findings {
		t.Errorf("seed %d: %v", test.Seed, f)
	}
	out := Run{Seed: test.Seed, Trace: r.Trace, Verdict: r.Verdict.String()}
	if out.Digest, err = r.Digest(); err != nil {
		t.Fatalf("digest of seed %d: %v", test.Seed, err)
	}
	if d := r.Decisions; d != nil {
		out.Decisions, out.Steps, out.Points = d.Hash, d.Steps, d.Points
		if err := keep(os.Getenv(fileOfChild), d.Write); err != nil {
			t.Fatalf("keep the decisions of seed %d: %v", test.Seed, err)
		}
	}
	line, err := json.Marshal(out)
	if err != nil {
		t.Fatalf("encode the run of seed %d: %v", test.Seed, err)
	}
	fmt.Printf("%s%s\n", mark, line)
}

// mark begins the line that a child prints.
const mark = "capsize-run: "

func keep(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// spawn runs a seed in a process of its own.
func spawn(t *testing.T, dir string, seed uint64, k, place int) Run {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatalf("the test binary: %v", err)
	}
	var names []string
	for name := range strings.SplitSeq(t.Name(), "/") {
		names = append(names, "^"+regexp.QuoteMeta(name)+"$")
	}
	n := processors[(place+k)%len(processors)]
	file := filepath.Join(dir, fmt.Sprintf("%d-%d", seed, k))
	cmd := exec.CommandContext(t.Context(), exe, "-test.run="+strings.Join(names, "/"), "-test.count=1", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), fmt.Sprint(seedOfChild, "=", seed), fileOfChild+"="+file, fmt.Sprint("GOMAXPROCS=", n))
	out, err := cmd.CombinedOutput()
	for line := range bytes.Lines(out) {
		if text, ok := bytes.CutPrefix(line, []byte(mark)); ok {
			r := Run{file: file}
			if err := json.Unmarshal(text, &r); err != nil {
				t.Fatalf("the process of seed %d printed %q: %v", seed, line, err)
			}
			r.Processors = n
			if cmd.ProcessState.Success() {
				return r
			}
		}
	}
	t.Fatalf("the process of seed %d: %v\n%s", seed, err, out)
	return Run{}
}

// apart says what differs between two runs.
func apart(t *testing.T, a, b Run) string {
	t.Helper()
	what := "the histories differ"
	switch {
	case a.Digest == b.Digest && a.Trace == b.Trace:
		what = "the histories are alike, and the decisions differ"
	case a.Digest == b.Digest:
		what = "the histories are alike, and the traces differ"
	}
	if a.Decisions == b.Decisions {
		return what
	}
	x, errX := os.ReadFile(a.file)
	y, errY := os.ReadFile(b.file)
	if errX != nil || errY != nil {
		t.Fatalf("read the decisions: %v, %v", errX, errY)
	}
	return fmt.Sprintf("%s, %d decisions and %d, %d points and %d: %s", what, a.Steps, b.Steps, a.Points, b.Points, firstLine(x, y))
}

// firstLine returns the first line in which two files differ, of both.
func firstLine(x, y []byte) string {
	a, b := strings.Split(string(x), "\n"), strings.Split(string(y), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("decision %d\n  first:  %s\n  second: %s", i+1, a[i], b[i])
		}
	}
	return "none of those that were recorded"
}

// Replays is [Fresh] for each of several schedules, two runs a seed: with points of preemption and without. In a
// stock build, in which nothing is asserted, there is one. It skips unless CAPSIZE_SEEDS says how many seeds.
func Replays(t *testing.T, test capsize.Test) {
	t.Helper()
	if !tier.Sweeping() {
		t.Skip("CAPSIZE_SEEDS says how many seeds to run in processes of their own")
	}
	schedules := map[string]schedule.Schedule{"stock": {}}
	if schedule.Active() {
		schedules = map[string]schedule.Schedule{}
		for _, s := range []schedule.Schedule{schedule.FirstCome(), schedule.Random(0), schedule.Random(4), schedule.Priorities(32)} {
			schedules[strings.ReplaceAll(s.String(), "/", "-")] = s
		}
	}
	for _, name := range slices.Sorted(maps.Keys(schedules)) {
		t.Run(name, func(t *testing.T) {
			test.Schedule = schedules[name]
			Fresh(t, test, 1, tier.Seeds(t, 1, 1), 2)
		})
	}
}

// Again is [Fresh] for one seed under the swarm: in as many processes as CAPSIZE_SEEDS says.
func Again(t *testing.T, test capsize.Test) {
	t.Helper()
	if !tier.Sweeping() {
		t.Skip("CAPSIZE_SEEDS says in how many processes to run a seed")
	}
	Fresh(t, test, 101, 1, tier.Seeds(t, 1, 1))
}
