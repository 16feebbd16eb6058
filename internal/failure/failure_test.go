package failure_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

var register = workloads.Register(raftkv.Store{}.Open)

// stale returns a failure with its history.
func stale(t testing.TB) (failure.Failure, *history.History) {
	t.Helper()
	h := staleHistory("n2 | n1 n3", 0)
	var text bytes.Buffer
	require.NoError(t, h.Write(&text))
	digest, err := h.Digest()
	require.NoError(t, err)
	f := failure.Failure{
		Story: []string{"register on raftkv: not linearizable", "", "process 1 read 0 from k1, though process 0 had written 7"},
		Record: savedrun.Record{
			Capsize: "v0.1.0", Test: "TestStore/three nodes", System: "raftkv", Bug: "local-reads", Workload: "register", Nemesis: "partition",
			Seed: 17, Nodes: 3, Clients: 4, Rate: 100, Duration: 5 * time.Second, Timeout: time.Second, Settle: 5 * time.Second, Core: true,
			Calm:    cluster.Calm{Until: time.Second, From: 4 * time.Second},
			Verdict: checker.Invalid, Reason: "process 1 read 0 from k1", Digest: digest, Repeats: savedrun.Yes, Build: "0123456789abcdef",
		},
		Shows:   failure.Signature{Checker: "linearizable", Anomaly: "a newer value had replaced it", Shape: "read ok"},
		Shrunk:  "from 6 faults, 707 calls, 5 nodes to 1 fault, 2 calls, 3 nodes in 61 runs",
		From:    18,
		Notes:   []failure.Note{{Part: "fault 3", Without: "it passes"}, {Part: "operation 1", Without: "it fails in another way: x: y"}, {Part: "operation 2", Without: "it passes"}},
		Go:      "go1.26.8",
		History: text.Bytes(),
	}
	plan := nemesis.Plan{{ID: 3, At: 2 * time.Second, For: 1500 * time.Millisecond, Fault: nemesis.Partitions(nemesis.Leader)}}
	script := workloads.Script{
		{Client: 0, At: 2500 * time.Millisecond, Input: model.RegisterOp{F: "write", Key: "k1", Value: 7}},
		{Client: 1, Final: true, Input: model.RegisterOp{F: "read", Key: "k1"}},
	}
	f.Steps, err = failure.StepsOf(plan, h)
	require.NoError(t, err)
	f.Ops, err = failure.OpsOf(register, script)
	require.NoError(t, err)
	f.Inputs = f.Sum()
	return f, h
}

// staleHistory is the history of a partition and two calls; extra delays the answer.
func staleHistory(chose string, extra time.Duration) *history.History {
	return history.Of(
		history.Op{Time: 2 * time.Second, Process: history.Nemesis, Type: history.Invoke, Key: "step 3", Input: chose},
		history.Op{Time: 2500 * time.Millisecond, Process: 0, Type: history.Invoke, Node: "n1", Key: "k1", Input: model.RegisterOp{F: "write", Key: "k1", Value: 7}},
		history.Op{Time: 2600*time.Millisecond + extra, Process: 0, Type: history.OK, Node: "n1", Key: "k1", Output: 0},
	)
}

