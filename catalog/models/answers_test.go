package models

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// TestNothingIsThrownAway judges what a careless reader would find valid: answers that say more than
// what was asked, reads that found nothing, and histories without a read.
func TestNothingIsThrownAway(t *testing.T) {
	for _, tc := range []struct {
		model, calls string
		want         checker.Verdict
		says         string
	}{
		{"counter", "add;1;ok;1, add;1;ok;1", checker.Invalid, "nothing was read"},
		{"counter", "add;1;ok;1, add;1;ok;2, add;1;ok;2", checker.Invalid, ""},
		{"counter", "add;1;ok;1, add;1;ok;2, add;3;ok;5, read;nil;ok;5", checker.Valid, ""},
		{"counter", "increment;nil;ok;1, increment;1;ok;2, read;nil;ok;2", checker.Valid, ""},
		{"counter", "increment;nil;ok;1, increment;1;ok;1, read;nil;ok;2", checker.Invalid, ""},
		{"counter", "add;1;ok;1, add;1;ok;1, read;nil;ok;2", checker.Valid, ""},
		{"counter", "add;1;ok;nil, add;1;ok;nil", checker.Unknown, "nothing"},
		{"set", "add;1;ok;1, read;nil;ok;nil", checker.Invalid, ""},
		{"log", "append;1;ok;1, read;nil;ok;nil", checker.Invalid, ""},
		{"queue", "enqueue;1;ok;1, dequeue;nil;fail;nil", checker.Unknown, "dequeue did not succeed"},
		{"jepsen-queue", "enqueue;1;ok;1, dequeue;nil;ok;nil", checker.Unknown, "nothing ever came out"},
		{"register", "write;1;ok;1, write;2;ok;2", checker.Unknown, "nothing was ever read"},
		{"bank", "transfer;{:from 0};fail;nil, read;nil;ok;{0 1}", checker.Unknown, "transfer did not succeed"},
		{"long-fork", "txn;[[:w 1 1]];ok;[[:w 1 1]]", checker.Unknown, "nothing was ever read"},
		{"cache", "write;nil;ok;1", checker.Unknown, "nothing was ever read"},
		{"stats", "write;1;ok;1", checker.Valid, ""},
	} {
		c, err := New(Options{Model: tc.model})
		require.NoError(t, err)
		rec, err := c.Read(recorded(strings.NewReader(spelled(strings.Split(tc.calls, ", ")...))))
		require.NoError(t, err, "%s: %s", tc.model, tc.calls)
		j, err := c.Judge(t.Context(), rec)
		require.NoError(t, err)
		assert.Equal(t, tc.want, j.Verdict, "%s: %s: %s", tc.model, tc.calls, j.Reason)
		assert.Contains(t, j.Reason+strings.Join(j.Remarks(), ""), tc.says, "%s: %s", tc.model, tc.calls)
	}
}

// TestNoAnswerIsIgnored gives each kind of call of each model answers that it did not ask for: each
// is judged, or is an error that names it, or says only that the call was done.
func TestNoAnswerIsIgnored(t *testing.T) {
	asks := map[string]string{"txn": "[[:w 1 1]]", "transfer": "{:from 0 :to 1 :amount 1}", "cas": "[0 1]", "read": "nil", "get": "nil", "dequeue": "nil", "pop": "nil", "0": "nil", "drain": "nil", "generate": "nil", "acquire": "nil", "release": "nil"}
	odd := []string{"77", `"no"`, ":timeout", "{:a 1}", "[77]", "[77 78]", "false"}
	for _, m := range All() {
		if slices.Equal(m.Fs, requestFs) && m.Name != "outcomes" { // all rules about requests have one translator
			continue
		}
		if m.Transactions() || m.Name == "kafka" { // whose readers have tests of their own
			continue
		}
		for _, f := range m.Fs {
			if f == "" || m.Name == "stats" { // which asks only whether calls succeed
				continue
			}
			ask := cmp.Or(asks[f], "1")
			if m.Name == "multi-register" {
				ask = asks["txn"]
			}
			for _, answer := range odd {
				text := spelled(f + ";" + ask + ";ok;" + answer)
				c, err := New(Options{Model: m.Name})
				require.NoError(t, err)
				rec, err := c.Read(recorded(strings.NewReader(text)))
				if err != nil {
					assert.ErrorContains(t, err, strings.Trim(strings.Fields(answer)[0], "[]{}"), "%s: %s", m.Name, text)
					continue
				}
				if rec.History.At(1).Type == history.Fail {
					continue // "no" is an answer to it
				}
				j, err := c.Judge(t.Context(), rec)
				require.NoError(t, err)
				if !fits(m.Name, f, answer) {
					assert.Equal(t, checker.Invalid, j.Verdict, "%s: %s: %s", m.Name, text, j.Reason)
				}
			}
		}
	}
}

