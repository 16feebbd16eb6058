package workloads_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/workloads"
)

// A kv is a store for one client at a time; err is what it answers if it is set.
type kv struct {
	data map[string]int
	err  error
}

func (s kv) Get(_ context.Context, key string) (int, error) { return s.data[key], s.err }

func (s kv) Put(_ context.Context, key string, value int) error {
	if s.err == nil {
		s.data[key] = value
	}
	return s.err
}

func (s kv) Close() error { return nil }

// A swapper is a kv that can compare and swap.
type swapper struct{ kv }

func (s swapper) CAS(_ context.Context, key string, old, value int) (int, error) {
	found := s.data[key]
	if found == old {
		s.data[key] = value
	}
	return found, s.err
}

// turns plays n turns of each of two clients, by turns, and returns what was asked.
func turns[C workloads.KV](t *testing.T, c C, n int) (asked []workloads.RegisterOp, h *history.History) {
	t.Helper()
	w := workloads.RegisterOver(func(context.Context, *cluster.Host) (C, error) { return c, nil }, 3)
	client, err := w.Open(t.Context(), nil)
	require.NoError(t, err)
	h = history.Of()
	var state [2]workloads.Turn[any, any]
	for i := range 2 * n {
		turn := &state[i%2]
		turn.Client, turn.Clients, turn.Index = i%2, 2, i/2
		turn.Rand = rand.New(rand.NewPCG(7, uint64(i)))
		in := w.Next(*turn)
		asked = append(asked, in.(workloads.RegisterOp))
		h.Add(history.Op{Process: i % 2, Key: w.Key(in), Input: in})
		out, err := client.Invoke(t.Context(), in)
		op := history.Op{Process: i % 2, Type: workloads.Outcome(err)}
		if err == nil {
			op.Output = out
		}
		h.Add(op)
		turn.Last, turn.Answer, turn.OK = in, out, err == nil
	}
	r := w.Checker.Check(t.Context(), h)
	require.Equal(t, checker.Valid, r.Verdict, r.Reason)
	return asked, h
}

func TestRegisterAsks(t *testing.T) {
	asked, _ := turns(t, swapper{kv{data: map[string]int{}}}, 500)
	counts, written, keys := map[string]int{}, map[int]bool{}, map[string]bool{}
	for _, in := range asked {
		counts[in.F]++
		keys[in.Key] = true
		if in.F != "read" {
			require.False(t, written[in.Value], "%d is written twice", in.Value)
			written[in.Value] = true
		}
	}
	assert.InDelta(t, 500, counts["read"], 100)
	assert.Greater(t, counts["write"], 200)
	assert.Greater(t, counts["cas"], 100)
	assert.Len(t, keys, 3)
}

func TestRegisterWithoutSwaps(t *testing.T) {
	asked, _ := turns(t, kv{data: map[string]int{}}, 100)
	for _, in := range asked {
		assert.NotEqual(t, "cas", in.F)
	}
}

// TestRegisterErrors has reads fail for certain, and leaves open what became of
// writes.
func TestRegisterErrors(t *testing.T) {
	_, h := turns(t, swapper{kv{data: map[string]int{}, err: errors.New("timeout")}}, 50)
	for c := range h.Calls() {
		want := history.Info
		if c.Invoke.Input.(workloads.RegisterOp).F == "read" {
			want = history.Fail
		}
		assert.Equal(t, want, c.Complete.Type)
	}
	_, h = turns(t, kv{data: map[string]int{}, err: fmt.Errorf("full: %w", workloads.ErrFail)}, 50)
	for c := range h.Calls() {
		assert.Equal(t, history.Fail, c.Complete.Type)
	}
}

// TestRegisterReadsBack reads a history of the workload from its file.
func TestRegisterReadsBack(t *testing.T) {
	_, h := turns(t, swapper{kv{data: map[string]int{}}}, 20)
	var file strings.Builder
	require.NoError(t, h.Write(&file))
	w := workloads.Register(func(context.Context, *cluster.Host) (kv, error) { return kv{}, nil })
	again, err := w.Read(strings.NewReader(file.String()), "history.jsonl")
	require.NoError(t, err)
	require.Equal(t, h.String(), again.String())
	require.IsType(t, workloads.RegisterOp{}, again.At(0).Input)
}

func TestNewWithoutWhatItNeeds(t *testing.T) {
	assert.PanicsWithValue(t, `workloads: spec "half" needs Name, Open, Next and Invoke`, func() {
		workloads.New(workloads.Spec[kv, int, int]{Name: "half"})
	})
}

type sure bool

func (s sure) Error() string      { return "sure" }
func (s sure) DidNotHappen() bool { return bool(s) }

func TestOutcome(t *testing.T) {
	assert.Equal(t, history.OK, workloads.Outcome(nil))
	assert.Equal(t, history.Info, workloads.Outcome(errors.New("what now?")))
	assert.Equal(t, history.Info, workloads.Outcome(context.DeadlineExceeded))
	assert.Equal(t, history.Fail, workloads.Outcome(fmt.Errorf("no leader: %w", workloads.ErrFail)))
	assert.Equal(t, history.Fail, workloads.Outcome(fmt.Errorf("put: %w", sure(true))))
	assert.Equal(t, history.Info, workloads.Outcome(fmt.Errorf("put: %w", sure(false))))
}

// TestRegisterAccepts shows that a script can't ask a register what it does not know.
func TestRegisterAccepts(t *testing.T) {
	w := workloads.Register(func(context.Context, *cluster.Host) (kv, error) { return kv{}, nil })
	require.NoError(t, w.Accepts(workloads.RegisterOp{F: "read", Key: "k"}))
	require.EqualError(t, w.Accepts(workloads.RegisterOp{F: "wrote", Key: "k"}), `f "wrote" of an input is none of read, write, cas`)
	require.ErrorContains(t, w.Accepts("read"), "an input is string")
}
