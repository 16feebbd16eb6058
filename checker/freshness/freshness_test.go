package freshness_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// copies records a history of a cache, a millisecond an op.
type copies struct {
	h    history.History
	next time.Duration
}

func (c *copies) op(process int, typ history.Type, in, out any) {
	c.next += time.Millisecond
	c.h.Add(history.Op{Time: c.next, Process: process, Type: typ, Key: "k", Input: in, Output: out})
}

func (c *copies) begin(process int, f string) {
	c.op(process, history.Invoke, model.CacheOp{F: f, Key: "k"}, nil)
}

func (c *copies) end(process int, out model.Copy) { c.op(process, history.OK, nil, out) }

func (c *copies) call(process int, f string, out model.Copy) {
	c.begin(process, f)
	c.end(process, out)
}

func TestStaleFill(t *testing.T) {
	var c copies
	c.call(0, "write", model.Copy{Version: 1})
	c.begin(1, "read") // misses, and loads v1
	c.call(0, "write", model.Copy{Version: 2})
	c.begin(3, "read") // begins after the write was acknowledged
	c.end(1, model.Copy{Version: 1, Loads: 1})
	c.end(3, model.Copy{Version: 1, Coalesced: true})
	c.call(2, "read", model.Copy{Version: 1})

	m, err := freshness.Measure(&c.h)
	require.NoError(t, err)
	assert.Equal(t, 3, m.Reads)
	assert.Equal(t, 2, m.Stale, "the read that began before the write was acknowledged is fresh")
	assert.Equal(t, 1, m.Coalesced)
	assert.Equal(t, 4*time.Millisecond, m.Age)
	assert.Equal(t, m.Age, m.AgeAfterLastWrite)
	assert.Equal(t, 1, m.MaxBehind)

	r := freshness.New(freshness.Promise{}).Check(t.Context(), &c.h)
	require.Equal(t, checker.Invalid, r.Verdict)
	assert.Len(t, r.Counterexample.Calls, 3, "the load that was joined is shown")
	assert.Equal(t, checker.Valid, freshness.New(freshness.Promise{Within: time.Second}).Check(t.Context(), &c.h).Verdict)
}

// The counterexample shows who brought the old version.
func TestLateFillIsShown(t *testing.T) {
	var c copies
	c.begin(1, "read")
	c.call(0, "write", model.Copy{Version: 2})
	c.end(1, model.Copy{Version: 1, Loads: 1})
	c.call(2, "read", model.Copy{Version: 1})
	w := freshness.New(freshness.Promise{}).Check(t.Context(), &c.h).Counterexample
	require.Len(t, w.Calls, 3)
	assert.Equal(t, 2, w.Blamed)
	assert.Equal(t, []int{1, 2}, w.Core, "the load is context")
	assert.Contains(t, w.Reason, "process 2 read v1 on k, though v2 had been acknowledged to process 0 2ms before; process 1 had loaded that before the write, and filled it in after")
}

// The counterexample shows whose load was joined, also if its reader was answered later.
func TestJoinedLoadIsShown(t *testing.T) {
	var c copies
	c.begin(1, "read")
	c.call(0, "write", model.Copy{Version: 2})
	c.call(2, "read", model.Copy{Version: 1, Coalesced: true})
	c.end(1, model.Copy{Version: 1, Loads: 1})
	w := freshness.New(freshness.Promise{}).Check(t.Context(), &c.h).Counterexample
	require.Len(t, w.Calls, 3)
	assert.Equal(t, "process 2 read v1 on k, though v2 had been acknowledged to process 0 1ms before; it joined a load of process 1 from before the write", w.Reason)
}

func TestSessions(t *testing.T) {
	var c copies
	c.call(0, "write", model.Copy{Version: 2})
	c.call(1, "read", model.Copy{Version: 3})
	assert.Equal(t, checker.Valid, freshness.Sessions().Check(t.Context(), &c.h).Verdict)
	c.call(1, "read", model.Copy{Version: 2})
	c.call(0, "read", model.Copy{Version: 1})
	r := freshness.Sessions().Check(t.Context(), &c.h)
	assert.Equal(t, checker.Invalid, r.Verdict)
	assert.Equal(t, "process 1 read v2 on k after it had read v3", r.Counterexample.Reason)
	m, err := freshness.Measure(&c.h)
	require.NoError(t, err)
	assert.Equal(t, [2]int{1, 1}, [2]int{m.NonMonotonic, m.MissedOwnWrite})
}

