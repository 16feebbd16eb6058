package account

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
)

// TestFindingsWithoutACounterexample describes code that panicked, hung or was left behind.
func TestFindingsWithoutACounterexample(t *testing.T) {
	for what, want := range map[string]string{
		"panic: index out of range":                       "n1 panicked: index out of range.",
		"a handler hangs":                                 "n1: a handler hangs.",
		"hangs: main.work waits for a lock; see the docs": "n1 hangs: main.work waits for a lock.",
		"a goroutine was left behind":                     "n1: a goroutine was left behind.",
	} {
		steps, _ := Of(Case{Checker: "no crash", Verdict: checker.Invalid, Findings: []Finding{{Host: "n1", What: what, At: time.Second}}})
		if assert.Len(t, steps, 1, what) {
			assert.Equal(t, want, steps[0].String())
			assert.True(t, steps[0].Decisive)
			assert.Equal(t, time.Second, steps[0].At)
		}
	}
}

// TestNoProgress names the node that answered no more.
func TestNoProgress(t *testing.T) {
	h := history.Of(
		history.Op{Time: time.Second, Process: 1, Node: "n1", Type: history.Invoke, Input: "read"},
		history.Op{Time: 2 * time.Second, Process: 1, Node: "n1", Type: history.OK, Output: 1},
		history.Op{Time: 4 * time.Second, Process: 1, Node: "n1", Type: history.Invoke, Input: "read"},
	)
	steps, kind := Of(Case{Checker: "progress", Reason: "no operation at n1 succeeded", Verdict: checker.Invalid, History: h, Faults: []Fault{{From: 1, To: 3 * time.Second, Name: "crash n1"}}})
	assert.Equal(t, "no progress", kind)
	assert.Equal(t, []string{"2.000s  n1 answered for the last time: 1 later call had no answer.", "3.000s  The last fault was healed: crash n1.", "No operation at n1 succeeded."},
		[]string{Instant(steps[0].At) + "  " + steps[0].String(), Instant(steps[1].At) + "  " + steps[1].String(), steps[2].String()})
}

// TestNothingIsSaidOfWhatIsNotKnown has no facts at all.
func TestNothingIsSaidOfWhatIsNotKnown(t *testing.T) {
	steps, _ := Of(Case{Verdict: checker.Invalid})
	assert.Empty(t, steps)
	steps, _ = Of(Case{Verdict: checker.Valid, Reason: "all is well"})
	assert.Empty(t, steps)
}

// TestDivergence has faults, after which nodes differ; that a run was cut short is no divergence.
func TestDivergence(t *testing.T) {
	c := Case{Checker: "convergence", Reason: "the nodes hold different states: n1: 1; n2: 2", Verdict: checker.Invalid, End: 9 * time.Second,
		Faults: []Fault{{From: time.Second, To: 2 * time.Second, Name: "n1 | n2 n3"}}}
	steps, kind := Of(c)
	assert.Equal(t, "divergence", kind)
	assert.Equal(t, []string{
		"1  1.000s  The nemesis cut the network: n1 on one side, n2 and n3 on the other. The cut ended at 2.000s.",
		"2          In the end, the nodes held different states.",
	}, Lines(steps, 120, 8))
	c.Verdict, c.Reason = checker.Unknown, "the run was cut short"
	steps, _ = Of(c)
	assert.Equal(t, "The run was cut short.", steps[1].String())
}

// TestLimitKeepsWhatIsDecisive leaves out the steps of the least weight.
func TestLimitKeepsWhatIsDecisive(t *testing.T) {
	var steps []Step
	for i := range 20 {
		steps = append(steps, Step{At: time.Duration(i), weight: i % 5, Decisive: i == 5})
	}
	got := limit(steps, Most)
	var kept []time.Duration
	for _, s := range got {
		kept = append(kept, s.At)
	}
	assert.Equal(t, []time.Duration{3, 4, 5, 8, 9, 14, 19}, kept)
}

// callOf makes the two ops of a call.
func callOf(process int, from, to time.Duration, input, output any) []history.Op {
	return []history.Op{
		{Time: from, Process: process, Node: "n1", Type: history.Invoke, Input: input},
		{Time: to, Process: process, Node: "n1", Type: history.OK, Input: input, Output: output},
	}
}

// listedOf returns the account of a history whose every call is in the counterexample, the last of them to blame.
func listedOf(c Case, ops ...[]history.Op) []string {
	c.History, c.Verdict, c.Why = history.Of(slices.Concat(ops...)...), checker.Invalid, new(checker.Counterexample)
	for h := range c.History.Calls() {
		c.Why.Calls = append(c.Why.Calls, h)
	}
	c.Why.Blamed = len(c.Why.Calls) - 1
	steps, _ := Of(c)
	return Lines(steps, 200, 8)
}

