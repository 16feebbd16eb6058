package kafka

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
)

// seeds returns how many histories a test simulates.
func seeds(t *testing.T, few int) int {
	text := os.Getenv("CAPSIZE_SEEDS")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "CAPSIZE_SEEDS")
	return n
}

// TestCorrectLogs checks that there is nothing wrong with correct logs, of which some interleave transactions.
func TestCorrectLogs(t *testing.T) {
	interleaved, circles := 0, 0
	for seed := range seeds(t, 300) {
		h := simulate(seeded(seed), "", 40)
		r, err := Judge(t.Context(), h, Options{WW: seed%2 == 0})
		require.NoError(t, err)
		require.False(t, r.Wrong(), "seed %d: %v\n%v", seed, r.Anomalies, h)
		require.Equal(t, checker.Valid, Checker(Options{}).Check(t.Context(), h).Verdict)
		for _, a := range r.Anomalies {
			switch a.Type {
			case "int-send-skip":
				interleaved++
			case "G0", "G0-process", "G0-realtime", "G1c", "G1c-process", "G1c-realtime":
				circles++
			default:
				require.Fail(t, "an anomaly of correct logs", "seed %d, %s: %s\n%v", seed, a.Type, a.Reason, h)
			}
		}
	}
	assert.NotZero(t, interleaved)
	assert.NotZero(t, circles, "the order of sends makes circles, which are allowed")
}

// TestPlanted checks that each mistake of a system of logs is found as what it is, and that what is shown is wrong on its own.
func TestPlanted(t *testing.T) {
	for _, c := range []struct {
		bug  string
		want []string
		o    Options
	}{
		{"lose", []string{"lost-write", "unseen"}, Options{}},
		{"twice", []string{"duplicate"}, Options{}},
		{"overwrite", []string{"inconsistent-offsets"}, Options{}},
		{"aborted-read", []string{"G1a"}, Options{}},
		{"dirty-read", []string{"precommitted-read", "G1a", "G1c"}, Options{}},
		{"skip", []string{"int-poll-skip", "poll-skip"}, Options{}},
		{"rewind", []string{"int-nonmonotonic-poll", "nonmonotonic-poll"}, Options{}},
		{"no-rollback", []string{"poll-skip"}, Options{}},
		{"swap-own", []string{"int-nonmonotonic-send"}, Options{}},
		{"backfill", []string{"nonmonotonic-send"}, Options{}},
		{"invent", []string{"garbage-read"}, Options{}},
		{"unseen", []string{"unseen"}, Options{}},
		{"", []string{"int-send-skip", "G0", "G1c"}, Options{WW: true}},
	} {
		t.Run(c.bug, func(t *testing.T) {
			found := map[string]int{}
			for seed := range seeds(t, 60) {
				h := simulate(seeded(seed), c.bug, 30)
				r, err := Judge(t.Context(), h, c.o)
				require.NoError(t, err)
				for _, a := range r.Anomalies {
					found[a.Type]++
					requireAlone(t, a, c.o, h)
				}
			}
			t.Log(found)
			for _, name := range c.want {
				assert.NotZero(t, found[name], name)
			}
		})
	}
}

// requireAlone checks that the calls of an anomaly show it without the others, and that fewer of them do not show the same.
func requireAlone(t *testing.T, a Anomaly, o Options, h *history.History) {
	t.Helper()
	require.NotEmpty(t, a.Reason)
	require.Less(t, a.Blamed, len(a.Calls))
	require.GreaterOrEqual(t, a.Blamed, 0)
	shows := func(calls []history.Call, reason string) bool {
		r, err := Judge(t.Context(), checkertest.Alone(calls), o)
		require.NoError(t, err)
		for _, b := range r.Anomalies {
			if b.Type == a.Type && (reason == "" || reason == b.Reason) {
				return true
			}
		}
		return false
	}
	require.True(t, shows(a.Calls, ""), "%s: %s\n%v\n%v", a.Type, a.Reason, a.Calls, h)
	if strings.HasSuffix(a.Type, "-skip") {
		return // the call that sent what was skipped is shown even if others prove that it is there
	}
	for i := range a.Calls {
		rest := append(append([]history.Call{}, a.Calls[:i]...), a.Calls[i+1:]...)
		require.False(t, shows(rest, a.Reason), "%s: %s is shown without %v\n%v\n%v", a.Type, a.Reason, a.Calls[i], a.Calls, h)
	}
}

