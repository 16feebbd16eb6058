package consistency

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// within reports whether, on each key, some order of the calls keeps real time and
// lets every read see one of the last k versions.
func (t *oracle) within(k int) bool {
	if !t.justified() {
		return false
	}
	keys := map[string][]int{}
	for i, a := range t.happened {
		keys[a.key] = append(keys[a.key], i)
	}
	for _, set := range keys {
		if !t.lastOf(k, set, []int{0}, map[int]bool{}) {
			return false
		}
	}
	return true
}

func (t *oracle) lastOf(k int, set, versions []int, done map[int]bool) bool {
	if len(done) == len(set) {
		return true
	}
next:
	for _, i := range set {
		if done[i] {
			continue
		}
		a := t.happened[i]
		for _, j := range set {
			if !done[j] && t.happened[j].ret < a.call {
				continue next
			}
		}
		if a.observes {
			age := 0
			for n := len(versions) - 1; n >= 0 && versions[n] != a.saw; n-- {
				age++
			}
			if age >= min(k, len(versions)) {
				continue
			}
		}
		done[i] = true
		ok := t.lastOf(k, set, append(versions[:len(versions):len(versions)], t.newer(a)...), done)
		delete(done, i)
		if ok {
			return true
		}
	}
	return false
}

func (t *oracle) newer(a oracleCall) []int {
	if a.writes {
		return []int{a.put}
	}
	return nil
}

func staleFleet(r *rand.Rand) fleet {
	f := smallFleet(r)
	f.swaps = false
	f.roam = f.roam || r.IntN(2) == 0
	f.calls += 2
	return f
}

func TestKAtomicityAgreesWithItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	counts := map[int]int{}
	for range sweepHistories(4000) {
		h := staleFleet(r).history(r)
		tr := newOracle(h)
		k := 1
		for ; k <= 16 && !tr.some(func(t *oracle) bool { return t.within(k) }); k++ {
		}
		got := TwoAtomic(model.Register()).Check(t.Context(), h)
		require.Equal(t, k <= 2, got.Verdict == checker.Valid, "k = %d: %s\n%v", k, got.Reason, h)
		if k > 2 {
			smallest(t, TwoAtomic(model.Register()), got, h, false)
		}
		counts[k]++
		if !tr.some((*oracle).justified) {
			continue
		}
		s, err := MeasureStaleness(model.Register(), h)
		require.NoError(t, err)
		if k > 16 {
			require.Zero(t, s.KHigh, "%v", h)
			continue
		}
		require.True(t, s.KLow <= k && k <= s.KHigh && (k > 2 || s.KHigh == k), "k = %d: %v\n%v", k, s, h)
	}
	t.Logf("smallest k: %v", counts)
	require.Greater(t, counts[2], 10)
	require.Greater(t, counts[3], 10)
}

// timedOps gives the ops of a history random times.
func timedOps(r *rand.Rand, h *history.History) *history.History {
	g := history.Of()
	var at time.Duration
	for o := range h.Ops() {
		at += time.Duration(r.IntN(4))
		o.Time = at
		g.Add(o)
	}
	return g
}

func TestDeltaAgreesWithItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	found := 0
	for range sweepHistories(3000) {
		h := timedOps(r, staleFleet(r).history(r))
		s, err := MeasureStaleness(model.Register(), h)
		require.NoError(t, err)
		tr := newOracle(h)
		if !tr.some((*oracle).justified) {
			continue
		}
		if s.BeforeWrite > 0 { // by the order of ops; times may be equal
			require.EqualValues(t, -1, s.Delta)
			continue
		}
		want := time.Duration(-1)
		for d := time.Duration(0); d <= h.End(); d++ {
			if tr.some(func(t *oracle) bool { return t.atomicBy(h, d) }) {
				want = d
				break
			}
		}
		require.Equal(t, want, s.Delta, "%v", h)
		found += view.BoolInt(want > 0)
	}
	require.Greater(t, found, 100)
}

// atomicBy reports whether the calls are linearizable by their times, if reads may have begun by d earlier.
func (t *oracle) atomicBy(h *history.History, d time.Duration) bool {
	keys := map[string][]int{}
	for i, a := range t.happened {
		keys[a.key] = append(keys[a.key], i)
	}
	end := func(i int) time.Duration {
		if t.happened[i].ret == math.MaxInt {
			return math.MaxInt64
		}
		return h.At(t.happened[i].ret).Time
	}
	begin := func(i int) time.Duration {
		at := h.At(t.happened[i].call).Time
		if t.happened[i].observes {
			at -= d
		}
		return at
	}
	for _, set := range keys {
		if !t.explained(set, func(a, b int) bool { return end(b) < begin(a) }, func(int) bool { return true }) {
			return false
		}
	}
	return true
}

// TestStalenessAgreesWithItsDefinition counts, for each read, what it should have seen instead.
func TestStalenessAgreesWithItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	stale := 0
	for range sweepHistories(3000) {
		f := staleFleet(r)
		f.lossy = false
		h := timedOps(r, f.history(r))
		l, _ := sessionHistoryOf(view.Erase(model.Register()).Of(h), "")
		if l.thinAirRead() != model.None {
			continue
		}
		s, tr := stalenessOf(l), newOracle(h)
		tr.happened = tr.all
		most, age, reads := 0, time.Duration(0), 0
		for _, a := range tr.happened {
			if !a.observes {
				continue
			}
			reads++
			n := 0
			for _, b := range tr.happened {
				if end := tr.firstEnd(b.put, b.key); b.writes && b.key == a.key && end < a.call && b.call > tr.firstEnd(a.saw, a.key) {
					n++
					age = max(age, h.At(a.call).Time-h.At(end).Time)
				}
			}
			most = max(most, n)
		}
		require.Equal(t, most, s.MaxBehind, "%v", h)
		require.Equal(t, age, s.Age, "%v", h)
		require.Equal(t, reads, s.Reads)
		stale += s.Stale
	}
	require.Greater(t, stale, 100)
}

// firstEnd returns by when a version was certainly there.
func (t *oracle) firstEnd(v int, key string) int {
	if v == 0 {
		return -1
	}
	end := math.MaxInt
	for _, a := range t.happened {
		if a.key == key && (a.writes && a.put == v || a.observes && a.saw == v) {
			end = min(end, a.ret)
		}
	}
	return end
}

func TestStalenessInWords(t *testing.T) {
	h := script(write(1, "x", 5), write(1, "x", 6), write(1, "x", 7), read(2, "x", 5), read(2, "x", 7))
	r := StalenessReport(model.Register()).Check(t.Context(), h)
	assert.Equal(t, checker.Valid, r.Verdict)
	assert.Equal(t, "1 of 2 reads is stale, by 30ms at most, and behind by 2 versions at most; 3-atomic; Δ = 30ms", r.Reason)
	r = TwoAtomic(model.Register()).Check(t.Context(), h)
	assert.Equal(t, "process 2 read 5 from x, which is not one of the two last values in any order of the writes", r.Reason)
	assert.Len(t, r.Counterexample.Calls, 4)
}
