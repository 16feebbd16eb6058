package report

import (
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/stretchr/testify/assert"
)

func TestShort(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "7ns": 7, "999ns": 999, "1µs": 1000, "1.43s": 1428 * ms, "1s": 999_999_999, "12.3ms": 12345 * time.Microsecond,
		"30s": 30 * time.Second, "1m": time.Minute, "1m30s": 90 * time.Second, "1h": time.Hour, "1h0m5s": time.Hour + 5*time.Second,
		"10h0m1s": 10*time.Hour + time.Second, "-5ms": -5 * ms, "for ever": history.Forever,
	} {
		assert.Equal(t, want, short(d))
	}
}

func TestCount(t *testing.T) {
	for want, n := range map[string]int{"0": 0, "999": 999, "9,999": 9999, "10,000": 10000, "1,234,567": 1234567} {
		assert.Equal(t, want, count(n))
	}
}

// stringy is an input that formats itself.
type stringy struct{ s string }

func (s stringy) String() string { return s.s }

func TestLabel(t *testing.T) {
	for _, tc := range []struct {
		want    string
		typ     history.Type
		in, out any
	}{
		{"read → 23", history.OK, testOp{F: "read", Key: "k2"}, 23},
		{"read", history.Info, testOp{F: "read", Key: "k2"}, nil},
		{"read failed", history.Fail, testOp{F: "read", Key: "k2"}, nil},
		{"read k1 → 0", history.OK, testOp{F: "read", Key: "k1"}, 0},
		{"write 5", history.OK, testOp{F: "write", Key: "k2", Value: 5}, 0},
		{"cas 1→2 swapped", history.OK, testOp{F: "cas", Key: "k2", Old: 1, Value: 2}, 1},
		{"cas 1→2 saw 7", history.OK, testOp{F: "cas", Key: "k2", Old: 1, Value: 2}, 7},
		{"write 5", history.OK, map[string]any{"f": "write", "key": "k2", "value": 5}, nil},
		{"add 5", history.OK, map[string]any{"f": "add", "value": 5}, nil},
		{"transfer amount=5 from=a to=b → true", history.OK, map[string]any{"f": "transfer", "from": "a", "to": "b", "amount": 5}, true},
		{"swap 7 → done", history.OK, stringy{"swap k2 7"}, stringy{"done"}},
		{"hello → [1,2]", history.OK, "hello", []int{1, 2}},
		{"k1", history.Info, nil, nil},
		{"read k1 → 7, write k2 5", history.OK, []testOp{{F: "read", Key: "k1"}, {F: "write", Key: "k2", Value: 5}}, []int{7, 0}},
		{"read k1, write k2 5", history.Info, []testOp{{F: "read", Key: "k1"}, {F: "write", Key: "k2", Value: 5}}, nil},
		{"read k1 failed", history.Fail, []testOp{{F: "read", Key: "k1"}}, nil},
	} {
		c := history.Call{Invoke: history.Op{Key: "k1", Input: tc.in}, Complete: history.Op{Type: tc.typ, Output: tc.out}}
		assert.Equal(t, tc.want, label(c, "k2"))
	}
}

func TestVerdictWords(t *testing.T) {
	bad := func(names ...string) Run {
		r := Run{Verdict: checker.Invalid}
		for _, n := range names {
			r.Checks = append(r.Checks, checker.Result{Checker: n, Verdict: checker.Invalid})
		}
		return r
	}
	assert.Equal(t, "linearizable violated", verdictWords(bad("linearizable")))
	assert.Equal(t, "no crash violated", verdictWords(bad("no crash")))
	assert.Equal(t, "linearizable violated; and progress violated", verdictWords(bad("linearizable", "progress", "progress")))
	assert.Equal(t, "valid", verdictWords(Run{}))
	assert.Equal(t, "unknown", verdictWords(Run{Verdict: checker.Unknown}))

	all := Run{Verdict: checker.Invalid, Checks: []checker.Result{{Checker: "all", Verdict: checker.Invalid, Parts: bad("sequential").Checks}}}
	assert.Equal(t, "sequential violated", verdictWords(all), "a sum of checks is not a check")
	all.Expect = checker.Invalid
	assert.True(t, strings.HasPrefix(text(all, Style{}), "run: sequential violated (expected)\n"))
}

func TestReasonNamesTheKeyOnce(t *testing.T) {
	run := func(reason string) Run {
		return Run{Checks: []checker.Result{{Verdict: checker.Invalid, Counterexample: &checker.Counterexample{Key: "k2", Reason: reason}}}}
	}
	assert.Equal(t, "k2: process 1 read 23", reason(run("process 1 read 23")))
	assert.Equal(t, "process 1 read k2, then 23", reason(run("process 1 read k2, then 23")))
}

func TestScaleKeepsOrderAndCutsIdleTime(t *testing.T) {
	calls := []history.Call{
		call(1, ms, 2*ms, history.OK, testOp{}, nil),
		call(2, time.Minute, time.Minute+ms, history.OK, testOp{}, nil),
		call(3, time.Minute+2*ms, history.Forever, history.Info, testOp{}, nil),
	}
	s := newScale(calls, 0.03)
	assert.Equal(t, []int{1}, s.cuts, "the minute is cut, the idle millisecond is not")
	for i := range s.at[1:] {
		assert.Less(t, s.at[i], s.at[i+1])
	}
	assert.Equal(t, 0.0, s.pos(-ms))
	assert.Equal(t, 1.0, s.pos(time.Hour))
	mid := s.pos(ms + ms/2)
	assert.True(t, s.pos(ms) < mid && mid < s.pos(2*ms))
}

func TestTicksAreRoundAndFew(t *testing.T) {
	for _, end := range []time.Duration{0, 1, 17, ms, 35 * time.Second, time.Minute, 100 * time.Minute, 50 * time.Hour, 1e6 * time.Hour} {
		all := ticks(end, 10)
		assert.LessOrEqual(t, len(all), 12, end)
		assert.Equal(t, time.Duration(0), all[0])
		if end > 100 {
			assert.Greater(t, len(all), 2, end)
		}
	}
}

func TestWithoutWordLeavesValuesAlone(t *testing.T) {
	for _, c := range []struct{ s, word, want string }{
		{"write x 1", "x", "write 1"},
		{"write 1", "x", "write 1"},
		{`put "a x b"`, "x", `put "a x b"`},
		{`put "a x b" x`, "x", `put "a x b"`},
		{`put "a \" x b"`, "x", `put "a \" x b"`},
		{`put x "x"`, "x", `put "x"`},
		{"read", "", "read"},
	} {
		assert.Equal(t, c.want, withoutWord(c.s, c.word), c.s)
	}
}

// A history of others says neither what made it nor that anything was simulated.
func TestHeadlineOfARecordedHistory(t *testing.T) {
	run := Run{Title: "theirs", Virtual: 2 * time.Second}
	assert.Equal(t, []string{"theirs", "seed 0", "2s simulated"}, headline(run))
	run.Recorded = true
	assert.Equal(t, []string{"theirs", "2s recorded"}, headline(run))
	run.Virtual = 0
	assert.Equal(t, []string{"theirs"}, headline(run))
}
