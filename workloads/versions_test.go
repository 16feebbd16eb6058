package workloads_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/workloads"
)

// A keeper is a versioned store in one place; what a read has seen are its values.
type keeper struct {
	data map[string]map[int]bool
	err  error
}

func (s keeper) Siblings(_ context.Context, key string) ([]int, []int, error) {
	values := slices.Collect(maps.Keys(s.data[key])) // in any order
	return values, values, s.err
}

func (s keeper) PutWith(_ context.Context, key string, value int, seen []int) error {
	if s.err != nil {
		return s.err
	}
	if s.data[key] == nil {
		s.data[key] = map[int]bool{}
	}
	for _, v := range seen {
		delete(s.data[key], v)
	}
	s.data[key][value] = true
	return nil
}

func (s keeper) Close() error { return nil }

// A shredder is a keeper that can delete.
type shredder struct{ keeper }

func (s shredder) DeleteWith(_ context.Context, key string, seen []int) error {
	for _, v := range seen {
		delete(s.data[key], v)
	}
	return s.err
}

// versionTurns plays turns of three clients, and then reads all keys.
func versionTurns[C workloads.Versioned[[]int]](t *testing.T, c C, n int) (asked []workloads.VersionsOp, h *history.History) {
	t.Helper()
	w := workloads.Versions(func(context.Context, *cluster.Host) (C, error) { return c, nil })
	const clients = 3
	var state [clients]workloads.Turn[any, any]
	var open [clients]workloads.Client
	h = history.Of()
	ask := func(i int, next func(workloads.Turn[any, any]) (any, bool)) bool {
		turn := &state[i]
		turn.Client, turn.Clients = i, clients
		in, ok := next(*turn)
		if !ok {
			return false
		}
		asked = append(asked, in.(workloads.VersionsOp))
		h.Add(history.Op{Process: i, Key: w.Key(in), Input: in})
		out, err := open[i].Invoke(t.Context(), in)
		op := history.Op{Process: i, Type: workloads.Outcome(err)}
		if err == nil {
			op.Output = out
		}
		h.Add(op)
		turn.Last, turn.Answer, turn.OK = in, out, err == nil
		turn.Index++
		return true
	}
	for i := range clients {
		var err error
		open[i], err = w.Open(t.Context(), nil)
		require.NoError(t, err)
	}
	for i := range clients * n {
		state[i%clients].Rand = rand.New(rand.NewPCG(7, uint64(i)))
		ask(i%clients, func(turn workloads.Turn[any, any]) (any, bool) { return w.Next(turn), true })
	}
	for i := range clients {
		for state[i].Index = 0; ask(i, w.Final); {
		}
		require.NoError(t, open[i].Close())
	}
	r := w.Checker.Check(t.Context(), h)
	require.NotEqual(t, checker.Invalid, r.Verdict, r.Reason)
	return asked, h
}

func TestVersionsAsks(t *testing.T) {
	asked, h := versionTurns(t, shredder{keeper{data: map[string]map[int]bool{}}}, 300)
	counts, written, last := map[string]int{}, map[int]bool{}, map[string]int{}
	replacing, unseen, rest := 0, 0, 0
	for i, in := range asked {
		counts[in.F]++
		if i-last[in.Key] > 200 && in.F != "final" {
			rest++
		}
		last[in.Key] = i
		if in.F == "read" || in.F == "final" {
			continue
		}
		require.False(t, written[in.Value], "%d is written twice", in.Value)
		written[in.Value] = true
		if len(in.Replaces) > 0 {
			replacing++
		} else {
			unseen++
		}
	}
	assert.Equal(t, 3*20, counts["final"])
	assert.Greater(t, counts["read"], 350)
	assert.Greater(t, counts["write"], 300)
	assert.Greater(t, counts["delete"], 50)
	assert.Greater(t, replacing, 200)
	assert.Greater(t, unseen, 80)
	assert.Greater(t, rest, 10, "keys rest for a while")
	n := workloads.CountSurvival(h)
	assert.Equal(t, counts["write"]+counts["delete"], n.Kept)
	assert.Zero(t, n.Lost+n.Undone+n.Unread)
}

func TestVersionsWithoutDeletes(t *testing.T) {
	asked, _ := versionTurns(t, keeper{data: map[string]map[int]bool{}}, 100)
	for _, in := range asked {
		assert.NotEqual(t, "delete", in.F)
	}
}

// TestVersionsErrors has reads fail for certain, and leaves open what became of writes.
func TestVersionsErrors(t *testing.T) {
	_, h := versionTurns(t, shredder{keeper{data: map[string]map[int]bool{}, err: errors.New("timeout")}}, 50)
	for c := range h.Calls() {
		want := history.Fail
		if c.Invoke.Input.(workloads.VersionsOp).F == "write" {
			want = history.Info
		}
		assert.Equal(t, want, c.Complete.Type)
	}
}

