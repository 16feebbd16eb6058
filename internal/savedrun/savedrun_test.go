package savedrun_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/nemesis"
)

func record() savedrun.Record {
	return savedrun.Record{
		Test: "TestStore", System: "kv", Workload: "register", Nemesis: "crash", Seed: 17, Nodes: 5, Clients: 10, Rate: 100,
		Duration: time.Second, Timeout: time.Second, Settle: time.Second, Verdict: checker.Invalid, Reason: "r", Digest: "d",
		Plan: nemesis.Plan{{ID: 1, At: time.Second, For: time.Second, Fault: nemesis.Crashes()}},
	}
}

func calls(times ...time.Duration) *history.History {
	h := new(history.History)
	for i, at := range times {
		h.Add(history.Op{Time: at, Process: i, Node: "n1", Type: history.Invoke, Input: "read"})
	}
	return h
}

// TestWriteAndRead writes records of all kinds and reads them back: each is the same
// run by its ID.
func TestWriteAndRead(t *testing.T) {
	for name, change := range map[string]func(*savedrun.Record){
		"plain":       func(*savedrun.Record) {},
		"unpaced":     func(r *savedrun.Record) { r.Rate = math.Inf(1) },
		"no faults":   func(r *savedrun.Record) { r.Plan = nil },
		"empty plan":  func(r *savedrun.Record) { r.Plan = nemesis.Plan{} },
		"core":        func(r *savedrun.Record) { r.Core, r.Run, r.Bug = true, "2", "b" },
		"did not fit": func(r *savedrun.Record) { r.Repeats, r.Build, r.Capsize = savedrun.No, "b", "v1" },
	} {
		t.Run(name, func(t *testing.T) {
			r := record()
			change(&r)
			dir := filepath.Join(t.TempDir(), "a", "b")
			require.NoError(t, r.Write(dir, calls(1)))
			for _, path := range []string{dir, filepath.Join(dir, savedrun.File)} {
				got, file, err := savedrun.Read(path)
				require.NoError(t, err)
				require.NoError(t, got.Validate())
				assert.Equal(t, filepath.Join(dir, savedrun.File), file)
				assert.Equal(t, r.ID(), got.ID())
				assert.Equal(t, r.Rate, got.Rate)
				assert.Equal(t, r.Plan.String(), got.Plan.String())
				assert.Equal(t, r.Repeats, got.Repeats)
			}
		})
	}
}

// TestIDTellsRunsApart changes each parameter of a run: no two have one ID.
func TestIDTellsRunsApart(t *testing.T) {
	seen := map[string]string{record().ID(): "as it is"}
	for name, change := range map[string]func(*savedrun.Record){
		"test": func(r *savedrun.Record) { r.Test = "x" }, "run": func(r *savedrun.Record) { r.Run = "2" },
		"system": func(r *savedrun.Record) { r.System = "x" }, "bug": func(r *savedrun.Record) { r.Bug = "x" },
		"workload": func(r *savedrun.Record) { r.Workload = "x" }, "nemesis": func(r *savedrun.Record) { r.Nemesis = "x" },
		"seed": func(r *savedrun.Record) { r.Seed++ }, "nodes": func(r *savedrun.Record) { r.Nodes++ },
		"clients": func(r *savedrun.Record) { r.Clients++ }, "rate": func(r *savedrun.Record) { r.Rate++ },
		"no rate": func(r *savedrun.Record) { r.Rate = math.Inf(1) }, "duration": func(r *savedrun.Record) { r.Duration++ },
		"timeout": func(r *savedrun.Record) { r.Timeout++ }, "settle": func(r *savedrun.Record) { r.Settle++ },
		"core": func(r *savedrun.Record) { r.Core = true }, "digest": func(r *savedrun.Record) { r.Digest = "x" },
		"plan": func(r *savedrun.Record) { r.Plan = r.Plan.Without(1) },
	} {
		r := record()
		change(&r)
		id := r.ID()
		assert.Len(t, id, 8)
		assert.Empty(t, seen[id], "%s has the ID of another", name)
		seen[id] = name
	}
	same := record()
	same.Verdict, same.Reason, same.Repeats, same.Build, same.Capsize = checker.Valid, "x", savedrun.Yes, "x", "x"
	assert.Equal(t, record().ID(), same.ID(), "the verdict is not a parameter")
}