// TestRoundTrip writes a failure, reads it, and holds the text to what a person is to read.
func TestRoundTrip(t *testing.T) {
	f, _ := stale(t)
	path := filepath.Join(t.TempDir(), "deep", "seed-17-2f8e513f")
	require.NoError(t, f.Write(path))
	is, err := failure.Is(path)
	require.NoError(t, err)
	require.True(t, is)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	golden, err := os.ReadFile("testdata/stale.txt")
	if os.Getenv("CAPSIZE_UPDATE") != "" {
		require.NoError(t, os.WriteFile("testdata/stale.txt", text, 0o644))
		return
	}
	require.NoError(t, err)
	require.Equal(t, string(golden), string(text))

	got, err := failure.Read(path)
	require.NoError(t, err)
	again, err := got.Encode()
	require.NoError(t, err)
	assert.Equal(t, strings.SplitAfterN(string(text), "\n\n", 2)[1], strings.SplitAfterN(withChoices(t, got, f), "\n\n", 2)[1], "all but the comments")
	assert.NotEmpty(t, again)
	assert.Equal(t, f.Record, got.Record)
	assert.Equal(t, f.Story, got.Story)
	assert.Equal(t, f.Shows, got.Shows)
	assert.Equal(t, f.Notes, got.Notes)
	assert.Equal(t, []string{"without fault 3 or operation 2: it passes", "without operation 1: it fails in another way: x: y"}, got.Without())
	assert.Equal(t, f.History, got.History)
	assert.False(t, got.Edited())
	plan, err := got.Plan()
	require.NoError(t, err)
	assert.Equal(t, nemesis.Plan{{ID: 3, At: 2 * time.Second, For: 1500 * time.Millisecond, Fault: nemesis.Partitions(nemesis.Leader)}}, plan)
	script, err := got.Script(register)
	require.NoError(t, err)
	assert.Equal(t, model.RegisterOp{F: "write", Key: "k1", Value: 7}, script[0].Input)
	assert.True(t, script[1].Final)
}

// withChoices returns the text of a failure that was read, with what the faults chose, which is for people only.
func withChoices(t *testing.T, got, from failure.Failure) string {
	t.Helper()
	for i := range got.Steps {
		got.Steps[i].Chose = from.Steps[i].Chose
	}
	text, err := got.Encode()
	require.NoError(t, err)
	return string(text)
}

// TestRoundTripOfAnything writes and reads failures with arbitrary texts and numbers.
func TestRoundTripOfAnything(t *testing.T) {
	f, _ := stale(t)
	rapid.Check(t, func(r *rapid.T) {
		x := f
		x.Record.Test, x.Record.Reason = rapid.String().Draw(r, "test"), rapid.String().Draw(r, "reason")
		x.Shows.Anomaly = rapid.SampledFrom([]string{` "`, `"a"`, "#", "plan", "a\nb", "ok ", "\u2028", "\xff"}).Draw(r, "anomaly")
		x.Record.Rate = rapid.SampledFrom([]float64{0.1, 1e21, 100, math.Inf(1)}).Draw(r, "rate")
		x.Record.Duration = time.Duration(rapid.Int64Range(1, math.MaxInt64).Draw(r, "duration"))
		x.Notes = []failure.Note{{Part: "fault 1", Without: rapid.StringN(1, 20, -1).Draw(r, "without")}}
		x.Steps = []failure.Step{{ID: rapid.IntRange(0, 1e9).Draw(r, "id"), At: x.Record.Duration, Fault: json.RawMessage(`{"kind":"crash"}`), Chose: rapid.String().Draw(r, "chose")}}
		x.Ops = []failure.Op{{Client: rapid.IntRange(0, 3).Draw(r, "client"), At: x.Record.Duration, Input: json.RawMessage(`"a # b"`)}}
		text, err := x.Encode()
		require.NoError(r, err)
		got, err := failure.Parse(text, "x")
		require.NoError(r, err)
		require.Equal(r, x.Record, got.Record)
		require.Equal(r, x.Shows, got.Shows)
		require.Equal(r, x.Notes, got.Notes)
		require.Equal(r, x.Sum(), got.Sum())
		require.Equal(r, x.Ops[0].Input, got.Ops[0].Input)
	})
}

