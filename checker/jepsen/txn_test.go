package jepsen

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// badBank loses money between two accounts once in n times; 0 is never.
func badBank(lose int, overdraw bool) func(r *rand.Rand) *history.History {
	return func(r *rand.Rand) *history.History {
		accounts := []int{5, 0, 3}
		return fakeSystem{
			ask: func(r *rand.Rand, _ int) (string, any) {
				if r.IntN(2) == 0 {
					return "read", nil
				}
				return "transfer", BankOp{F: "transfer", From: r.IntN(3), To: r.IntN(3), Amount: 1 + r.IntN(3)}
			},
			do: func(r *rand.Rand, f string, v any) any {
				if f == "read" {
					return slices.Clone(accounts)
				}
				b := v.(BankOp)
				if accounts[b.From] >= b.Amount || overdraw {
					accounts[b.From] -= b.Amount
					if lose == 0 || r.IntN(lose) > 0 {
						accounts[b.To] += b.Amount
					}
				}
				return nil
			},
		}.run(r, 2+r.IntN(14), 1+r.IntN(4))
	}
}

func TestBankAgreesWithItsDefinition(t *testing.T) {
	for _, negative := range []bool{false, true} {
		total := 8
		t.Run(fmt.Sprint(negative), func(t *testing.T) {
			compareFindings(t, badBank(8, true), Bank(BankRule{Total: &total, Negative: negative}), func(h *history.History) map[string]int {
				n := map[string]int{"with a wrong total": 0, "with a negative balance": 0}
				for _, c := range definedCalls(h) {
					all, ok := c.out.([]int)
					switch {
					case !ok:
					case all[0]+all[1]+all[2] != 8:
						n["with a wrong total"]++
					case slices.Min(all) < 0 && !negative:
						n["with a negative balance"]++
					}
				}
				return n
			})
		})
	}
}

// TestBankSays checks what the reads of a valid bank saw, and what was expected.
func TestBankSays(t *testing.T) {
	read := func(p int, balances ...int) []history.Op {
		return []history.Op{{Process: p, Input: BankOp{F: "read"}}, {Process: p, Type: history.OK, Output: balances}}
	}
	one := history.Of(read(0, 3, 5)...)
	two := history.Of(append(read(0, 3, 5), read(1, 9, -1)...)...)
	total := 8
	for _, c := range []struct {
		h    *history.History
		rule BankRule
		want string
	}{
		{one, BankRule{}, "1 read saw a total of 8, and no negative balance"},
		{one, BankRule{Total: &total}, "1 read saw a total of 8, as was expected, and no negative balance"},
		{two, BankRule{Negative: true}, "2 reads saw a total of 8, as the first did"},
		{two, BankRule{}, "1 of 2 reads with a negative balance"},
	} {
		assert.Equal(t, c.want, Bank(c.rule).Check(t.Context(), c.h).Reason)
	}
}

func TestBankOfAGoodBank(t *testing.T) { neverWrong(t, badBank(0, false), Bank(BankRule{})) }

// forkedStore has two groups of keys and two replicas, of which a write reaches only one
// once in n times; 0 is never.
func forkedStore(fork, group int) func(r *rand.Rand) *history.History {
	return func(r *rand.Rand) *history.History {
		here, there := map[int]bool{}, map[int]bool{}
		typed := r.IntN(2) == 0
		keys := func(n int) (all []int) {
			for i := range group {
				all = append(all, n*group+i)
			}
			return all
		}
		unwritten := r.Perm(2 * group)
		h := fakeSystem{
			ask: func(r *rand.Rand, _ int) (string, any) {
				if len(unwritten) > 0 && r.IntN(3) == 0 {
					k := unwritten[0]
					unwritten = unwritten[1:]
					return "write", GroupOp{F: "write", Keys: []int{k}, Value: 1}
				}
				return "read", GroupOp{F: "read", Keys: keys(r.IntN(2))}
			},
			do: func(r *rand.Rand, f string, v any) any {
				op := v.(GroupOp)
				if f == "write" {
					only := fork > 0 && r.IntN(fork) == 0
					first := r.IntN(2) == 0
					if first || !only {
						here[op.Keys[0]] = true
					}
					if !first || !only {
						there[op.Keys[0]] = true
					}
					return nil
				}
				from := here
				if fork > 0 && r.IntN(2) == 0 {
					from = there
				}
				out := make([]int, len(op.Keys))
				for i, k := range op.Keys {
					if out[i] = model.Nil; from[k] {
						out[i] = 1
					}
				}
				return out
			},
		}.run(r, 4+r.IntN(14), 1+r.IntN(4))
		return regrouped(h, typed)
	}
}

