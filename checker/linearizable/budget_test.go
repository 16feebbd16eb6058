package linearizable

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/model"
)

// A revision is the state of a store that numbers its puts: a model without any hook but Step.
type revision struct{ rev, value int }

type revisionOp struct{ Put int } // 0 is a get

func revisions() model.Model[revision, revisionOp, revision] {
	return model.Model[revision, revisionOp, revision]{
		Name: "revisions",
		Step: func(s revision, in revisionOp, out revision) (revision, bool) {
			if in.Put > 0 {
				s = revision{s.rev + 1, in.Put}
				return s, out.rev == s.rev
			}
			return s, out == s
		},
	}
}

// revised is a history of 20 puts, some of them indeterminate, and 30 gets. If it is spoilt, the last one
// is wrong.
func revised(unknown int, spoilt bool) *history.History {
	h := history.Of()
	now := revision{}
	add := func(process int, typ history.Type, in, out any) {
		h.Add(history.Op{Time: time.Duration(h.Len()) * time.Millisecond, Process: process, Type: typ, Input: in, Output: out})
	}
	for i := range 20 {
		add(0, history.Invoke, revisionOp{1000 + i}, nil)
		now = revision{now.rev + 1, 1000 + i}
		add(0, history.OK, nil, revision{rev: now.rev})
	}
	for i := range unknown {
		add(10+i, history.Invoke, revisionOp{1 + i}, nil)
		add(10+i, history.Info, nil, nil)
	}
	late := 0
	for i := range 30 {
		if i%2 == 0 && late < unknown/2 {
			late++
			now = revision{now.rev + 1, late}
		}
		add(1, history.Invoke, revisionOp{}, nil)
		out := now
		if spoilt && i == 29 {
			out = revision{now.rev + 1, 1000}
		}
		add(1, history.OK, nil, out)
	}
	return h
}

// TestOwnModelIsExplainedSoon: a model that has Step and nothing else is explained with little work, however many
// calls are indeterminate.
func TestOwnModelIsExplainedSoon(t *testing.T) {
	for _, unknown := range []int{0, 4, 8} {
		asked := 0
		m := revisions()
		step := m.Step
		m.Step = func(s revision, in revisionOp, out revision) (revision, bool) {
			asked++
			return step(s, in, out)
		}
		r := New(m).Check(t.Context(), revised(unknown, true))
		require.Equal(t, checker.Invalid, r.Verdict)
		judged := asked
		r = r.Explain(t.Context())
		require.NotNil(t, r.Counterexample)
		t.Logf("%d unknown: %d questions to judge, %d to explain by %d calls: %s; %s", unknown, judged, asked-judged, len(r.Counterexample.Calls), r.Counterexample.Reason, r.Counterexample.Note)
		require.Less(t, asked, 60_000)
		require.LessOrEqual(t, len(r.Counterexample.Calls), 10)
		require.Equal(t, checker.Valid, New(m).Check(t.Context(), revised(unknown, false)).Verdict)
	}
}

// budgets returns numbers of steps to try: every one at first, then ever fewer.
func budgets(most int) (all []int) {
	for n := 1; n < most; n += 1 + n/8 {
		all = append(all, n)
	}
	return all
}

// TestMoreStepsDecideMore: below some number of steps a check is Unknown, and above it, it has one verdict.
func TestMoreStepsDecideMore(t *testing.T) {
	moreSteps(t, registerGenerator("register-few", model.Register(), 5, true))
	moreSteps(t, queueGenerator("fifo-queue-few", model.FIFOQueue(), false))
	moreSteps(t, setGenerator("set-all", "add", "remove", "contains", "read"))
}

func moreSteps[S comparable, In, Out any](t *testing.T, g generator[S, In, Out]) {
	loads := []load{{40, 3, 5, false}, {40, 3, 5, true}, {60, 5, 5, true}}
	if !testing.Short() {
		loads = append(loads, load{120, 5, 5, true})
	}
	if tier.Sweeping() {
		loads = append(loads, load{80, 5, 5, false}, load{80, 5, 5, true}, load{120, 8, 5, true})
	}
	for _, l := range loads {
		t.Run(g.name+"/"+l.String(), func(t *testing.T) {
			h, _ := g.history(l)
			want := New(g.m).Check(t.Context(), h)
			require.NotEqual(t, checker.Unknown, want.Verdict)
			decided := 0
			for _, n := range budgets(1 << 23) { // the hardest of these loads needs 3.6 million
				r := New(g.m, Steps(n)).Check(t.Context(), h)
				if r.Verdict == checker.Unknown && decided == 0 {
					require.Contains(t, r.Reason, fmt.Sprintf("the budget of %s for this check ended", budget.StepCount(n)))
					continue
				}
				require.Equal(t, want.Verdict, r.Verdict, "%d steps", n)
				require.Equal(t, want.Reason, r.Reason, "%d steps", n)
				if decided++; decided == 10 {
					return
				}
			}
			require.Positive(t, decided)
		})
	}
}