// TestSubscribed checks that a process of a group may go back and skip, and one that is assigned its logs may not.
func TestSubscribed(t *testing.T) {
	for _, f := range []string{Subscribe, Assign} {
		polled := func(offsets ...int64) (ops []history.Op) {
			o := LogOp{F: Poll, Polled: map[string][]Message{"x": {}}}
			for _, at := range offsets {
				o.Polled["x"] = append(o.Polled["x"], Message{at, int(at) + 10})
			}
			return []history.Op{{Process: 1, Input: Request{F: Poll, Ops: []LogOp{{F: Poll}}}},
				{Process: 1, Type: history.OK, Output: Reply{Ops: []LogOp{o}}}}
		}
		sent := Request{F: Send}
		var acked Reply
		for i := range 4 {
			sent.Ops = append(sent.Ops, LogOp{F: Send, Key: "x", Value: i + 10})
			acked.Ops = append(acked.Ops, LogOp{F: Send, Key: "x", Value: i + 10, Known: true, Offset: int64(i)})
		}
		ops := []history.Op{{Input: sent}, {Type: history.OK, Output: acked},
			{Process: 1, Input: Request{F: f, Keys: []string{"x"}}}, {Process: 1, Type: history.OK}}
		ops = append(append(append(ops, polled(0, 1)...), polled(1, 2)...), polled(3)...)
		r := Checker(Options{}).Check(t.Context(), history.Of(ops...))
		if f == Subscribe {
			assert.Equal(t, checker.Valid, r.Verdict)
			assert.Equal(t, "4 messages acknowledged, 4 polled; allowed: nonmonotonic-poll 1", r.Reason)
			continue
		}
		assert.Equal(t, checker.Invalid, r.Verdict)
		assert.Equal(t, "a consumer polled backwards", r.Headline())
		assert.Equal(t, "process 1 polled 11 of log x, and in its next poll of the log 11 again", r.Counterexample.Reason)
		assert.Len(t, r.Counterexample.Calls, 2)
	}
}

// TestRoundTrip checks that a history is judged the same once it was written and read, in our format and in Jepsen's.
func TestRoundTrip(t *testing.T) {
	for seed := range seeds(t, 20) {
		bug := []string{"", "lose", "rewind", "skip"}[seed%4]
		h := simulate(seeded(seed), bug, 20)
		want := Checker(Options{}).Check(t.Context(), h)
		var ours, theirs bytes.Buffer
		require.NoError(t, h.Write(&ours))
		require.NoError(t, h.Encode(&theirs, history.Options{Format: history.EDN}))
		typed, err := history.ReadAs[Request, Reply](bytes.NewReader(ours.Bytes()), "ours")
		require.NoError(t, err)
		untyped, err := history.Read(bytes.NewReader(ours.Bytes()), "ours")
		require.NoError(t, err)
		for _, again := range []*history.History{typed, untyped} {
			got := Checker(Options{}).Check(t.Context(), again)
			assert.Equal(t, want.Reason, got.Reason)
		}
		edn, err := history.Decode(&theirs, "theirs", history.Options{})
		require.NoError(t, err)
		assert.Equal(t, want.Verdict, Checker(Options{}).Check(t.Context(), edn).Verdict)
	}
}