// regrouped makes inputs of one kind, GroupOps or transactions of Jepsen's.
func regrouped(h *history.History, typed bool) *history.History {
	steps := func(op GroupOp, out []int) (all []any) {
		for i, k := range op.Keys {
			var v any
			if op.F == "write" {
				v = op.Value
			} else if out != nil && out[i] != model.Nil {
				v = out[i]
			}
			all = append(all, []any{edn.Keyword(op.F[:1]), k, v})
		}
		return all
	}
	var ops []history.Op
	byProcess := map[int]GroupOp{}
	for op := range h.Ops() {
		in, out := op.Input, op.Output
		if op, ok := in.(history.JepsenOp); ok {
			in = op.Value
		} else if a, ok := in.(checkertest.Ask); ok {
			in = a.Value
		}
		if op, ok := out.(history.JepsenOp); ok {
			out = op.Value
		}
		op.Input, op.Output = in, nil
		if op.Type == history.Invoke {
			byProcess[op.Process] = in.(GroupOp)
		}
		ask := byProcess[op.Process]
		list, _ := out.([]int)
		switch {
		case typed && op.Type == history.OK && ask.F == "read":
			op.Output = list
		case typed:
		case op.Type == history.Invoke:
			op.Input = history.JepsenOp{F: ask.F, Value: steps(ask, nil)}
		default:
			op.Output = history.JepsenOp{F: ask.F, Value: steps(ask, list)}
		}
		ops = append(ops, op)
	}
	return history.Of(ops...)
}

// seenKeys returns the keys that each read asked for and saw.
func seenKeys(h *history.History) (all [][2][]string) {
	for c := range h.Calls() {
		var asked, saw []string
		if c.Complete.Type != history.OK {
			continue
		}
		switch in := c.Invoke.Input.(type) {
		case GroupOp:
			if in.F != "read" {
				continue
			}
			for i, k := range in.Keys {
				if asked = append(asked, fmt.Sprint(k)); c.Complete.Output.([]int)[i] != model.Nil {
					saw = append(saw, fmt.Sprint(k))
				}
			}
		case history.JepsenOp:
			if in.F != "read" {
				continue
			}
			for _, s := range c.Complete.Output.(history.JepsenOp).Value.([]any) {
				if asked = append(asked, fmt.Sprint(s.([]any)[1])); s.([]any)[2] != nil {
					saw = append(saw, fmt.Sprint(s.([]any)[1]))
				}
			}
		}
		all = append(all, [2][]string{asked, saw})
	}
	return all
}

func TestLongForkAgreesWithItsDefinition(t *testing.T) {
	for _, group := range []int{2, 4, 70} {
		t.Run(fmt.Sprint(group), func(t *testing.T) {
			store := forkedStore(2, group)
			if group > 10 {
				store = forkedPairs(group)
			}
			r := rand.New(rand.NewPCG(7, 11))
			found := 0
			for range checkertest.Runs(t) / 3 {
				h := store(r)
				reads := seenKeys(h)
				fork := false
				for i, a := range reads {
					for _, b := range reads[:i] {
						missing := func(saw, other []string) bool {
							return slices.ContainsFunc(saw, func(k string) bool { return !slices.Contains(other, k) })
						}
						fork = fork || slices.Equal(a[0], b[0]) && missing(a[1], b[1]) && missing(b[1], a[1])
					}
				}
				got := LongFork(group).Check(t.Context(), h)
				require.Equal(t, fork, got.Verdict == checker.Invalid, "%s\n%s", got.Reason, h)
				if fork {
					found++
					require.Equal(t, checker.Invalid, LongFork(0).Check(t.Context(), onlyCalls(got.Counterexample)).Verdict)
				}
			}
			require.NotZero(t, found)
		})
	}
}

