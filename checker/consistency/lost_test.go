package consistency

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// lastOnes returns the reads of a key that began after all its writes had come to an end.
func (t *oracle) lastOnes(h *history.History, key string) (reads []oracleCall) {
	ended := map[int]int{}
	for c := range h.Calls() {
		ended[c.Invoke.Index] = max(c.Invoke.Index, c.Complete.Index)
	}
	for _, a := range t.happened {
		late := a.observes && !a.writes && a.key == key
		for _, b := range t.happened {
			late = late && !(b.writes && b.key == key && ended[b.call] > a.call)
		}
		if late {
			reads = append(reads, a)
		}
	}
	return reads
}

// dropUnobserved drops the indeterminate calls that no call saw.
func (t *oracle) dropUnobserved() {
	for n := -1; n != len(t.happened); {
		n = len(t.happened)
		var kept []oracleCall
		for _, a := range t.happened {
			seen := a.known
			for _, b := range t.happened {
				seen = seen || b.finds && b.saw == a.put && b.key == a.key && b.call != a.call
			}
			if seen {
				kept = append(kept, a)
			}
		}
		t.happened = kept
	}
}

func TestLostAgreesWithItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	lost, clean := 0, 0
	for range sweepHistories(4000) {
		f := staleFleet(r)
		f.keys = 1
		h := f.history(r)
		got, err := CountLosses(model.Register(), h)
		require.NoError(t, err)
		tr := newOracle(h)
		tr.happened = tr.all
		tr.dropUnobserved()
		if !tr.justified() {
			continue
		}
		var want Losses
		all := tr.lastOnes(h, "x")
		last := slices.DeleteFunc(slices.Clone(all), func(a oracleCall) bool {
			return slices.ContainsFunc(all, func(b oracleCall) bool { return b.call > a.ret })
		})
		for _, w := range tr.happened {
			if !w.writes || !w.known {
				continue
			}
			seen, visible, older := false, false, true
			for _, a := range tr.happened {
				seen = seen || a.observes && a.saw == w.put
			}
			for _, a := range last {
				visible = visible || a.saw == w.put
				older = older && tr.firstEnd(a.saw, "x") < w.call
			}
			switch {
			case len(last) == 0:
				want.Unjudged++
				continue
			case visible:
				want.Visible++
			case older && seen:
				want.Vanished++
			case older:
				want.NeverVisible++
			case seen:
				want.Overwritten++
			default:
				want.OverwrittenUnseen++
			}
			want.Acked++
		}
		got.Resurrected = 0
		require.Equal(t, want, got, "%v", h)
		res := Lost(model.Register()).Check(t.Context(), h)
		require.Equal(t, want.Vanished+want.NeverVisible > 0, res.Verdict == checker.Invalid, "%v", h)
		if res.Verdict == checker.Invalid {
			lost++
			require.LessOrEqual(t, len(res.Counterexample.Calls), 5)
			require.Equal(t, checker.Invalid, Lost(model.Register()).Check(t.Context(), checkertest.Alone(res.Counterexample.Calls)).Verdict, "%v\n%v", res.Counterexample.Calls, h)
		} else {
			clean++
		}
	}
	require.Greater(t, lost, 50)
	require.Greater(t, clean, 50)
}

func TestConvergentAgreesWithItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 2))
	counts := map[checker.Verdict]int{}
	for range sweepHistories(4000) {
		f := staleFleet(r)
		f.keys = 1
		h := f.history(r)
		tr := newOracle(h)
		tr.happened = tr.all
		tr.dropUnobserved()
		if !tr.justified() {
			continue
		}
		want := checker.Valid
		all := tr.lastOnes(h, "x")
		last := slices.DeleteFunc(slices.Clone(all), func(a oracleCall) bool {
			return slices.ContainsFunc(all, func(b oracleCall) bool { return b.process == a.process && b.call > a.call })
		})
		if len(last) == 0 && len(tr.happened) > 0 {
			want = checker.Unknown
		}
		late := func(a oracleCall) bool {
			w, _ := tr.writer(a)
			return w >= 0 && !tr.happened[w].known
		}
		for _, a := range last {
			for _, b := range last {
				if a.saw != b.saw && !late(b) && (!late(a) || a.ret < b.call) {
					want = checker.Invalid
				}
			}
			for _, w := range tr.happened {
				if w.writes && w.call > tr.firstEnd(a.saw, "x") && tr.firstEnd(w.put, "x") < a.call {
					want = checker.Invalid
				}
			}
		}
		got := Convergent(model.Register()).Check(t.Context(), h)
		require.Equal(t, want, got.Verdict, "%s\n%v", got.Reason, h)
		counts[want]++
		if want == checker.Invalid {
			require.LessOrEqual(t, len(got.Counterexample.Calls), 5)
			require.Equal(t, checker.Invalid, Convergent(model.Register()).Check(t.Context(), checkertest.Alone(got.Counterexample.Calls)).Verdict, "%v\n%v", got.Counterexample.Calls, h)
		}
	}
	for v := checker.Valid; v <= checker.Invalid; v++ {
		require.Greater(t, counts[v], 50, "%v", v)
	}
}