// TestParseRefuses has files with a mistake in each, and the error that names its line.
func TestParseRefuses(t *testing.T) {
	f, _ := stale(t)
	good, err := f.Encode()
	require.NoError(t, err)
	for _, c := range []struct{ name, old, new, want string }{
		{"title", "capsize failure v1", "capsize failing", `x:1: it does not begin with "capsize failure v1", so this is no saved failure`},
		{"later version", "capsize failure v1", "capsize failure v2", "x:1: the file has version 2 of the form, and this capsize knows up to version 1: it was written by a later one"},
		{"odd version", "capsize failure v1", "capsize failure vx", `x:1: "x" is no version`},
		{"parameter", "nodes      3", "noodles    3", `x:12: there is no parameter "noodles"; there are test, run, `},
		{"twice", "nodes      3", "seed       3", `x:12: "seed" stands twice`},
		{"number", "nodes      3", "nodes      three", `x:12: "nodes": "three" is no number`},
		{"no nodes", "nodes      3", "nodes      0", `x: "nodes" is missing or makes no sense`},
		{"seed", "seed       17", "seed       -1", `x:11: "seed": "-1" is no number from 0 on`},
		{"duration", "duration   5s", "duration   5", `x:15: "duration": "5" is no duration such as "1.5s"`},
		{"negative", "timeout    1s", "timeout    -1s", `x:16: "timeout": the duration "-1s" is negative`},
		{"rate", "rate       100", "rate       fast", `x:14: "rate": "fast" is no number, nor "unpaced"`},
		{"core", "core       true", "core       partly", `x:18: "core": "partly" is neither true nor false`},
		{"verdict", "verdict    invalid", "verdict    wrong", `x:23: "verdict": "wrong" is no verdict: it is valid, unknown or invalid`},
		{"quotes", "system     raftkv", `system     "raftkv`, `x:7: "system": "raftkv is no text in quotes`},
		{"UTF-8", "system     raftkv", "system     \xff", `x:7: it is no UTF-8`},
		{"step", "step 3  at", "step three at", `x:38: a step is as "step 1  at 2s  for 1s  {…}": "step": "three" is no number from 0 on`},
		{"step without a time", "step 3  at 2s", "step 3 ", `x:38: a step is as "step 1  at 2s  for 1s  {…}": "at" is missing`},
		{"fault", `{"kind":"partition"`, `{"kind":`, `x:38: the fault of step 3: invalid character`},
		{"no fault", `{"kind":"partition","shapes":["leader"]}`, ``, `x:38: the fault of step 3: invalid character '#'`},
		{"fault of another kind", `{"kind":"partition","shapes":["leader"]}`, `17`, `x:38: the fault of step 3 is no object of JSON`},
		{"after a fault", `["leader"]}`, `["leader"]} and more`, `x:38: the fault of step 3: after it stands "and more`},
		{"operation", "at 2.5s ", "on 2.5s ", `x:41: an operation is as "at 1.2s  client 3  {…}" or "final  client 3  {…}": "at" is missing`},
		{"client", "client 0", "client 4", `x:41: there is no client 4; 4 clients are numbered from 0`},
		{"input", `client 0  {"f":"write"`, `client 0  {"f":`, `x:41: the input of operation 1: invalid character`},
		{"order", "\nops\n", "\nplan\n", `x:40: the part "plan" is out of its place`},
		{"no ops", "\nops\n", "\n", "x:40: a step is as"},
		{"no checker", "checker    linearizable", "", `x: "checker" is missing or makes no sense`},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, 1, strings.Count(string(good), c.old), c.old)
			_, err := failure.Parse([]byte(strings.Replace(string(good), c.old, c.new, 1)), "x")
			require.ErrorContains(t, err, "read failure: "+c.want)
		})
	}
	cut, _, _ := strings.Cut(string(good), "\nhistory\n")
	_, err = failure.Parse([]byte(cut), "x")
	require.EqualError(t, err, `read failure: x:42: the file ends before its part "history"`)
	_, err = failure.Parse(nil, "x")
	require.EqualError(t, err, `read failure: x:1: the file ends before its part "plan"`)
	_, err = failure.Parse([]byte(strings.ReplaceAll(string(good), "\n", "\r\n")), "x")
	require.NoError(t, err, "as git writes it on Windows")
}