// A cache that holds nothing is never wrong; one that holds what has been replaced is, from so long after on.
func TestPeeks(t *testing.T) {
	var c copies
	c.call(0, "write", model.Copy{Version: 1})
	c.call(1, "peek", model.Copy{Missing: true})
	c.call(1, "peek", model.Copy{Version: 0})
	m, err := freshness.MeasureCopies(&c.h)
	require.NoError(t, err)
	assert.Equal(t, [3]int{2, 1, 1}, [3]int{m.Reads, m.Missing, m.Stale})
	assert.Equal(t, 3*time.Millisecond, m.Age)
	assert.Equal(t, [2]int{1, 0}, [2]int{m.Late(3 * time.Millisecond), m.Late(4 * time.Millisecond)})
	assert.InDelta(t, 0.301, m.Nines(time.Millisecond), 0.001)
	assert.InDelta(t, 0.477, m.Nines(time.Second), 0.001)
	late := freshness.New(freshness.Promise{Within: 3 * time.Millisecond, Peeks: true})
	assert.Equal(t, checker.Invalid, late.Check(t.Context(), &c.h).Verdict)
}

func TestForeignAndAged(t *testing.T) {
	var c copies
	c.op(1, history.Invoke, model.CacheOp{F: "read", Key: "k", As: "ann"}, nil)
	c.end(1, model.Copy{For: "bob"})
	c.op(1, history.Invoke, model.CacheOp{F: "read", Key: "k", As: "ann"}, nil)
	c.end(1, model.Copy{For: "ann"})
	c.call(1, "read", model.Copy{Made: time.Millisecond, MaxAge: 3 * time.Millisecond})
	assert.Equal(t, "process 1 read as ann on k, and was answered what is bob's", freshness.CrossUser().Check(t.Context(), &c.h).Counterexample.Reason)
	assert.Equal(t, "1 of 3 reads is older than allowed", freshness.MaxAgeExceeded().Check(t.Context(), &c.h).Reason)
	n, err := freshness.CountCrossUser(&c.h)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

func TestMeasureLoads(t *testing.T) {
	var c copies
	ms := time.Millisecond
	c.call(0, "loads", model.Copy{LoadedAt: []time.Duration{ms}})
	c.call(0, "loads", model.Copy{LoadedAt: []time.Duration{50 * ms, 10 * ms, 52 * ms, 59 * ms, 60 * ms}})
	m, err := freshness.MeasureLoads(&c.h, 10*ms)
	require.NoError(t, err)
	assert.Equal(t, freshness.Loads{Loads: 5, MaxOfOne: 3, Key: "k", At: 50 * ms, MaxExpired: 3}, m)
	assert.Equal(t, checker.Valid, freshness.Coalesced(freshness.LoadLimit{Window: 10 * ms, OfOne: 3}).Check(t.Context(), &c.h).Verdict)
	assert.Equal(t, "k was loaded 3 times within 10ms from 50ms on, and 2 were allowed", freshness.Coalesced(freshness.LoadLimit{Window: 10 * ms, OfOne: 2}).Check(t.Context(), &c.h).Counterexample.Reason)
}

// What is not a history of a cache is reported, with the place.
func TestCacheGarbage(t *testing.T) {
	h := history.Of(history.Op{Type: history.Invoke, Node: "n1", Input: 7})
	for _, c := range []checker.Checker{freshness.New(freshness.Promise{}), freshness.Sessions(), freshness.CrossUser(), freshness.MaxAgeExceeded()} {
		r := c.Check(t.Context(), h)
		assert.Equal(t, checker.Unknown, r.Verdict)
		assert.Contains(t, r.Reason, "process 0 at n1 (op 0) asked for a int where a CacheOp was due")
	}
	_, err := freshness.Measure(h)
	assert.ErrorContains(t, err, "freshness: process 0 at n1")
}

// Random histories are judged as by the definition, written down as it is.
func TestFreshAgreesWithItsDefinition(t *testing.T) {
	stale := 0
	for seed := range uint64(3000) {
		h := randomCopies(rand.New(rand.NewPCG(seed, 1)))
		m, err := freshness.Measure(h)
		require.NoError(t, err)
		want := defined(h)
		got := fmt.Sprint(m.Reads, m.Stale, m.Age, m.AgeAfterLastWrite, m.NonMonotonic, m.MissedOwnWrite)
		require.Equal(t, want, got, "seed %d\n%v", seed, h)
		within := time.Duration(seed % 5)
		r := freshness.New(freshness.Promise{Within: within}).Check(t.Context(), h)
		require.Equal(t, m.Stale > 0 && m.Age >= within, r.Verdict == checker.Invalid)
		if r.Counterexample != nil { // the calls break the promise on their own
			var ops []history.Op
			for op := range h.Ops() {
				for _, c := range r.Counterexample.Calls {
					if op.Index == c.Invoke.Index || op.Index == c.Complete.Index {
						ops = append(ops, op)
					}
				}
			}
			require.Equal(t, checker.Invalid, freshness.New(freshness.Promise{Within: within}).Check(t.Context(), history.Of(ops...)).Verdict)
		}
		stale += m.Stale
	}
	require.Greater(t, stale, 500)
}

func randomCopies(r *rand.Rand) *history.History {
	h := &history.History{}
	open := map[int]model.CacheOp{}
	for range 4 + r.IntN(24) {
		p := r.IntN(4)
		op := history.Op{Time: time.Duration(h.Len()), Process: p}
		if in, busy := open[p]; busy {
			delete(open, p)
			op.Type = []history.Type{history.OK, history.OK, history.OK, history.Fail, history.Info}[r.IntN(5)]
			if op.Type == history.OK {
				op.Output = model.Copy{Version: r.IntN(5), Loads: r.IntN(2)}
			}
			op.Key = in.Key
		} else {
			in := model.CacheOp{F: []string{"read", "read", "write"}[r.IntN(3)], Key: []string{"a", "b"}[r.IntN(2)]}
			open[p] = in
			op.Type, op.Key, op.Input = history.Invoke, in.Key, in
		}
		h.Add(op)
	}
	return h
}

// defined is the definition of Freshness, in quadratic time.
func defined(h *history.History) string {
	var reads, stale, back, own int
	var age, quiet time.Duration
	for r := range h.Calls() {
		in := r.Invoke.Input.(model.CacheOp)
		if in.F != "read" || r.Complete.Type != history.OK {
			continue
		}
		reads++
		got := r.Complete.Output.(model.Copy).Version
		since := time.Duration(-1)
		silent, back1, own1 := true, false, false
		for w := range h.Calls() {
			other := w.Invoke.Input.(model.CacheOp)
			if other.Key != in.Key || w.Invoke.Index == r.Invoke.Index {
				continue
			}
			if other.F == "write" && (w.Open() || w.Complete.Index > r.Invoke.Index) {
				silent = false
			}
			if w.Complete.Type != history.OK || w.Complete.Index > r.Invoke.Index || w.Complete.Output.(model.Copy).Version <= got {
				continue
			}
			if other.F == "write" && (since < 0 || w.Complete.Time < since) {
				since = w.Complete.Time
			}
			if w.Invoke.Process == r.Invoke.Process {
				back1 = back1 || other.F == "read"
				own1 = own1 || other.F == "write"
			}
		}
		if since >= 0 {
			stale++
			age = max(age, r.Invoke.Time-since)
			if silent {
				quiet = max(quiet, r.Invoke.Time-since)
			}
		}
		if back1 {
			back++
		}
		if own1 {
			own++
		}
	}
	return fmt.Sprint(reads, stale, age, quiet, back, own)
}

// BenchmarkFresh judges a million calls of fifty processes.
func BenchmarkFresh(b *testing.B) {
	const calls, processes = 1_000_000, 50
	for _, keys := range []int{1, 1000} {
		b.Run(fmt.Sprintf("n=%d/keys=%d", calls, keys), func(b *testing.B) {
			h := manyCopies(rand.New(rand.NewPCG(1, 1)), calls, processes, keys)
			c := freshness.New(freshness.Promise{})
			b.ReportAllocs()
			for b.Loop() {
				require.Equal(b, checker.Invalid, c.Check(b.Context(), h).Verdict)
			}
		})
	}
}

// manyCopies has one call in ten write, and one read in a hundred see the version before.
func manyCopies(r *rand.Rand, calls, processes, keys int) *history.History {
	h := &history.History{}
	h.Grow(2 * calls)
	versions := make([]int, keys)
	begun := make([]*model.CacheOp, processes)
	for range 2 * calls {
		p := r.IntN(processes)
		op := history.Op{Time: time.Duration(h.Len()) * time.Millisecond, Process: p}
		if in := begun[p]; in != nil {
			begun[p] = nil
			var key int
			_, _ = fmt.Sscanf(in.Key, "k%d", &key)
			if in.F == "write" {
				versions[key]++
			}
			out := model.Copy{Version: versions[key]}
			if in.F == "read" && r.IntN(100) == 0 {
				out.Version = max(0, out.Version-1)
			}
			op.Type, op.Key, op.Output = history.OK, in.Key, out
		} else {
			in := model.CacheOp{F: "read", Key: fmt.Sprintf("k%d", r.IntN(keys))}
			if r.IntN(10) == 0 {
				in.F = "write"
			}
			begun[p] = &in
			op.Type, op.Key, op.Input = history.Invoke, in.Key, in
		}
		h.Add(op)
	}
	return h
}
