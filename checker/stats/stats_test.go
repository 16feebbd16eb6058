package stats

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
)

// faultyRun is a history of calls at nodes, with faults of the nemesis in between.
func faultyRun(r *rand.Rand) *history.History {
	h := history.Of()
	now := time.Duration(0)
	busy := map[int]bool{}
	faults := map[string]bool{}
	next := 4
	processes := []int{0, 1, 2, 3}
	for range 5 + r.IntN(60) {
		now += time.Duration(r.IntN(30)) * time.Millisecond
		if r.IntN(6) == 0 {
			key := string(rune('a' + r.IntN(3)))
			op := history.Op{Process: history.Nemesis, Key: key, Time: now, Type: history.Invoke, Input: "partition " + key}
			if faults[key] {
				op.Type, op.Input = history.OK, nil
				if r.IntN(4) == 0 {
					op.Type = history.Fail
				}
			}
			faults[key] = !faults[key]
			h.Add(op)
			continue
		}
		i := r.IntN(len(processes))
		p := processes[i]
		op := history.Op{Process: p, Node: string(rune('m' + p%3)), Time: now}
		if busy[p] {
			op.Type = []history.Type{history.OK, history.OK, history.Fail, history.Info}[r.IntN(4)]
			if op.Type == history.Info {
				processes[i], next = next, next+1
			}
		} else {
			op.Input = checkertest.Ask{F: []string{"read", "write"}[r.IntN(2)]}
		}
		busy[p] = !busy[p]
		h.Add(op)
	}
	return h
}

func TestMeasureAgreesWithItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 9))
	overlapped := 0
	for range checkertest.Runs(t) {
		h := faultyRun(r)
		s := Measure(h)
		var in, out CallGroup
		var took []time.Duration
		windows := map[string]int{}
		for c := range h.Calls() {
			g := &out
			for f := range h.Faults() {
				end := min(f.Complete.Time, h.End())
				if f.Complete.Type != history.Fail && c.Invoke.Time <= end && f.Invoke.Time <= c.Complete.Time {
					g = &in
					windows[f.Invoke.Input.(string)]++
				}
			}
			g.Calls++
			if c.Complete.Type == history.OK {
				g.OK++
				took = append(took, c.Complete.Time-c.Invoke.Time)
			}
		}
		require.Equal(t, []int{in.Calls, in.OK, out.Calls, out.OK}, []int{s.Inside.Calls, s.Inside.OK, s.Outside.Calls, s.Outside.OK}, "%s", h)
		require.Equal(t, in.Calls+out.Calls, s.All.Calls)
		overlapped += in.Calls
		for _, w := range s.Windows {
			windows[w.Name] -= w.Calls.Calls
		}
		for name, n := range windows { // order: each is on its own
			require.Zero(t, n, name)
		}
		for _, groups := range [][]CallGroup{s.ByF, s.ByNode} {
			calls, ok := 0, 0
			for _, g := range groups {
				calls, ok = calls+g.Calls, ok+g.OK
			}
			require.Equal(t, []int{s.All.Calls, s.All.OK}, []int{calls, ok})
		}
		ended := 0
		for _, b := range s.Rate {
			ended += b.OK
		}
		require.Equal(t, s.All.OK, ended)
		if len(took) > 0 {
			slices.Sort(took)
			at := func(percent int) time.Duration { // the least that is not less than so many
				i := slices.IndexFunc(took, func(d time.Duration) bool {
					return 100*checkertest.CountOf(took, func(x time.Duration) bool { return x <= d }) >= percent*len(took)
				})
				return took[i]
			}
			got := s.All.Latency.OK
			require.Equal(t, []time.Duration{at(50), at(95), at(99), took[len(took)-1]}, []time.Duration{got.P50, got.P95, got.P99, got.Max})
		}
	}
	require.NotZero(t, overlapped)
}

// A nemesis of Jepsen's says nothing but that it starts and stops, each twice.
func TestMeasureJepsenWindows(t *testing.T) {
	note := func(ms int, f string) history.Op {
		return history.Op{Process: history.Nemesis, Type: history.Info, Time: time.Duration(ms) * time.Millisecond, Output: history.JepsenOp{F: f}}
	}
	s := Measure(history.Of(
		note(10, "start"), note(12, "start"),
		note(15, "start-kill"),
		note(20, "stop"), note(23, "stop"),
		note(30, "stop-kill"),
		note(40, "start-kill"),
		note(50, "whatever"),
	))
	var got []string
	for _, w := range s.Windows {
		got = append(got, w.Name+" "+w.Begin.String()+" "+w.End.String())
	}
	require.Equal(t, []string{"fault 10ms 23ms", "kill 15ms 30ms", "kill 40ms 50ms"}, got)
}

func TestStatisticsKeepsLimits(t *testing.T) {
	h := history.Of()
	add := func(ms, process int, typ history.Type, f, node string) {
		op := history.Op{Process: process, Node: node, Type: typ, Time: time.Duration(ms) * time.Millisecond}
		if typ == history.Invoke {
			op.Input = checkertest.Ask{F: f}
		}
		h.Add(op)
	}
	h.Add(history.Op{Process: history.Nemesis, Type: history.Invoke, Key: "1", Input: "partition"})
	add(0, 0, history.Invoke, "read", "n1")
	add(100, 0, history.OK, "", "n1")
	h.Add(history.Op{Process: history.Nemesis, Type: history.OK, Key: "1", Time: 200 * time.Millisecond})
	add(300, 1, history.Invoke, "write", "n2")
	add(1000, 1, history.Fail, "", "n2")
	for _, test := range []struct {
		limits Limits
		reason string // "" if all is well
	}{
		{Limits{}, ""},
		{Limits{Availability: 0.5, Inside: 1, P99: 100 * time.Millisecond, Rate: 1}, ""},
		{Limits{Availability: 0.6}, "1 of 2 calls (all) were ok, or 50 %, which is less than 60 %"},
		{Limits{Outside: 0.1}, "0 of 1 call (outside) were ok, or 0 %, which is less than 10 %"},
		{Limits{EachNode: 0.1}, "0 of 1 call (n2) were ok, or 0 %, which is less than 10 %"},
		{Limits{EachF: true}, "none of 1 call of write was ok"},
		{Limits{P99: 99 * time.Millisecond}, "99 % of ok calls took up to 100ms, which is more than 99ms"},
		{Limits{Rate: 1.5}, "1 ok calls a second, which is less than 1.5"},
	} {
		r := New(test.limits).Check(t.Context(), h)
		if test.reason == "" {
			require.Equal(t, checker.Valid, r.Verdict)
			require.Equal(t, "1 of 2 calls ok (50 %; inside of faults 100 %, outside 0 %); "+
				"ok calls took 100ms (median), 100ms (99 %), 100ms (most); 1 ok calls a second", r.Reason)
		} else {
			require.Equal(t, checker.Invalid, r.Verdict)
			require.Equal(t, test.reason, r.Reason)
		}
		s, ok := Of(r)
		require.True(t, ok)
		require.Equal(t, Measure(h), s, "it reads back as it was measured")
	}
	_, ok := Of(checker.Result{})
	require.False(t, ok)
	require.Equal(t, 1.0, CallGroup{}.Availability())
	require.Equal(t, checker.Valid, New(Limits{}).Check(t.Context(), history.Of()).Verdict)
}