// forkedPairs has groups of many keys, of which most are written at the start, so that reads differ in few.
func forkedPairs(group int) func(r *rand.Rand) *history.History {
	return func(r *rand.Rand) *history.History {
		h := history.Of()
		keys := make([]int, group)
		for i := range keys {
			keys[i] = i
		}
		for p := range 2 + r.IntN(3) {
			out := make([]int, group)
			for i := range out {
				out[i] = 1
			}
			out[group-1-r.IntN(3)] = model.Nil
			h.Add(history.Op{Process: p, Type: history.Invoke, Input: GroupOp{F: "read", Keys: keys}})
			h.Add(history.Op{Process: p, Type: history.OK, Output: out})
		}
		return h
	}
}

func TestLongForkOfAGoodStore(t *testing.T) { neverWrong(t, forkedStore(0, 3), LongFork(3)) }

// reversedStore answers without a write that is not the last, once in n times; 0 is never.
func reversedStore(forget int) func(r *rand.Rand) *history.History {
	return func(r *rand.Rand) *history.History {
		var all []int
		return fakeSystem{
			ask: func(r *rand.Rand, n int) (string, any) {
				if r.IntN(2) == 0 {
					return "read", nil
				}
				return "write", n
			},
			do: func(r *rand.Rand, f string, v any) any {
				if f == "write" {
					all = append(all, v.(int))
					return nil
				}
				out := append([]int{}, all...)
				if forget > 0 && len(out) > 1 && r.IntN(forget) == 0 {
					at := r.IntN(len(out))
					out = slices.Delete(out, at, at+1)
				}
				if forget > 0 && r.IntN(30) == 0 {
					out = append(out, 99)
				}
				return out
			},
		}.run(r, 4+r.IntN(14), 1+r.IntN(4))
	}
}

func TestCausalReverseAgreesWithItsDefinition(t *testing.T) {
	compareFindings(t, reversedStore(4), CausalReverse(), func(h *history.History) map[string]int {
		calls := definedCalls(h)
		reversed, unexpected := 0, 0
		for _, c := range calls {
			if c.f != "read" || !c.ok {
				continue
			}
			saw := c.out.([]int)
			writes := slices.DeleteFunc(slices.Clone(calls), func(w definedCall) bool { return w.f != "write" || w.fail })
			wrong := false
			for _, v := range saw {
				at := slices.IndexFunc(writes, func(w definedCall) bool { return w.v == v && w.inv < c.end })
				if at < 0 {
					unexpected++
					continue
				}
				wrong = wrong || slices.ContainsFunc(writes, func(w definedCall) bool {
					return w.end < writes[at].inv && !slices.Contains(saw, w.v.(int))
				})
			}
			if wrong {
				reversed++
			}
		}
		return map[string]int{"reversed": reversed, "unexpected": unexpected}
	})
}

func TestCausalReverseOfAGoodStore(t *testing.T) { neverWrong(t, reversedStore(0), CausalReverse()) }

// badTable is a table of rows with rising values, whose clock runs backwards and which
// loses rows, shows them twice and gives a value again, each once in n times; 0 is never.
func badTable(bad int) func(r *rand.Rand) *history.History {
	return func(r *rand.Rand) *history.History {
		var rows []MonotonicRow
		clock := int64(0)
		odd := func() bool { return bad > 0 && r.IntN(bad) == 0 }
		h := fakeSystem{
			ask: func(*rand.Rand, int) (string, any) { return "add", nil },
			do: func(r *rand.Rand, f string, _ any) any {
				if f == "read" {
					out := append([]MonotonicRow{}, rows...)
					if !odd() {
						slices.SortStableFunc(out, func(a, b MonotonicRow) int { return int(a.Stamp - b.Stamp) })
					}
					if len(out) > 0 && odd() {
						out = append(out, out[len(out)-1])
					}
					if len(out) > 0 && odd() {
						out = out[1:]
					}
					return out
				}
				if clock++; odd() {
					clock -= 3
				}
				row := MonotonicRow{Value: len(rows), Stamp: clock, Process: r.IntN(2)}
				rows = append(rows, row)
				return row
			},
			final: "read",
		}.run(r, 2+r.IntN(10), 1+r.IntN(4))
		return h
	}
}