// TestRefused checks what is said of histories that can't be judged, and of answers that are garbage.
func TestRefused(t *testing.T) {
	sends := Request{F: Send, Ops: []LogOp{{F: Send, Key: "x", Value: 1}}}
	for _, c := range []struct {
		h       *history.History
		verdict checker.Verdict
		reason  string
	}{
		{history.Of(), checker.Unknown, "no message was polled, and 0 acknowledged"},
		{checkertest.Untimed(sends, nil, sends, nil), checker.Unknown, "process 0 (op 0) and process 1 (op 2) both sent 1 of log x"},
		{checkertest.Untimed(history.JepsenOp{F: "txn", Value: int64(3)}, nil), checker.Unknown, "3 is no transaction"},
		{checkertest.Untimed(history.JepsenOp{F: "poll", Value: []any{[]any{"get"}}}, nil), checker.Unknown, `["get"] is neither`},
		{checkertest.Untimed(sends, Reply{Ops: []LogOp{{F: Send, Key: "x", Value: 1, Known: true, Offset: -4}}}), checker.Invalid, "offset below 0"},
		{checkertest.Untimed(sends, Reply{Ops: []LogOp{{F: "get"}}}), checker.Invalid, `"get", which is neither send nor poll`},
		{checkertest.Untimed(checkertest.Ask{F: "read"}, nil), checker.Unknown, "no message was polled"},
	} {
		r := Checker(Options{}).Check(t.Context(), c.h)
		assert.Equal(t, c.verdict, r.Verdict, r.Reason)
		assert.Contains(t, r.Reason, c.reason)
	}
}

func TestTypes(t *testing.T) {
	names := map[string]bool{}
	for _, x := range Types() {
		assert.False(t, names[x.Name], x.Name)
		names[x.Name] = true
		assert.True(t, strings.HasSuffix(x.Meaning, "."), x.Meaning)
		assert.NotEmpty(t, x.Broken)
	}
}

func TestLogOpJSON(t *testing.T) {
	for _, text := range []string{
		`["send","x",3]`, `["send","x",[0,3]]`, `["poll"]`, `["poll",{"x":[[0,3],[1,4]],"y":[]}]`,
	} {
		var o LogOp
		require.NoError(t, json.Unmarshal([]byte(text), &o), text)
		b, err := json.Marshal(o)
		require.NoError(t, err)
		assert.Equal(t, text, string(b))
	}
	for _, text := range []string{
		`3`, `[]`, `[1]`, `["get"]`, `["send","x"]`, `["send","x",null]`, `["send","x",[-1,3]]`, `["send","x",[1,null]]`, `["send","x",[1]]`,
		`["poll",3]`, `["poll",{"x":[[1]]}]`, `["poll",{"x":[[-1,2]]}]`, `["poll",{},1]`,
	} {
		assert.Error(t, json.Unmarshal([]byte(text), new(LogOp)), text)
	}
}

// FuzzDecode checks that any text is read or refused, and that a history that is judged is judged the same again.
func FuzzDecode(f *testing.F) {
	f.Add(`{:process 0, :type :invoke, :f :txn, :value [[:send :x 1] [:poll]]}` + "\n" +
		`{:process 0, :type :ok, :f :txn, :value [[:send :x [0 1]] [:poll {:x [[0 1] [nil :b]]}]], :rebalance-log [{:keys [:x]}]}`)
	f.Add(`{:process 0, :type :invoke, :f :subscribe, :value [:x]}` + "\n" + `{:process 0, :type :ok, :f :subscribe, :value [:x]}`)
	f.Add(`{"process":0,"type":"invoke","input":{"f":"send","ops":[["send","x",1]]}}` + "\n" +
		`{"process":0,"type":"ok","output":{"ops":[["send","x",[2,1]]]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		h, err := history.Decode(strings.NewReader(text), "fuzz", history.Options{Lenient: true})
		if err != nil {
			return
		}
		a, b := Checker(Options{WW: true}).Check(t.Context(), h), Checker(Options{WW: true}).Check(t.Context(), h)
		if a.Reason != b.Reason || a.Verdict != b.Verdict || strings.Contains(a.Reason, "panicked") {
			t.Fatalf("%s\n%s", a.Reason, b.Reason)
		}
	})
}
