package models

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/model"
)

// A firstValue is what a register holds: a value, and whether nothing was ever put there.
type firstValue struct {
	value   int
	nothing bool // 0 and nil are right answers
}

// stepOne is what registers do, spelled out: the state of one after a call on it, and
// whether the answer is right.
func stepOne(s firstValue, in model.RegisterOp, out int, found bool) (firstValue, bool) {
	holds := func(v int) bool { return s.value == v || s.nothing && (v == 0 || v == model.Nil) }
	switch {
	case in.F == "write":
		return firstValue{value: in.Value}, true
	case in.F == "read", found && out != in.Old:
		return s, holds(out)
	case holds(in.Old):
		return firstValue{value: in.Value}, true
	}
	return s, false
}

// A registerCall is a call of a history of registers: its steps, and what they were answered.
type registerCall struct {
	in        []model.RegisterOp
	out       []int
	known     bool
	call, ret int
}

// anyFirst reports whether some first values of the keys, of all that there may be, make
// calls linearizable. It tries them all, and all orders.
func anyFirst(calls []registerCall, keys []string, at map[string]firstValue, found bool) bool {
	if len(keys) == 0 {
		return anyOrder(calls, at, found)
	}
	for _, v := range []firstValue{{nothing: true}, {value: 1}, {value: 2}, {value: 3}, {value: 9}} {
		at[keys[0]] = v
		if anyFirst(calls, keys[1:], at, found) {
			return true
		}
	}
	return false
}

func anyOrder(left []registerCall, at map[string]firstValue, found bool) bool {
	must := false
	for i, c := range left {
		must = must || c.known
		first := true
		for _, d := range left {
			first = first && d.ret >= c.call
		}
		if !first {
			continue
		}
		next, ok := map[string]firstValue{}, true
		for k, v := range at {
			next[k] = v
		}
		for n, in := range c.in {
			out := in.Old // of a cas whose outcome is not known, as if it were done
			if c.known {
				out = c.out[n]
			}
			s, right := stepOne(next[in.Key], in, out, found)
			next[in.Key], ok = s, ok && (right || !c.known)
		}
		rest := append(append([]registerCall{}, left[:i]...), left[i+1:]...)
		if ok && anyOrder(rest, next, found) {
			return true
		}
	}
	return !must
}

// randomCalls makes calls at random, with random answers, up to steps steps in each.
func randomCalls(r *rand.Rand, steps int, fs []string) (calls []registerCall) {
	clock := 0
	var open []int
	for n := 1 + r.IntN(5); n > 0 || len(open) > 0; clock++ {
		if n > 0 && (len(open) == 0 || len(open) < 3 && r.IntN(2) == 0) {
			c := registerCall{call: clock, ret: 1 << 30}
			for range 1 + r.IntN(steps) {
				in := model.RegisterOp{F: fs[r.IntN(len(fs))], Key: string(rune('a' + r.IntN(2)))}
				out := []int{0, 1, 1, 2, 2, 3, model.Nil}[r.IntN(7)]
				switch in.F {
				case "cas":
					in.Old, in.Value = r.IntN(3), 1+r.IntN(2)
				case "write":
					in.Value, out = 1+r.IntN(2), 0
				}
				c.in, c.out = append(c.in, in), append(c.out, out)
			}
			calls, open = append(calls, c), append(open, len(calls))
			n--
			continue
		}
		i := r.IntN(len(open))
		if c := &calls[open[i]]; r.IntN(6) > 0 {
			c.known, c.ret = true, clock
		}
		open = append(open[:i], open[i+1:]...)
	}
	return calls
}

// spell makes a history of calls.
func spell(calls []registerCall, in func(registerCall) any, out func(registerCall) any) *history.History {
	h := history.Of()
	for clock := range 40 {
		for p, c := range calls {
			switch {
			case c.call == clock:
				h.Add(history.Op{Process: p, Type: history.Invoke, Key: c.in[0].Key, Input: in(c)})
			case c.ret == clock:
				h.Add(history.Op{Process: p, Type: history.OK, Key: c.in[0].Key, Output: out(c)})
			}
		}
	}
	return h
}

// unknownVerdict judges a history whose initial value is unknown.
func unknownVerdict(t *testing.T, model string, h *history.History) checker.Verdict {
	t.Helper()
	m, err := Find(model, Shape{Initial: UnknownInitial})
	require.NoError(t, err)
	held, h, _, err := m.begin(t.Context(), h, Linearizable)
	require.NoError(t, err)
	return held.Check(t.Context(), h).Verdict
}

// agreesOfAny compares verdicts with those of all first values and all orders.
func agreesOfAny(t *testing.T, model string, calls []registerCall, found bool, h *history.History, counts map[bool]int) {
	t.Helper()
	want := checker.Invalid
	valid := anyFirst(calls, []string{"a", "b"}, map[string]firstValue{}, found)
	if counts[valid]++; valid {
		want = checker.Valid
	}
	require.Equal(t, want, unknownVerdict(t, model, h), "%s\n%v", model, h)
}