func TestLostInWords(t *testing.T) {
	m := model.Register()
	swap := func(p, old, v, saw int) scripted {
		return scripted{p, model.RegisterOp{F: "cas", Key: "x", Old: old, Value: v}, saw}
	}
	for _, c := range []struct {
		h            *history.History
		count, first string
	}{
		{script(write(1, "x", 5), write(1, "x", 6), read(2, "x", 5)),
			"of 2 writes answered, 1 visible in the end and 0 overwritten, 1 lost and never seen",
			"process 1 wrote 6 to x and was answered, but no read ever saw it: process 2 read 5 from x, which is older"},
		{script(write(1, "x", 5), read(3, "x", 5), write(1, "x", 6), read(3, "x", 6), read(2, "x", 5)),
			"of 2 writes answered, 1 visible in the end and 0 overwritten, 1 seen and then gone, 1 replaced and then back",
			"process 1 wrote 6 to x and was answered, and process 3 saw it, but then it was gone: process 2 read 5 from x, which is older"},
		{script(swap(1, 0, 5, 0), swap(2, 0, 6, 0), read(3, "x", 6)),
			"of 2 writes answered, 1 visible in the end and 1 overwritten, 1 swapped twice",
			"process 1 and process 2 both swapped 0 in x for something else"},
	} {
		r := Lost(m).Check(t.Context(), c.h)
		assert.Equal(t, checker.Invalid, r.Verdict)
		assert.Equal(t, c.count, r.Reason)
		assert.Equal(t, c.first, r.Counterexample.Reason)
	}
	r := Lost(m).Check(t.Context(), script(write(1, "x", 5)))
	assert.Equal(t, checker.Unknown, r.Verdict)
}

func TestLostTellsOfDirtyReads(t *testing.T) {
	h := history.Of(
		history.Op{Process: 1, Type: history.Invoke, Input: model.RegisterOp{F: "write", Value: 5}},
		history.Op{Process: 1, Type: history.Fail, Err: "no quorum"},
		history.Op{Process: 2, Type: history.Invoke, Input: model.RegisterOp{F: "read"}},
		history.Op{Process: 2, Type: history.OK, Output: 5},
	)
	r := Lost(model.Register()).Check(t.Context(), h)
	assert.Equal(t, checker.Invalid, r.Verdict)
	assert.Equal(t, "of 0 writes answered, 0 visible in the end and 0 overwritten, 1 read of what failed", r.Reason)
	assert.Equal(t, "process 2 read 5, but process 1 had failed to write it (no quorum)", r.Counterexample.Reason)
	for _, c := range []checker.Checker{Causal(model.Register()), ReadYourWrites(model.Register()), Sequential(model.Register()), PRAM(model.Register())} {
		assert.Equal(t, r.Counterexample.Reason, c.Check(t.Context(), h).Reason)
	}
}

func TestConvergentWaitsForTheHeal(t *testing.T) {
	m := model.Register()
	h := script(write(1, "x", 5))
	add := func(h *history.History, fault history.Type) {
		h.Add(history.Op{Process: history.Nemesis, Type: fault, Key: "1", Time: h.End()})
	}
	add(h, history.Invoke)
	for _, c := range []scripted{read(2, "x", 0), read(3, "x", 5)} {
		h.Add(history.Op{Process: c.process, Type: history.Invoke, Input: c.in, Time: h.End()})
		h.Add(history.Op{Process: c.process, Type: history.OK, Output: c.out, Time: h.End()})
	}
	r := Convergent(m).Check(t.Context(), h)
	assert.Equal(t, "could not decide whether the 3 calls converge: the fault of op 2 was never healed", r.Reason)
	add(h, history.OK)
	r = Convergent(m).Check(t.Context(), h)
	assert.Equal(t, "could not decide whether the 3 calls converge: no key was read after all its writes, and all faults, had ended", r.Reason)
	r = ConvergentSince(m, 0).Check(t.Context(), h)
	assert.Equal(t, "after all writes had ended, process 2 read the initial value 0 from x, and process 3 read 5 from x", r.Reason)
	assert.Equal(t, checker.Unknown, ConvergentSince(m, math.MaxInt64).Check(t.Context(), h).Verdict)
	r = Convergent(m).Check(t.Context(), script(write(1, "x", 5), read(2, "x", 0)))
	assert.Equal(t, "after all writes had ended, process 2 read the initial value 0 from x, which process 1 had replaced by 5", r.Reason)
}
