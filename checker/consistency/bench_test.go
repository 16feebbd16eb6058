package consistency

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/cputime"
	"github.com/capsize-go/capsize/model"
)

// A laggard is a history to measure with: n calls of clients that each stick to one of
// five replicas, which follow one log of all writes, each with a lag of its own. A
// client that gave up a call goes on as another process, at another replica.
type laggard struct {
	n, clients, keys int
	unknown          int // percent of the writes whose outcome is
}

func (l laggard) String() string {
	return fmt.Sprintf("n=%d/c=%d/keys=%d/unknown=%d%%", l.n, l.clients, l.keys, l.unknown)
}

func (l laggard) history() *history.History {
	const replicas = 5
	r := rand.New(rand.NewPCG(uint64(l.n), uint64(l.clients)))
	var log [][2]int
	cells := make([][]int, replicas)
	for i := range cells {
		cells[i] = make([]int, l.keys)
	}
	var at [replicas]int
	follow := func(i, to int) {
		for ; at[i] < to; at[i]++ {
			cells[i][log[at[i]][0]] = log[at[i]][1]
		}
	}
	names := make([]string, l.keys)
	for i := range names {
		names[i] = fmt.Sprint("k", i)
	}
	process := make([]int, l.clients)
	pending := make([]model.RegisterOp, l.clients)
	for i := range process {
		process[i] = i
	}
	h := history.Of()
	now := func() time.Duration { return time.Duration(h.Len()) * time.Millisecond }
	for asked := 0; asked < l.n; {
		i := r.IntN(l.clients)
		at0 := process[i] % replicas
		if pending[i].F == "" {
			key := r.IntN(l.keys)
			pending[i] = model.RegisterOp{F: "read", Key: names[key]}
			if r.IntN(2) == 0 {
				pending[i] = model.RegisterOp{F: "write", Key: names[key], Value: asked + 1}
			}
			asked++
			h.Add(history.Op{Process: process[i], Time: now(), Type: history.Invoke, Input: pending[i]})
			continue
		}
		var key int
		fmt.Sscanf(pending[i].Key, "k%d", &key)
		end := history.Op{Process: process[i], Time: now(), Type: history.OK}
		if pending[i].F == "write" {
			log = append(log, [2]int{key, pending[i].Value})
			follow(at0, len(log))
			end.Output = 0
			if r.IntN(100) < l.unknown {
				end.Type, end.Output = history.Info, nil
				process[i] += l.clients
			}
		} else {
			follow(at0, max(at[at0], len(log)-r.IntN(40)))
			end.Output = cells[at0][key]
		}
		h.Add(end)
		pending[i].F = ""
	}
	return h
}

// unguessed is causal memory session by session, as it is decided for histories that the
// guess does not explain.
var unguessed = rule{name: "causal-memory-unguessed", find: func(m *budget.Meter, l *sessionHistory) (*violation, error) {
	if b := newCausalPast(l, false).violation(); b != nil {
		return b, nil
	}
	return findSerial(m, l, true)
}}

// BenchmarkWeak measures what is weaker than linearizability.
func BenchmarkWeak(b *testing.B) {
	m := model.Register()
	for _, l := range []laggard{
		{1e6, 50, 1, 0}, {1e6, 50, 1000, 0}, {1e6, 50, 1, 5}, {1e6, 50, 1000, 5},
		{1e4, 50, 100, 0}, {1e5, 50, 100, 0}, {1e6, 50, 100, 0},
	} {
		b.Run(l.String(), func(b *testing.B) {
			h := l.history()
			for _, c := range []checker.Checker{CausalConvergent(m), Causal(m), PRAM(m), MonotonicPerKey(m), ReadYourWrites(m),
				MonotonicReads(m), MonotonicWrites(m), WritesFollowReads(m), StalenessReport(m)} {
				b.Run(c.Check(b.Context(), history.Of()).Checker, func(b *testing.B) { measureWeak(b, h, c) })
			}
			b.Run("causal-memory", func(b *testing.B) { measureWeak(b, h, CausalMemory(m)) })
			if l.unknown == 0 { // else there are too many sessions
				b.Run("causal-memory-unguessed", func(b *testing.B) { measureWeak(b, h, ruleChecker(view.Erase(m), unguessed)) })
			}
			for _, c := range []checker.Checker{TwoAtomic(m), Lost(m), Convergent(m), Sequential(m)} { // these replicas keep none of it
				b.Run(c.Check(b.Context(), history.Of()).Checker, func(b *testing.B) { measureAny(b, h, c) })
			}
		})
	}
}

func measureWeak(b *testing.B, h *history.History, check checker.Checker) {
	if got := measureAny(b, h, check); got.Verdict != checker.Valid {
		b.Fatalf("%v: %s", got.Verdict, got.Reason)
	}
}

// measureAny measures a checker, whatever it finds.
func measureAny(b *testing.B, h *history.History, check checker.Checker) (got checker.Result) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := cputime.Used()
	for b.Loop() {
		got = check.Check(b.Context(), h)
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64((cputime.Used()-start).Milliseconds())/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/float64(h.Len()/2), "B/call")
	if got.Verdict == checker.Unknown {
		b.ReportMetric(1, "unanswered")
		b.Log(got.Reason)
	}
	return got
}