// TestNoLongerFits has files whose faults or inputs the program does not know any more.
func TestNoLongerFits(t *testing.T) {
	f, _ := stale(t)
	good, err := f.Encode()
	require.NoError(t, err)
	edited := func(before, after string) failure.Failure {
		require.Contains(t, string(good), before)
		got, err := failure.Parse([]byte(strings.Replace(string(good), before, after, 1)), "x")
		require.NoError(t, err)
		return got
	}
	_, err = edited(`"kind":"partition","shapes":["leader"]`, `"kind":"unplugged"`).Plan()
	require.ErrorContains(t, err, `read failure: x:38: step 3 does not fit any more: there is no fault "unplugged"; there are `)
	_, err = edited(`"key":"k1","value":7`, `"name":"k1"`).Script(register)
	require.ErrorContains(t, err, `read failure: x:41: operation 1 is the first that does not fit workload "register" any more: `)
	assert.ErrorContains(t, err, `unknown field "name"`)
	assert.True(t, edited("at 2.5s", "at 2.6s").Edited())
	assert.True(t, edited("nodes      3", "nodes      4").Edited())
	assert.False(t, edited("# n2 | n1 n3", "# n9").Edited())
}

// TestDiffers compares histories: it says whether a draw or an op is the first that differs.
func TestDiffers(t *testing.T) {
	f, h := stale(t)
	for _, c := range []struct {
		name string
		h    *history.History
		want string
	}{
		{"same", h, ""},
		{"draw", staleHistory("n1 | n2 n3", 0), `the first draw that no longer fits is that of step 3, {"kind":"partition","shapes":["leader"]}: line 1 of the history`},
		{"answer", staleHistory("n2 | n1 n3", 1), "the first op that no longer fits is the answer to process 0: line 3 of the history"},
	} {
		got, err := f.Differs(c.h)
		require.NoError(t, err, c.name)
		if c.want == "" {
			assert.Empty(t, got, c.name)
		} else {
			assert.True(t, strings.HasPrefix(got, c.want+"\n  saved: {"), "%s: %s", c.name, got)
		}
	}
	f.History = f.History[:len(f.History)/2]
	got, err := f.Differs(staleHistory("n1 | n2 n3", 0))
	require.NoError(t, err)
	assert.Contains(t, got, "the saved history is damaged: the history of the file has not the digest that the file says (")
}

// TestKeptOrNot has inputs and faults that no file can keep.
func TestKeptOrNot(t *testing.T) {
	type odd struct{ F func() }
	w := register
	_, err := failure.OpsOf(w, workloads.Script{{Input: odd{}}})
	require.ErrorContains(t, err, "the input of operation 1 has no JSON: ")
	w.ReadInput = func([]byte) (any, error) { return 7.0, nil }
	_, err = failure.OpsOf(w, workloads.Script{{Input: 7}})
	require.EqualError(t, err, "the input of operation 1, 7, is another one when it is read from JSON: 7")
	_, err = failure.StepsOf(nemesis.Plan{{ID: 1, Fault: misfault{}}}, staleHistory("", 0))
	require.ErrorContains(t, err, "the plan can't be kept in a file: ")
}

type misfault struct{ nemesis.Fault }

func (misfault) String() string { return "misfault" }

// FuzzParse reads texts that may be anything: what is read is written and read alike.
func FuzzParse(f *testing.F) {
	x, _ := stale(f)
	good, err := x.Encode()
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte("capsize failure v1\n\nplan\nops\nhistory\n"))
	f.Add([]byte("capsize failure v1\nrate NaN\nplan\nstep 1 at 1s for 1s {}\nops\nfinal client 0 0 # x\nhistory\n{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := failure.Parse(text, "x")
		if err != nil {
			return
		}
		b, err := a.Encode()
		require.NoError(t, err)
		c, err := failure.Parse(b, "x")
		require.NoError(t, err, "%s", b)
		require.Equal(t, a.Record, c.Record)
		require.Equal(t, a.Sum(), c.Sum())
		require.Equal(t, a.History, c.History)
	})
}