// TestAHistoryWithoutTimes has positions in place of instants and durations.
func TestAHistoryWithoutTimes(t *testing.T) {
	ops := [][]history.Op{callOf(0, 0, 1, "write 1", nil), callOf(1, 2, 3, "write 2", nil), callOf(2, 4, 5, "read", "1")}
	assert.Equal(t, []string{
		"1  op 0  Process 0 wrote 1 at n1, and it was acknowledged.",
		"2  op 2  Process 1 wrote 2 at n1, and it was acknowledged.",
		"3  op 4  Process 2 read 1 at n1, which 2 had replaced before.",
	}, listedOf(Case{Ordered: true, Faults: []Fault{{From: 0, To: time.Second, Name: "n1 | n2"}}}, ops...))
	assert.Equal(t, "3  0.000s  Process 2 read 1 at n1, which 2 had replaced 1ns before.", listedOf(Case{}, ops...)[2])
}

// TestAddsDoNotReplace has a set, of which a read saw one of two elements.
func TestAddsDoNotReplace(t *testing.T) {
	lines := listedOf(Case{}, callOf(0, 0, 1, "add 1", nil), callOf(1, 2, 3, "add 2", nil), callOf(2, 4, 5, "read", []int{1}))
	assert.Equal(t, "3  0.000s  Process 2 read 1 at n1.", lines[2])
}

// TestFinalReads says in what final reads differ.
func TestFinalReads(t *testing.T) {
	set := func(elements ...int) map[string]any { return map[string]any{"elements": elements} }
	lines := listedOf(Case{}, callOf(5, 1e9, 2e9, "final", set(1, 3, 4)), callOf(6, 3e9, 4e9, "final", set(1, 2, 3)))
	assert.Equal(t, []string{
		"1  1.000s  In the end, process 5 read [1,3,4] at n1.",
		"2  3.000s  In the end, process 6 read [1,2,3] at n1. Process 5 did not read 2. Only process 5 read 4.",
	}, lines)
	lines = listedOf(Case{}, callOf(5, 1, 2, "final", set()), callOf(6, 3, 4, "final", set(1, 2, 3, 4, 5, 6)))
	assert.Equal(t, "1  0.000s  In the end, process 5 read [] at n1.", lines[0])
	assert.Contains(t, lines[1], "Process 5 did not read 1, 2, 3, 4 and 2 more.")
}

// TestStaleCopy says when the database gave out a version once, and of the nodes of a cache not that one had it.
func TestStaleCopy(t *testing.T) {
	read := func(version, made, loads int) any {
		return map[string]any{"version": version, "made": made, "loads": loads}
	}
	lines := listedOf(Case{},
		callOf(2, 1e9, 2e9, map[string]any{"f": "read", "key": "a"}, read(3, 1_500_000_000, 1)),
		callOf(0, 3e9, 4e9, map[string]any{"f": "write", "key": "a"}, map[string]any{"version": 4}),
		callOf(0, 5e9, 6e9, map[string]any{"f": "read", "key": "a"}, read(3, 1_500_000_000, 0)))
	assert.Equal(t, []string{
		"1  1.000s  Process 2 read v3 from the database, which gave it out at 1.500s.",
		"3  6.000s  Process 0 read v3. The database had given it out at 1.500s, 2.5s before v4 was acknowledged.",
	}, []string{lines[0], lines[2]})
}

// TestLostBytes counts what disks lost.
func TestLostBytes(t *testing.T) {
	crash := func(host, text string) trace.Event {
		return trace.Event{At: time.Second, Host: host, Kind: trace.Crash, Text: text}
	}
	tr := &trace.Trace{Events: []trace.Event{crash("n1", "lost 2702 bytes"), crash("n2", "lost 1 bytes"), crash("n3", "lost 1 bytes"), crash("n4", "lost 0 bytes")}}
	s := newScene(Case{Trace: tr})
	assert.Equal(t, "The nemesis crashed all 4 nodes. n2 and n3 lost 1 unsynced byte each; n1 lost 2,702 unsynced bytes.",
		s.faultStep(Fault{From: time.Second, To: 2 * time.Second, Name: "crash n1 n2 n3 n4"}).String())
}

func TestSides(t *testing.T) {
	a, b, ok := Sides("n1 n4 | n3 n5, n2 sees both")
	assert.True(t, ok)
	assert.Equal(t, []string{"n1", "n4"}, a)
	assert.Equal(t, []string{"n3", "n5"}, b)
	_, _, ok = Sides("crash n1")
	assert.False(t, ok)
	from, to, ok := Deaf("n4 ⇥ n1 n2")
	assert.True(t, ok)
	assert.Equal(t, "n4", from)
	assert.Equal(t, []string{"n1", "n2"}, to)
}