// TestReadNamesFileAndLine reads files that are wrong.
func TestReadNamesFileAndLine(t *testing.T) {
	good := "{\n\"seed\": 1,\n\"nodes\": 5,\n\"clients\": 1,\n\"rate\": 0,\n\"duration_ns\": 1,\n\"timeout_ns\": 1,\n\"settle_ns\": 1,\n\"plan\": []\n}\n"
	for name, x := range map[string]struct{ text, want string }{
		"good":    {good, ""},
		"cut":     {"{\n\"seed\": 1,\n", "run.json:2: unexpected"},
		"kind":    {strings.Replace(good, "5", `"five"`, 1), "run.json:3: json: cannot unmarshal"},
		"unknown": {strings.Replace(good, "nodes", "knots", 1), `run.json:3: json: unknown field "knots"`},
		"missing": {strings.Replace(good, "\"nodes\": 5,\n", "", 1), `run.json:1: "nodes" is missing`},
		"nodes":   {strings.Replace(good, "5", "0", 1), `run.json:3: "nodes" is missing or makes no sense`},
		"rate":    {strings.Replace(good, "\"rate\": 0", "\"rate\": -1", 1), `run.json:5: "rate" is missing or makes no sense`},
		"plan":    {strings.Replace(good, "[]", "[{\"id\": 1}]", 1), `run.json:9: step 1 of the plan: "at" is missing`},
	} {
		file := filepath.Join(t.TempDir(), savedrun.File)
		require.NoError(t, os.WriteFile(file, []byte(x.text), 0o644))
		r, _, err := savedrun.Read(file)
		if err == nil {
			err = r.Validate()
		}
		if x.want == "" {
			assert.NoError(t, err, name)
		} else {
			assert.ErrorContains(t, err, x.want, name)
		}
	}
	_, _, err := savedrun.Read(t.TempDir())
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, "has no run.json")
}

func compare(t *testing.T, rec savedrun.Record, dir string, h *history.History) savedrun.Comparison {
	t.Helper()
	saved, err := rec.ReadHistory(dir)
	require.NoError(t, err)
	c, err := saved.Compare(h)
	require.NoError(t, err)
	digest, err := h.Digest()
	require.NoError(t, err)
	require.Equal(t, digest, c.Digest)
	return c
}

// TestCompare finds the first line that differs, and prints it so that it does.
func TestCompare(t *testing.T) {
	dir := t.TempDir()
	rec := record()
	rec.Digest = "" // not known
	require.NoError(t, rec.Write(dir, calls(1, 2, 3)))
	for _, x := range []struct {
		h    *history.History
		line int
	}{{calls(1, 2, 3), 0}, {calls(1, 2, 4), 3}, {calls(1, 2), 3}, {calls(1, 2, 3, 4), 4}, {calls(), 1}} {
		d := compare(t, rec, dir, x.h)
		assert.Equal(t, x.line == 0, d.Same)
		assert.Equal(t, x.line, d.Line)
		assert.Equal(t, x.line > 0, d.First != d.Second)
	}
	saved, err := rec.ReadHistory(t.TempDir())
	require.NoError(t, err)
	assert.True(t, saved.Missing)
	d, err := saved.Compare(calls(1))
	require.NoError(t, err)
	assert.False(t, d.Same)
	assert.Zero(t, d.Line, "there is no line to compare with")
	rec.Digest = d.Digest
	assert.True(t, compare(t, rec, t.TempDir(), calls(1)).Same, "the digests can be compared")
	rec.Digest = ""

	// What git may do to line ends is no difference.
	file := filepath.Join(dir, savedrun.History)
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(b), "\n", "\r\n")), 0o644))
	d = compare(t, rec, dir, calls(1, 2, 3))
	assert.True(t, d.Same)
	assert.Zero(t, d.Difference)
}