func TestMonotonicInsertsAgreesWithItsDefinition(t *testing.T) {
	for _, perProcess := range []bool{false, true} {
		t.Run(fmt.Sprint(perProcess), func(t *testing.T) {
			compareFindings(t, badTable(10), MonotonicInserts(perProcess), func(h *history.History) map[string]int {
				calls := definedCalls(h)
				last := calls[len(calls)-1]
				rows := last.out.([]MonotonicRow)
				n := map[string]int{"lost": 0, "duplicated": 0, "out of the order of times": 0, "out of the order of values": 0}
				for i, row := range rows {
					if i > 0 && rows[i-1].Stamp > row.Stamp {
						n["out of the order of times"]++
					}
					for k := i - 1; k >= 0; k-- { // the row before it, or before it of the process
						if !perProcess || rows[k].Process == row.Process {
							if rows[k].Value > row.Value {
								n["out of the order of values"]++
							}
							break
						}
					}
					if slices.ContainsFunc(rows[:i], func(o MonotonicRow) bool { return o.Value == row.Value }) {
						n["duplicated"]++
					}
				}
				for _, c := range calls {
					if row, ok := c.out.(MonotonicRow); ok && !slices.ContainsFunc(rows, func(o MonotonicRow) bool { return o.Value == row.Value }) {
						n["lost"]++
					}
				}
				return n
			})
		})
	}
}

func TestMonotonicInsertsOfAGoodTable(t *testing.T) {
	neverWrong(t, badTable(0), MonotonicInserts(false))
}

// Rows of Jepsen's are maps or vectors, and their times may need more than 64 bits.
func TestMonotonicInsertsRows(t *testing.T) {
	row := func(val, sts any) edn.Map {
		return edn.Map{{Key: edn.Keyword("val"), Value: val}, {Key: edn.Keyword("sts"), Value: sts}, {Key: edn.Keyword("proc"), Value: 1}}
	}
	far, _ := new(big.Int).SetString("147000000000000000000000000001", 10)
	judge := func(rows ...any) checker.Result {
		return MonotonicInserts(false).Check(t.Context(), history.Of(
			history.Op{Process: 0, Type: history.Invoke, Input: history.JepsenOp{F: "add", Value: 2}},
			history.Op{Process: 0, Type: history.Fail, Output: history.JepsenOp{F: "add", Value: 2}},
			history.Op{Process: 0, Type: history.Invoke, Input: history.JepsenOp{F: "read"}},
			history.Op{Process: 0, Type: history.OK, Output: history.JepsenOp{F: "read", Value: rows}},
		))
	}
	require.Equal(t, checker.Valid, judge(row(1, int64(5)), row(3, far), map[string]any{"val": 4, "sts": "147000000000000000000000000002"}).Verdict)
	require.Equal(t, checker.Invalid, judge(row(1, far), row(3, int64(5))).Verdict)
	require.Equal(t, checker.Invalid, judge([]any{int64(1), int64(2), int64(1)}, []any{int64(0), int64(3), int64(1)}).Verdict)
	r := judge(row(2, int64(5)))
	require.Equal(t, checker.Invalid, r.Verdict)
	require.Equal(t, "process 0 read rows of which 2 is there, but its add failed", r.Counterexample.Reason)
	for _, garbage := range []any{7, []any{1}, row("x", 1), row(1, "soon"), row(1, nil), []any{nil, 1}} {
		r := judge(garbage)
		require.Equal(t, checker.Invalid, r.Verdict)
		require.Contains(t, r.Reason, "the system answered garbage: process 0 (op 3)")
	}
}
