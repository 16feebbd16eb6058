package linearizable

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// sweep is how many random histories are judged for each model: as many as
// CAPSIZE_SWEEP says, or so few that all models take about a second.
func sweep(t *testing.T) int {
	text := os.Getenv("CAPSIZE_SWEEP")
	switch {
	case text == "" && testing.Short():
		return 300
	case text == "":
		return 1000
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// agreeAll compares the checker of a model with the definition, on histories from
// several makers.
func agreeAll[S comparable, In, Out any](t *testing.T, calls, processes int, makers map[string]maker[S, In, Out]) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(makers)) {
		k := makers[name]
		t.Run(name, func(t *testing.T) { agree(t, k, sweep(t)/len(makers), calls, processes) })
	}
}

// bruteForce decides linearizability by its definition: it tries every order of
// the calls, with every choice of unknown ones left out.
func bruteForce[S comparable, In, Out any](m model.Model[S, In, Out], h *history.History) bool {
	byKey := map[string][]history.Call{}
	for c := range h.Calls() {
		if c.Complete.Type == history.Fail {
			continue
		}
		key := ""
		if m.Key != nil {
			key = m.Key(c.Invoke.Input.(In))
		}
		byKey[key] = append(byKey[key], c)
	}
	for _, calls := range byKey {
		if !anyOrder(m, m.Init, calls) {
			return false
		}
	}
	return true
}

func anyOrder[S comparable, In, Out any](m model.Model[S, In, Out], s S, left []history.Call) bool {
	must := 0
	for _, c := range left {
		if c.Complete.Type == history.OK {
			must++
		}
	}
	if must == 0 {
		return true
	}
next:
	for i, c := range left {
		for _, d := range left {
			if d.Returned() < c.Invoke.Index {
				continue next // d comes first
			}
		}
		var out Out
		known := c.Complete.Type == history.OK
		if known {
			out, _ = c.Complete.Output.(Out)
		}
		n, ok := m.Step(s, c.Invoke.Input.(In), out)
		if known && !ok {
			continue
		}
		rest := append(append([]history.Call{}, left[:i]...), left[i+1:]...)
		if anyOrder(m, n, rest) {
			return true
		}
	}
	return false
}

// A maker makes random histories of calls on an object. Each call takes effect at a random
// instant between its ends; some answers are then spoilt.
type maker[S comparable, In, Out any] struct {
	m      model.Model[S, In, Out]
	ask    func(r *rand.Rand, n int) In         // the n-th input
	answer func(s S, in In) Out                 // the right answer
	spoil  func(r *rand.Rand, out Out) Out      // a wrong one
	lose   func(r *rand.Rand) (info, fail bool) // how a call ends, if not well
}

func usually(r *rand.Rand) (info, fail bool) {
	x := r.IntN(20)
	return x < 3, x == 3
}

func (k maker[S, In, Out]) history(r *rand.Rand, calls, processes int) *history.History {
	type pending struct {
		in               In
		out              Out
		done, info, fail bool
	}
	var late []*pending // given up, and yet to take effect
	h := history.Of()
	open := map[int]*pending{}
	state := map[string]S{}
	number := make([]int, processes)
	for i := range number {
		number[i] = i
	}
	spoilt := r.IntN(3)
	effect := func(p *pending) {
		key := ""
		if k.m.Key != nil {
			key = k.m.Key(p.in)
		}
		s, ok := state[key]
		if !ok {
			s = k.m.Init
		}
		p.out = k.answer(s, p.in)
		state[key], _ = k.m.Step(s, p.in, p.out)
		p.done = true
	}
	for asked := 0; asked < calls || len(open) > 0; {
		if len(late) > 0 && r.IntN(4) == 0 {
			effect(late[0])
			late = late[1:]
		}
		slot := r.IntN(processes)
		p := open[slot]
		switch {
		case p == nil && asked < calls:
			p = &pending{in: k.ask(r, asked)}
			asked++
			p.info, p.fail = k.lose(r)
			open[slot] = p
			h.Add(history.Op{Process: number[slot], Type: history.Invoke, Input: p.in})
			if r.IntN(5) == 0 {
				h.Add(history.Op{Process: history.Nemesis, Type: history.Type(r.IntN(2)), Key: "1"})
			}
		case p == nil:
		case p.fail:
			h.Add(history.Op{Process: number[slot], Type: history.Fail})
			delete(open, slot)
		case !p.done && !(p.info && r.IntN(2) == 0):
			effect(p)
		default:
			end := history.Op{Process: number[slot], Type: history.OK, Output: p.out}
			if p.info {
				end.Type, end.Output = history.Info, nil
				if !p.done && r.IntN(2) == 0 {
					late = append(late, p)
				}
			} else if spoilt > 0 && r.IntN(calls) < spoilt {
				end.Output = k.spoil(r, p.out)
			}
			if !p.info || r.IntN(3) > 0 {
				h.Add(end)
			}
			number[slot] += processes
			delete(open, slot)
		}
	}
	return h
}