// TestDamage distinguishes a saved history that is not the one of the record from one that is.
func TestDamage(t *testing.T) {
	dir, rec := t.TempDir(), record()
	digest, err := calls(1, 2, 3).Digest()
	require.NoError(t, err)
	rec.Digest = digest
	damage := func() string {
		saved, err := rec.ReadHistory(dir)
		require.NoError(t, err)
		return saved.Damage
	}
	assert.Empty(t, damage(), "there is none")
	require.NoError(t, rec.Write(dir, calls(1, 2, 3)))
	assert.Empty(t, damage())
	file := filepath.Join(dir, savedrun.History)
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	whole := string(b)
	lines := strings.SplitAfter(whole, "\n")
	head := "the saved history is damaged: history.jsonl has not the digest that run.json says (" + digest[:8] + ")"
	for text, want := range map[string]string{
		whole: "", strings.ReplaceAll(whole, "\n", "\r\n"): "", "": head + "; it is empty",
		whole[:len(whole)-5]: head + "; line 3, its last, is cut short", lines[0] + lines[1]: head + "; it has 2 lines",
		strings.Replace(whole, "0", "9", 1): head + "; it has 3 lines",
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		assert.Equal(t, want, damage())
		c := compare(t, rec, dir, calls(1, 2))
		assert.False(t, c.Same)
		assert.Equal(t, want == "", c.Line > 0, "of a damaged history no line is compared")
		assert.True(t, compare(t, rec, dir, calls(1, 2, 3)).Same, "the digests can be compared")
	}
}

// TestApart cuts long lines around the difference, wherever that is.
func TestApart(t *testing.T) {
	for _, n := range []int{0, 1, 100, 199, 200, 201, 1000, 99_999} {
		same := strings.Repeat("é", n)
		for _, ends := range [][2]string{{"a", "b"}, {"", "b"}, {"a" + same, "b" + same}, {"ab", "a"}} {
			x, y := savedrun.Apart(same+ends[0], same+ends[1])
			assert.NotEqual(t, x, y)
			assert.LessOrEqual(t, max(len(x), len(y)), 450)
			assert.True(t, strings.ToValidUTF8(x, "") == x && strings.ToValidUTF8(y, "") == y)
		}
	}
}

func TestBuild(t *testing.T) {
	assert.Regexp(t, "^[0-9a-f]{16}$", savedrun.Build())
}

// TestPrefix compares a history that was cut short with the whole one.
func TestPrefix(t *testing.T) {
	const whole = "a\nb\nc\n"
	for short, line := range map[string]int{"": 0, "a\n": 0, "a\nb\nc\n": 0, "a\nx\n": 2, "a\nb\nc\nd\n": 4} {
		assert.Equal(t, line, savedrun.Prefix([]byte(short), []byte(whole)).Line, "%q", short)
	}
	assert.Equal(t, 1, savedrun.Prefix([]byte("a\n"), nil).Line)
	assert.Zero(t, savedrun.Prefix(nil, nil))
}

// TestNames reads names back, also those of before.
func TestNames(t *testing.T) {
	r := record()
	seed, hash, ok := savedrun.ParseName(r.Name())
	assert.True(t, ok)
	assert.Equal(t, r.Seed, seed)
	assert.Equal(t, r.ID(), hash)
	r.Run = "2"
	assert.Equal(t, "TestStore/2/"+r.Name(), r.Subtest())
	for text, want := range map[string]struct {
		seed uint64
		hash string
		ok   bool
	}{
		"seed-17": {17, "", true}, "2f8e513f": {0, "2f8e513f", true}, "seed-17-2f8e513f": {17, "2f8e513f", true},
		"seed-99999999999999999999999": {0, "", true}, "seed-": {}, "seed-17-x": {}, "x": {}, "": {},
	} {
		seed, hash, ok := savedrun.ParseName(text)
		assert.Equal(t, want.seed, seed, text)
		assert.Equal(t, want.hash, hash, text)
		assert.Equal(t, want.ok, ok, text)
	}
}