// fits reports whether an answer is one that a call may be given when it is the only one: any id, any
// balances, a token or a version, and a row with its timestamp.
func fits(model, f, answer string) bool {
	if f == "probe" && answer == "false" {
		return true // the node is not up
	}
	switch model {
	case "unique-ids":
		return true
	case "bank", "bank-overdraft":
		return f == "read" && strings.ContainsAny(answer, "[{")
	case "fenced-lock":
		return f == "acquire" && answer == "77"
	case "cache", "cache-sessions":
		return answer == "77"
	case "set":
		return f == "contains" && answer == "false"
	case "monotonic":
		return f == "add" && strings.ContainsAny(answer, "[{")
	}
	return false
}

// TestUnjudgedAnswers names the answer that nothing of a model judges.
func TestUnjudgedAnswers(t *testing.T) {
	for _, tc := range []struct{ model, call, answer string }{
		{"register", "write;1", `"no"`}, {"register", "cas;[0 1]", "7"}, {"kv", `put;"a"`, "{:a 1}"}, {"kv", `append;"a"`, "[1]"},
		{"kv", `cas;["" "a"]`, `"b"`}, {"mutex", "acquire;nil", "7"}, {"owned-mutex", "release;nil", ":no"}, {"semaphore", "acquire;nil", "[1]"},
		{"fenced-lock", "acquire;nil", ":no"}, {"set", "add;1", "[2]"}, {"set", "remove;1", `"gone"`}, {"queue", "enqueue;1", ":full"},
		{"stack", "push;1", ":full"}, {"log", "append;1", "[1 2]"}, {"jepsen-set", "add;1", "2"}, {"set-full", "add;1", ":no"},
		{"jepsen-counter", "add;1", "3"}, {"jepsen-queue", "enqueue;1", "false"}, {"total-queue", "enqueue;1", ":full"},
		{"bank", "transfer;{:from 0 :to 1 :amount 1}", "{:from 7}"}, {"causal-reverse", "write;1", "2"}, {"long-fork", "write;[1 1]", ":no"},
	} {
		text := spelled(tc.call + ";ok;" + tc.answer)
		c, err := New(Options{Model: tc.model})
		require.NoError(t, err)
		_, err = c.Read(recorded(strings.NewReader(text)))
		require.ErrorContains(t, err, tc.answer, "%s: %s", tc.model, text)
		for _, ack := range []string{"nil", "true", ":ok", `"OK"`, strings.Split(tc.call, ";")[1]} {
			_, err = c.Read(recorded(strings.NewReader(spelled(tc.call + ";ok;" + ack))))
			require.NoError(t, err, "%s: %s", tc.model, ack)
		}
		lenient, err := New(Options{Model: tc.model, Lenient: true})
		require.NoError(t, err)
		rec, err := lenient.Read(recorded(strings.NewReader(text)))
		if tc.model != "fenced-lock" { // whose answer is no token
			require.NoError(t, err)
			require.Len(t, rec.Assumed, 1)
			require.Equal(t, history.Info, rec.History.At(1).Type)
		}
	}
	for calls, want := range map[string]checker.Verdict{
		`append;"a";ok;"a", append;"b";ok;"ab", get;nil;ok;"ab"`: checker.Valid,
		`append;"a";ok;nil, append;"b";ok;"xb", get;nil;ok;"ab"`: checker.Invalid,
		`append;"a";ok;"a", append;"b";ok;"aab"`:                 checker.Invalid,
	} {
		c, err := New(Options{Model: "kv"})
		require.NoError(t, err)
		rec, err := c.Read(recorded(strings.NewReader(spelled(strings.Split(calls, ", ")...))))
		require.NoError(t, err)
		j, err := c.Judge(t.Context(), rec)
		require.NoError(t, err)
		assert.Equal(t, want, j.Verdict, "%s: %s", calls, j.Reason)
	}
}