// TestInitialUnknown compares --initial unknown with its definition.
func TestInitialUnknown(t *testing.T) {
	for _, c := range []struct {
		model string
		steps int
		found bool
		fs    []string
	}{
		{"register", 1, true, []string{"read", "read", "write", "cas"}},
		{"cas-register", 1, false, []string{"read", "read", "write", "cas"}},
		{"multi-register", 3, false, []string{"read", "read", "write"}},
	} {
		t.Run(c.model, func(t *testing.T) {
			r, counts := rand.New(rand.NewPCG(1, 2)), map[bool]int{}
			for range 250 * tier.Seeds(t, 1, 8) {
				calls := randomCalls(r, c.steps, c.fs)
				for _, k := range calls {
					for i, in := range k.in {
						if in.F == "cas" && !c.found {
							k.out[i] = in.Old
						}
					}
				}
				one := c.steps == 1
				h := spell(calls, func(k registerCall) any {
					if one {
						return k.in[0]
					}
					return k.in
				}, func(k registerCall) any {
					if one {
						return k.out[0]
					}
					return k.out
				})
				agreesOfAny(t, c.model, calls, c.found, h, counts)
			}
			t.Log(counts)
			require.Greater(t, counts[true], 50)
			require.Greater(t, counts[false], 50)
		})
	}
}

// TestInitialUnknownTogether is of keys whose first values only fit together: a read of
// both is the only one that shows either.
func TestInitialUnknownTogether(t *testing.T) {
	const read, wrote = "txn;[[:r :x nil] [:r :y nil]];ok;", "txn;[[:w :x 1] [:w :y 1]];ok;[[:w :x 1] [:w :y 1]]"
	for text, want := range map[string]checker.Verdict{
		spelled(read+"[[:r :x 5] [:r :y 7]]", wrote, read+"[[:r :x 1] [:r :y 1]]"):   checker.Valid,
		spelled(read+"[[:r :x 5] [:r :y 7]]", read+"[[:r :x 5] [:r :y 8]]"):          checker.Invalid,
		spelled(read+"[[:r :x 1] [:r :y 1]]", wrote, read+"[[:r :x 1] [:r :y 1]]"):   checker.Valid,
		spelled(read+"[[:r :x 5] [:r :y 7]]", wrote, read+"[[:r :x 5] [:r :y 7]]"):   checker.Invalid,
		spelled(read+"[[:r :x nil] [:r :y 7]]", read+"[[:r :x 0] [:r :y 7]]", wrote): checker.Valid,
	} {
		m, err := Find("multi-register", Shape{Initial: UnknownInitial})
		require.NoError(t, err)
		h, err := m.Read(recorded(strings.NewReader(text)), history.Options{})
		require.NoError(t, err)
		require.Equal(t, want, unknownVerdict(t, "multi-register", h), text)
	}
}

// anyString reports whether some first string of a key makes calls linearizable.
func anyString(calls []stringCall) bool {
	for _, first := range []string{"", "a", "b", "ab", "ba", "aa", "bb", "z"} {
		if stringOrder(calls, first) {
			return true
		}
	}
	return false
}

type stringCall struct {
	in        model.KVOp
	out       string
	known     bool
	call, ret int
}

func stringOrder(left []stringCall, s string) bool {
	must := false
	for i, c := range left {
		must = must || c.known
		first := true
		for _, d := range left {
			first = first && d.ret >= c.call
		}
		next, ok := model.KV().Step(s, c.in, c.out)
		rest := append(append([]stringCall{}, left[:i]...), left[i+1:]...)
		if first && (ok || !c.known) && stringOrder(rest, next) {
			return true
		}
	}
	return !must
}

// TestInitialUnknownStrings compares --initial unknown of strings, which may be appended to,
// with its definition.
func TestInitialUnknownStrings(t *testing.T) {
	r, counts := rand.New(rand.NewPCG(1, 2)), map[bool]int{}
	for i := range 250 * tier.Seeds(t, 1, 8) {
		fs := []string{"read", "write", "cas", "append"}[:3+i%2]
		calls := randomCalls(r, 1, fs)
		words := []string{"", "a", "b", "ab", "ba"}
		var all []stringCall
		byCall := map[int]stringCall{}
		for _, k := range calls {
			c := stringCall{model.KVOp{F: map[string]string{"read": "get", "write": "put", "cas": "cas", "append": "append"}[k.in[0].F], Key: "k"},
				"", k.known, k.call, k.ret}
			switch c.in.F {
			case "get":
				c.out = words[r.IntN(len(words))]
			case "cas":
				c.in.Old, c.in.Value = words[r.IntN(len(words))], words[r.IntN(3)]
			default:
				c.in.Value = words[1+r.IntN(2)]
			}
			all, byCall[c.call] = append(all, c), c
		}
		h := spell(calls, func(k registerCall) any { return byCall[k.call].in }, func(k registerCall) any { return byCall[k.call].out })
		want := checker.Invalid
		valid := anyString(all)
		if counts[valid]++; valid {
			want = checker.Valid
		}
		require.Equal(t, want, unknownVerdict(t, "kv", h), "%v", h)
	}
	t.Log(counts)
	require.Greater(t, counts[true], 50)
	require.Greater(t, counts[false], 50)
}
