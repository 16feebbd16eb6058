package checkertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/stretchr/testify/require"
)

// Untimed returns a history of calls one after the other, each by a process of its own.
func Untimed(inOut ...any) *history.History {
	h := &history.History{}
	for i := 0; i < len(inOut); i += 2 {
		h.Add(history.Op{Process: i / 2, Type: history.Invoke, Input: inOut[i]})
		h.Add(history.Op{Process: i / 2, Type: history.OK, Output: inOut[i+1]})
	}
	return h
}

// Alone returns a history of nothing but these calls.
func Alone(calls []history.Call) *history.History {
	at := map[int]history.Op{}
	most := 0
	for _, c := range calls {
		at[c.Invoke.Index] = c.Invoke
		most = max(most, c.Invoke.Index, c.Complete.Index)
		if !c.Open() {
			at[c.Complete.Index] = c.Complete
		}
	}
	h := history.Of()
	for i := range most + 1 {
		if o, ok := at[i]; ok {
			h.Add(o)
		}
	}
	return h
}

// A Timed call is one of a history that is written by hand. It never returns if to is 0.
type Timed struct {
	From, To int
	In, Out  any
}

// Timeline returns the history of calls whose instants all differ; each is of a process of
// its own, from 0 on.
func Timeline(calls ...Timed) *history.History {
	at := map[int]history.Op{}
	most := 0
	for p, c := range calls {
		at[c.From] = history.Op{Process: p, Type: history.Invoke, Input: c.In}
		if c.To > 0 {
			at[c.To] = history.Op{Process: p, Type: history.OK, Output: c.Out}
		}
		most = max(most, c.From, c.To)
	}
	h := history.Of()
	for i := range most + 1 {
		if o, ok := at[i]; ok {
			o.Time = time.Duration(i) * time.Millisecond
			h.Add(o)
		}
	}
	return h
}

// A Ask is an input as a workload would have it.
type Ask struct {
	F, Key string
	Value  any
}

// Runs returns how many random histories each test judges: as many as CAPSIZE_SWEEP
// says, or so few that all of them take about a second.
func Runs(t *testing.T) int {
	text := os.Getenv("CAPSIZE_SWEEP")
	if text == "" {
		return 600
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "CAPSIZE_SWEEP")
	return n
}

// CountOf counts what holds of some.
func CountOf[T any](all []T, what func(T) bool) (n int) {
	for _, one := range all {
		if what(one) {
			n++
		}
	}
	return n
}

// Glob returns the names of files under a folder that match one of the patterns, relative to it.
func Glob(t testing.TB, root string, patterns ...string) (names []string) {
	for _, p := range patterns {
		found, err := filepath.Glob(filepath.Join(root, p))
		require.NoError(t, err)
		for _, f := range found {
			name, err := filepath.Rel(root, f)
			require.NoError(t, err)
			names = append(names, filepath.ToSlash(name))
		}
	}
	return names
}

// OneByOne is the history of calls that do not overlap: of pairs of what was asked and what
// was answered.
func OneByOne(calls ...[2]any) *history.History {
	var ops []history.Op
	for i, c := range calls {
		at := time.Duration(i) * 10 * time.Millisecond
		ops = append(ops,
			history.Op{Time: at, Process: i, Type: history.Invoke, Input: c[0]},
			history.Op{Time: at + time.Millisecond, Process: i, Type: history.OK, Output: c[1]})
	}
	return history.Of(ops...)
}

// Show prints whether a history fits a model, and if not, why.
func Show(c checker.Checker, h *history.History) {
	r := c.Check(context.Background(), h).Explain(context.Background())
	fmt.Println(r.Verdict)
	if r.Counterexample != nil {
		fmt.Println(r.Counterexample.Reason)
	}
}

// Sequence returns a history of calls one after the other, 10 ms each.
func Sequence(calls ...history.Op) *history.History {
	h := history.Of()
	for i, c := range calls {
		at := time.Duration(i) * 20 * time.Millisecond
		h.Add(history.Op{Time: at, Process: c.Process, Type: history.Invoke, Input: c.Input})
		h.Add(history.Op{Time: at + 10*time.Millisecond, Process: c.Process, Type: history.OK, Output: c.Output})
	}
	return h
}

// InTurn is a history of calls of one process, one after the other, 10ms each.
func InTurn(calls ...[2]any) *history.History {
	h := history.Of()
	for i, c := range calls {
		at := time.Duration(i) * 10 * time.Millisecond
		h.Add(history.Op{Time: at, Type: history.Invoke, Input: c[0]})
		h.Add(history.Op{Time: at + 5*time.Millisecond, Type: history.OK, Output: c[1]})
	}
	return h
}

// Judge prints what a checker finds.
func Judge(c checker.Checker, h *history.History) {
	r := c.Check(context.Background(), h)
	fmt.Println(r.Verdict, "-", r.Reason)
	if r.Counterexample != nil {
		fmt.Println(r.Counterexample.Reason)
	}
}