// TestVersionsJudges judges histories of one key.
func TestVersionsJudges(t *testing.T) {
	type call struct {
		in      workloads.VersionsOp
		outcome history.Type
		out     []int
	}
	write := func(value int, outcome history.Type, replaces ...int) call {
		return call{in: workloads.VersionsOp{F: "write", Key: "k", Value: value, Replaces: replaces}, outcome: outcome}
	}
	remove := func(value int, outcome history.Type, replaces ...int) call {
		return call{in: workloads.VersionsOp{F: "delete", Key: "k", Value: value, Replaces: replaces}, outcome: outcome}
	}
	read := func(f string, values ...int) call {
		return call{workloads.VersionsOp{F: f, Key: "k"}, history.OK, values}
	}
	const ok, fail, info = history.OK, history.Fail, history.Info
	w := workloads.Versions(func(context.Context, *cluster.Host) (keeper, error) { return keeper{}, nil })
	for name, c := range map[string]struct {
		calls   []call
		verdict checker.Verdict
		reason  string
		counts  workloads.Survival
	}{
		"siblings stay":              {[]call{write(1, ok), write(2, ok), read("final", 1, 2)}, checker.Valid, "2 answered writes", workloads.Survival{Kept: 2}},
		"replaced":                   {[]call{write(1, ok), write(2, ok, 1), write(3, ok, 2), read("final", 3)}, checker.Valid, "3 answered", workloads.Survival{Kept: 3}},
		"replaced by what may be":    {[]call{write(1, ok), write(2, info, 1), read("final", 2)}, checker.Valid, "1 answered", workloads.Survival{Kept: 1}},
		"replaced by what never was": {[]call{write(1, ok), write(2, fail, 1), read("final")}, checker.Invalid, "1 to k and was answered, but it is lost", workloads.Survival{Lost: 1}},
		"lost":                       {[]call{write(1, ok), write(2, ok), read("final", 2)}, checker.Invalid, "wrote 1 to k and was answered, but it is lost", workloads.Survival{Kept: 1, Lost: 1}},
		"a write that may be":        {[]call{write(1, info), read("final")}, checker.Valid, "0 answered", workloads.Survival{}},
		"deleted":                    {[]call{write(1, ok), write(2, ok, 1), remove(3, ok, 2), read("final")}, checker.Valid, "3 answered", workloads.Survival{Kept: 3}},
		"deleted perhaps":            {[]call{write(1, ok), remove(2, info, 1), read("final")}, checker.Valid, "1 answered", workloads.Survival{Kept: 1}},
		"deleted unseen":             {[]call{write(1, ok), write(2, ok), remove(3, ok, 2), read("final")}, checker.Invalid, "it is lost", workloads.Survival{Kept: 2, Lost: 1}},
		"back from the dead":         {[]call{write(1, ok), remove(2, ok, 1), read("final", 1)}, checker.Invalid, "its delete was answered, but in the end the value is back", workloads.Survival{Kept: 1, Undone: 1}},
		"back beside its heir":       {[]call{write(1, ok), write(2, ok, 1), read("final", 1, 2)}, checker.Invalid, "its write was answered", workloads.Survival{Kept: 1, Undone: 1}},
		"stale reads are fine":       {[]call{write(1, ok), write(2, ok, 1), read("read", 1), read("read", 2), read("read"), read("final", 2)}, checker.Valid, "2 answered", workloads.Survival{Kept: 2}},
		"read of what failed":        {[]call{write(1, fail), read("read", 1), read("final")}, checker.Invalid, "though its write by process 0 had failed", workloads.Survival{}},
		"read of nothing":            {[]call{read("read", 7), read("final")}, checker.Invalid, "which was never written", workloads.Survival{}},
		"no agreement":               {[]call{write(1, ok), write(2, info, 1), read("final", 1), read("final", 2)}, checker.Invalid, "in the end process", workloads.Survival{Kept: 1}},
		"not read in the end":        {[]call{write(1, ok), read("read", 1)}, checker.Unknown, "1 are to keys that were not read in the end", workloads.Survival{Unread: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			h := history.Of()
			for i, c := range c.calls {
				h.Add(history.Op{Process: i, Key: "k", Input: c.in})
				op := history.Op{Process: i, Type: c.outcome}
				if c.outcome == ok {
					op.Output = c.out
				}
				h.Add(op)
			}
			r := w.Checker.Check(t.Context(), h)
			assert.Equal(t, c.verdict, r.Verdict)
			assert.Contains(t, r.Reason, c.reason)
			assert.Equal(t, c.verdict == checker.Invalid, r.Counterexample != nil)
			assert.Equal(t, c.counts, workloads.CountSurvival(h))
		})
	}
}

// TestVersionsReadsBack reads a history of the workload from its file.
func TestVersionsReadsBack(t *testing.T) {
	_, h := versionTurns(t, keeper{data: map[string]map[int]bool{}}, 20)
	var file strings.Builder
	require.NoError(t, h.Write(&file))
	w := workloads.Versions(func(context.Context, *cluster.Host) (keeper, error) { return keeper{}, nil })
	again, err := w.Read(strings.NewReader(file.String()), "history.jsonl")
	require.NoError(t, err)
	require.Equal(t, h.String(), again.String())
	require.Equal(t, workloads.CountSurvival(h), workloads.CountSurvival(again))
}
