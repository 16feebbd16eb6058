package jepsen

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/stats"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
)

// vectorCheckers are the checkers for the calls that Jepsen's own tests make, by the
// name that Jepsen gives them.
var vectorCheckers = map[string]checker.Checker{
	"Counter":                      CounterBounds(),
	"Queue":                        QueueSources(),
	"Set":                          FinalSet(),
	"SetFull":                      SetFull(false),
	"Stats":                        stats.New(stats.Limits{EachF: true}),
	"TotalQueue":                   TotalQueue(false),
	"UniqueIds":                    DistinctIDs(),
	"causal_reverse$checker$reify": CausalReverse(),
	"long_fork$checker$reify":      LongFork(3),
}

// vectorCounts are the names that Jepsen gives to what we count, where they are others.
// Where two of ours are one of theirs, they are added.
var vectorCounts = map[string][]string{
	"attempt-count":      {"attempted"},
	"attempted-count":    {"attempted"},
	"acknowledged-count": {"acknowledged"},
	"never-read-count":   {"never read"},
	"recovered-count":    {"recovered", "revived"},
	"reads-count":        {"read"},
	"early-read-count":   {"early"},
	"late-read-count":    {"late"},
}

// paths returns the files of the corpus that a pattern names, each with its root.
func paths(t *testing.T, root, pattern string) (names []string) {
	t.Helper()
	for _, name := range checkertest.Glob(t, root, pattern) {
		names = append(names, filepath.Join(root, name))
	}
	return names
}

// TestCorpusJepsen judges the histories of Jepsen's own tests, and those of elle-cli that
// are for its checkers.
func TestCorpusJepsen(t *testing.T) {
	root := os.Getenv("CAPSIZE_CORPUS")
	if root == "" {
		t.Skip("CAPSIZE_CORPUS is not set")
	}
	var later []string
	var sizes []int // of the counterexamples
	compared, judged := 0, 0
	t.Logf("%-70s %-15s %-8s %-8s %10s", "file", "checker", "expected", "got", "time")
	for _, name := range paths(t, root, "jepsen-testvectors/*.edn") {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		kind, _, _ := strings.Cut(filepath.Base(name), "--")
		c, covered := vectorCheckers[kind]
		if !covered {
			later = append(later, strings.TrimPrefix(name, root+"/"))
			continue
		}
		header, _, _ := bytes.Cut(text, []byte("\n"))
		want := vectorVerdict(t, header)
		got := judgeFile(t, root, name, want, c)
		judged++
		if got.Counterexample != nil {
			sizes = append(sizes, len(got.Counterexample.Calls))
		}
		if kind != "Stats" {
			compared += compareCounts(t, name, header, got)
		}
	}
	for _, f := range []struct {
		name string
		c    checker.Checker
	}{
		{"counter.*", CounterBounds()},
		{"set.edn", FinalSet()},
		{"set_full.*", SetFull(false)},
		{"bank.*", Bank(BankRule{})},
		{"bank-tidb.edn", Bank(BankRule{})},
		{"bank-neg.edn", Bank(BankRule{})},
		{"bank-negative-balances.json", Bank(BankRule{})},
		{"long-fork.edn", LongFork(3)},
	} {
		for _, name := range paths(t, root, "elle-cli/histories/jepsen/"+f.name) {
			got := judgeFile(t, root, name, indexVerdict(t, root, name), f.c)
			judged++
			if got.Counterexample != nil {
				sizes = append(sizes, len(got.Counterexample.Calls))
			}
		}
	}
	for _, name := range paths(t, root, "elle-cli/histories/jepsen/bank-negative-balances.json") {
		judgeFile(t, root, name, checker.Valid, Bank(BankRule{Negative: true}))
	}
	for _, name := range later {
		t.Logf("%-70s %-15s later", name, "none")
	}
	slices.Sort(sizes)
	t.Logf("counterexamples: %d, median %d calls, most %d", len(sizes), sizes[len(sizes)/2], sizes[len(sizes)-1])
	t.Logf("%d files judged, %d counts compared, %d files for later", judged, compared, len(later))
	assert.NotZero(t, compared)
}

