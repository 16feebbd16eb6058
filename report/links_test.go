package report

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// skew is a run with a write skew: two transactions each read what the other replaces.
func skew() Run {
	op := func(process int, typ history.Type, at time.Duration, txn model.Txn) history.Op {
		o := history.Op{Process: process, Node: "n1", Type: typ, Time: at}
		if o.Output = txn; typ == history.Invoke {
			o.Input, o.Output = txn, nil
		}
		return o
	}
	h := history.Of(
		op(3, history.Invoke, time.Second, model.Txn{{F: "r", Key: "x"}, {F: "append", Key: "y", Value: 4}}),
		op(7, history.Invoke, 1100*time.Millisecond, model.Txn{{F: "r", Key: "y"}, {F: "append", Key: "x", Value: 5}}),
		op(3, history.OK, 1200*time.Millisecond, model.Txn{{F: "r", Key: "x", List: []int{1}}, {F: "append", Key: "y", Value: 4}}),
		op(7, history.OK, 1300*time.Millisecond, model.Txn{{F: "r", Key: "y", List: []int{2}}, {F: "append", Key: "x", Value: 5}}),
	)
	why := &checker.Counterexample{
		Reason: "process 3 and process 7 each read what the other was about to replace", Blamed: -1, Judged: 2,
		Links: []checker.Link{{From: 0, To: 1, Label: "rw x", Reason: "read x as [1], without 5 of T2"}, {From: 1, To: 0, Label: "rw y", Reason: "read y as [2], without 4 of T1"}},
	}
	for c := range h.Calls() {
		why.Calls = append(why.Calls, c)
	}
	return Run{System: "shop", History: h, Verdict: checker.Invalid, Checks: []checker.Result{{Checker: "serializable", Verdict: checker.Invalid, Reason: why.Reason, Counterexample: why}}}
}

// TestLinks has the links of a counterexample in the text, in the picture, and in the account.
func TestLinks(t *testing.T) {
	run := skew()
	terminal := text(run, Style{})
	words := strings.Join(strings.Fields(terminal), " ")
	assert.Contains(t, terminal, "T1 process 3 n1")
	assert.Contains(t, terminal, "T1 → T2  rw x  T1 read x as [1], without 5 of T2")
	assert.Contains(t, words, "It read y as [2], without 4 of T1, so it comes before T1.")
	assert.Contains(t, terminal, "Each comes before the next: T1 → T2 → T1.")
	picture := string(counterexamplePictures(run, run.why(), false))
	assert.Equal(t, 4, strings.Count(picture, `class="arc"`), "two arcs in each of two widths; the slim one has no room")
	assert.Contains(t, picture, "T2 comes before T1: it read y as [2], without 4 of T1")
	assert.Contains(t, picture, "r x → [1], append y 4")
}

// TestArcsOfOneSpanLieApart has arcs that go over the same rows at different depths.
func TestArcsOfOneSpanLieApart(t *testing.T) {
	calls := []shown{{Number: 1}, {Number: 2}, {Number: 3}}
	arcs := newLinkArcs(&checker.Counterexample{Links: []checker.Link{{From: 0, To: 1}, {From: 1, To: 2}, {From: 2, To: 0}}}, calls)
	assert.Equal(t, []int{0, 0, 1}, []int{arcs[0].depth, arcs[1].depth, arcs[2].depth})
}

// TestCounterexampleSVG has the picture as a file of its own, and an error for a run that has nothing to show.
func TestCounterexampleSVG(t *testing.T) {
	var b strings.Builder
	require.NoError(t, CounterexampleSVG(&b, skew()))
	assert.True(t, strings.HasPrefix(b.String(), `<svg xmlns="http://www.w3.org/2000/svg"`))
	assert.Contains(t, b.String(), ">rw x</text>")
	assert.Contains(t, b.String(), ".arc{", "the file has the style of the arcs")
	assert.ErrorContains(t, CounterexampleSVG(&b, Run{}), "the run has none")
}