// TestHardKeyLeavesOthersDecided has a key that no budget here decides, before or among keys that need a search of
// little work: they are decided, more of them the more steps there are, and the same each time.
func TestHardKeyLeavesOthersDecided(t *testing.T) {
	m, hard := model.FIFOQueue(), queueGenerator("fifo-queue-few", model.FIFOQueue(), false)
	m.Key = func(in model.QueueOp) string { return in.Key }
	big, _ := hard.history(load{400, 20, 5, true})
	small, _ := hard.history(load{40, 3, 5, false})
	for _, first := range []bool{true, false} {
		h, process := history.Of(), 0
		add := func(key string, of *history.History) {
			most := 0
			for op := range of.Ops() {
				most = max(most, op.Process+1)
				op.Process += process
				if in, ok := op.Input.(model.QueueOp); ok {
					in.Key = key
					op.Input = in
				}
				h.Add(op)
			}
			process += most
		}
		if first {
			add("hard", big)
		}
		for _, key := range []string{"a", "b", "c"} {
			add(key, small)
		}
		if !first {
			add("hard", big)
		}
		undecided := 5
		for _, steps := range []int{1, 100, 1_000, 4_000, 16_000, 64_000} {
			r := New(m, Steps(steps)).Check(t.Context(), h)
			require.Equal(t, r, New(m, Steps(steps)).Check(t.Context(), h))
			require.Equal(t, checker.Unknown, r.Verdict)
			require.LessOrEqual(t, len(r.Parts), undecided, "%d steps", steps)
			undecided = len(r.Parts)
		}
		require.Equal(t, 1, undecided)
	}
}

// TestExplanationNeverDecides: whatever explaining may take, verdict and reason are the same, and the counterexample
// is the same unless it says that it may not be the smallest.
func TestExplanationNeverDecides(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	explained(t, registerGenerator("register-few", model.Register(), 5, true), load{80, 5, 5, true})
	explained(t, queueGenerator("fifo-queue", model.FIFOQueue(), true), load{60, 5, 5, true})
	h := revised(2, true)
	explainedAlike(t, revisions(), h)
}

func explained[S comparable, In, Out any](t *testing.T, g generator[S, In, Out], l load) {
	h, spoilt := g.history(l)
	require.True(t, spoilt)
	explainedAlike(t, g.m, h)
}

func explainedAlike[S comparable, In, Out any](t *testing.T, m model.Model[S, In, Out], h *history.History) {
	t.Run(m.Name, func(t *testing.T) {
		want := New(m).Check(t.Context(), h).Explain(t.Context())
		require.Equal(t, checker.Invalid, want.Verdict)
		whole := 0
		for _, n := range budgets(1 << 20) {
			r := New(m, ExplainSteps(n)).Check(t.Context(), h).Explain(t.Context())
			require.Equal(t, want.Verdict, r.Verdict)
			require.Equal(t, want.Reason, r.Reason)
			require.NotNil(t, r.Counterexample)
			if r.Counterexample.Note == "" {
				require.Equal(t, want.Counterexample, r.Counterexample)
				if whole++; whole == 5 {
					break
				}
				continue
			}
			require.Contains(t, r.Counterexample.Note, fmt.Sprintf("the budget of %s for the explanation ended", budget.StepCount(n)))
			alone := New(m).Check(t.Context(), checkertest.Alone(r.Counterexample.Calls))
			require.Equal(t, checker.Invalid, alone.Verdict, "it proves the violation all the same")
		}
	})
}

// TestPanicWhileExplaining: a model that panics after the verdict loses the explanation at most.
func TestPanicWhileExplaining(t *testing.T) {
	h := revised(2, true)
	asked, last := 0, 0
	m := revisions()
	step := m.Step
	m.Step = func(s revision, in revisionOp, out revision) (revision, bool) {
		if asked++; asked == last {
			panic("enough")
		}
		return step(s, in, out)
	}
	want := New(m).Check(t.Context(), h)
	require.Equal(t, checker.Invalid, want.Verdict)
	judged := asked
	want.Draw(t.Context())
	all := asked
	require.Greater(t, all, judged)
	for last = judged + 1; last <= all; last += 1 + (all-judged)/tier.Seeds(t, 5, 15) {
		asked = 0
		r := New(m).Check(t.Context(), h).Draw(t.Context())
		require.Equal(t, checker.Invalid, r.Verdict, last)
		require.Equal(t, want.Reason, r.Reason, last)
	}
}

// TestSlowStep: once the context has ended, no Step is asked any more: not by the check, nor by what comes after it.
func TestSlowStep(t *testing.T) {
	for _, spoilt := range []bool{false, true} {
		h := revised(2, spoilt)
		var ctx context.Context
		var cancel context.CancelFunc
		asked, last := 0, 0
		m := revisions()
		step := m.Step
		m.Step = func(s revision, in revisionOp, out revision) (revision, bool) {
			if asked++; asked == last {
				cancel()
			}
			return step(s, in, out)
		}
		check := func() checker.Result {
			asked = 0
			ctx, cancel = context.WithCancel(t.Context())
			defer cancel()
			return New(m).Check(ctx, h).Draw(ctx)
		}
		want := check()
		all := asked
		for last = 1; last < all; last += 1 + all/tier.Seeds(t, 5, 15) {
			r := check()
			require.Equal(t, last, asked, "questions after the context had ended")
			if r.Verdict == checker.Unknown {
				require.Contains(t, r.Reason, "context canceled")
			} else {
				require.Equal(t, want.Verdict, r.Verdict)
				require.Equal(t, want.Reason, r.Reason)
			}
		}
	}
}