func judgeFile(t *testing.T, root, name string, want checker.Verdict, c checker.Checker) checker.Result {
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	h, err := history.Decode(bytes.NewReader(text), name, history.Options{Lenient: true})
	require.NoError(t, err)
	start := time.Now()
	got := c.Check(t.Context(), h)
	took := time.Since(start)
	why := ""
	if got.Counterexample != nil {
		why = fmt.Sprintf(" %d calls: %s", len(got.Counterexample.Calls), got.Counterexample.Reason)
	}
	t.Logf("%-70s %-15s %-8s %-8s %10v  %s%s", strings.TrimPrefix(name, root+"/"), got.Checker, want, got.Verdict,
		took.Round(10*time.Microsecond), got.Reason, why)
	assert.Equal(t, want, got.Verdict, name)
	return got
}

// vectorVerdict returns what a header says of the file.
func vectorVerdict(t *testing.T, header []byte) checker.Verdict {
	all := regexp.MustCompile(`:result \{.*`).Find(header)
	// The verdicts of parts stand in maps of their own; that of all is outside.
	parts := regexp.MustCompile(`:by-f \{.*`)
	m := regexp.MustCompile(`:valid\? (true|false|:unknown)`).FindSubmatch(parts.ReplaceAll(all, nil))
	require.NotNil(t, m, "%s", header)
	return map[string]checker.Verdict{"true": checker.Valid, "false": checker.Invalid, ":unknown": checker.Unknown}[string(m[1])]
}

// compareCounts compares the counts that a header gives with ours.
func compareCounts(t *testing.T, name string, header []byte, r checker.Result) (compared int) {
	f, ok := FindingsOf(r)
	require.True(t, ok, name)
	for _, m := range regexp.MustCompile(`:([a-z-]+-count) (\d+)`).FindAllSubmatch(header, -1) {
		key := string(m[1])
		names, other := vectorCounts[key]
		if !other {
			names = []string{strings.TrimSuffix(key, "-count")}
		}
		if key == "expected-count" {
			continue
		}
		n := 0
		for _, name := range names {
			n += f.N(name)
		}
		want, err := strconv.Atoi(string(m[2]))
		require.NoError(t, err)
		assert.Equal(t, want, n, "%s: %s", name, key)
		compared++
	}
	for _, m := range regexp.MustCompile(`:(stable|lost)-latencies \{0 (\d+), 0.5 (\d+), 0.95 (\d+), 0.99 (\d+), 1 (\d+)\}`).FindAllSubmatch(header, -1) {
		at := slices.IndexFunc(f.Lags, func(l Lags) bool { return l.Name == string(m[1])+" latency" })
		require.GreaterOrEqual(t, at, 0, name)
		l := f.Lags[at]
		got := ""
		for _, d := range []time.Duration{l.Min, l.P50, l.P95, l.P99, l.Max} {
			got += fmt.Sprint(" ", d.Milliseconds())
		}
		assert.Equal(t, " "+string(bytes.Join(m[2:], []byte(" "))), got, "%s: %s", name, m[0])
		compared++
	}
	if _, errors, ok := bytes.Cut(header, []byte(":errors (")); ok && r.Checker == "counter" {
		errors, _, _ = bytes.Cut(errors, []byte(")"))
		assert.Equal(t, bytes.Count(errors, []byte("[")), f.N("out of bounds"), name)
		compared++
	}
	return compared
}

// indexVerdict returns what the index of the corpus says of a file.
func indexVerdict(t *testing.T, root, name string) checker.Verdict {
	index, err := os.ReadFile(filepath.Join(root, "INDEX.md"))
	require.NoError(t, err)
	rel := strings.TrimPrefix(name, root+"/")
	both := strings.TrimSuffix(strings.TrimSuffix(rel, ".edn"), ".json") + ".{edn,json}"
	for line := range strings.Lines(string(index)) {
		if f := strings.Split(line, "|"); len(f) > 3 {
			if file := strings.TrimSpace(f[1]); file == rel || file == both {
				if strings.TrimSpace(f[3]) == "true" {
					return checker.Valid
				}
				return checker.Invalid
			}
		}
	}
	require.Fail(t, "not in the index", name)
	return checker.Unknown
}