// agree compares a checker with the definition on random histories, and with porcupine.
func agree[S comparable, In, Out any](t *testing.T, k maker[S, In, Out], total, calls, processes int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	check, counts := New(k.m), map[checker.Verdict]int{}
	quick := 0
	for range total {
		h := k.history(r, 1+r.IntN(calls), 1+r.IntN(processes))
		want := checker.Valid
		if !bruteForce(k.m, h) {
			want = checker.Invalid
		}
		got := check.Check(t.Context(), h).Explain(t.Context())
		require.Equal(t, want, got.Verdict, "%s\n%v", got.Reason, h)
		counts[want]++
		s := search{View: view.Erase(k.m).Of(h)}
		parts, _ := s.Split()
		ok := true
		for _, p := range parts {
			if _, decided := s.decideDirectly(p.Spans); decided {
				quick++
			}
			one, err := s.porcupine(t.Context(), p.Spans)
			require.NoError(t, err)
			ok = ok && one
			end := s.frontier(p.Spans).run()
			require.NoError(t, end.err)
			require.Equal(t, one, end.ok, "frontier\n%v", h)
			for _, eager := range []bool{false, true} {
				d := s.frontier(p.Spans).dfs(0)
				d.eager = eager
				got := d.run()
				require.NoError(t, got.err)
				require.Equal(t, one, got.ok, "depth-first\n%v", h)
				require.Equal(t, end.at, got.at, "depth-first\n%v", h)
			}
			all, m := s.number(p.Spans)
			end = newFrontier(all, len(m.pureClass), m).run()
			require.NoError(t, end.err)
			require.Equal(t, one, end.ok, "frontier\n%v", h)
		}
		require.Equal(t, want == checker.Valid, ok, "porcupine\n%v", h)
		if want == checker.Invalid {
			proves(t, k.m, h, got)
		}
	}
	t.Logf("%d histories, %d valid, %d invalid; decided without a search: %d keys", total, counts[checker.Valid], counts[checker.Invalid], quick)
	require.Greater(t, counts[checker.Valid], total/20)
	require.Greater(t, counts[checker.Invalid], total/20)
}

// proves checks that a counterexample breaks the rule on its own.
func proves[S comparable, In, Out any](t *testing.T, m model.Model[S, In, Out], h *history.History, r checker.Result) {
	t.Helper()
	require.NotNil(t, r.Counterexample, "%v", h)
	require.NotEmpty(t, r.Counterexample.Reason)
	require.False(t, bruteForce(m, checkertest.Alone(r.Counterexample.Calls)), "%s\n%v\n%v", r.Counterexample.Reason, r.Counterexample.Calls, h)
	require.True(t, r.Counterexample.Blamed >= -1 && r.Counterexample.Blamed < len(r.Counterexample.Calls))
	require.False(t, helped(m, h, r.Counterexample.Key, r.Counterexample.Calls), "other calls explain it: %s\n%v\n%v", r.Counterexample.Reason, r.Counterexample.Calls, h)
	for i := range r.Counterexample.Calls {
		rest := Without(m, r.Counterexample.Calls, i)
		if !bruteForce(m, checkertest.Alone(rest)) {
			require.True(t, helped(m, h, r.Counterexample.Key, rest), "not minimal: %s\n%v\nwithout %d: %v\n%v", r.Counterexample.Reason, r.Counterexample.Calls, i, rest, h)
		}
	}
	core := coreOf(r.Counterexample)
	require.False(t, helped(m, h, r.Counterexample.Key, core), "other calls explain the core: %s\n%v\n%v", r.Counterexample.Reason, core, h)
	for i := range core {
		rest := slices.Concat(core[:i], core[i+1:])
		require.True(t, helped(m, h, r.Counterexample.Key, rest), "the core is not minimal: %s\n%v\nwithout %d\n%v", r.Counterexample.Reason, core, i, h)
	}
	require.True(t, r.Counterexample.Blamed < 0 || slices.Contains(r.Counterexample.Core, r.Counterexample.Blamed), "%s\n%v\n%v", r.Counterexample.Reason, core, h)
}

// coreOf returns the calls of a counterexample that contradict each other.
func coreOf(w *checker.Counterexample) (core []history.Call) {
	for _, i := range w.Core {
		core = append(core, w.Calls[i])
	}
	return core
}

// helped reports whether calls are linearizable with some of the others on their key.
func helped[S comparable, In, Out any](m model.Model[S, In, Out], h *history.History, key string, calls []history.Call) bool {
	var others []history.Call
	for c := range h.Calls() {
		same := func(d history.Call) bool { return d.Invoke.Index == c.Invoke.Index }
		if c.Complete.Type != history.Fail && (m.Key == nil || m.Key(c.Invoke.Input.(In)) == key) && !slices.ContainsFunc(calls, same) {
			others = append(others, c)
		}
	}
	for set := range 1 << len(others) {
		all := slices.Clone(calls)
		for i, c := range others {
			if set>>i&1 != 0 {
				all = append(all, c)
			}
		}
		if bruteForce(m, checkertest.Alone(all)) {
			return true
		}
	}
	return false
}
