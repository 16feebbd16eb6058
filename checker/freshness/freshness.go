package freshness

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
)

// A Report says how stale the reads of a history were. A read is stale if it returned
// a version older than one whose write was acknowledged before the read began. Writes that were not acknowledged
// do not count: an indeterminate write makes no read stale, and excuses none.
type Report struct {
	Reads          int // that returned
	Missing        int // of peeks: found no copy, which is never wrong
	Stale          int
	Coalesced      int // of the stale: answered by a load that was in progress when the read began; see [model.Copy]
	AfterLastWrite int // of the reads: began after the last write of their key

	Age               time.Duration // the longest time by which a version had been replaced when a read of it began
	AgeAfterLastWrite time.Duration // the same, of reads after the last write: no later write repairs what they saw
	MaxBehind         int           // the most versions that a read was behind

	StaleAfterLastWrite int // of the stale: began after the last write of their key

	NonMonotonic   int // reads of a version older than one that the same process had read before
	MissedOwnWrite int // reads of a version older than one that the same process had written before

	ages []time.Duration // of the stale reads, sorted
}

// Measure measures the reads of a history of [model.CacheOp]. It takes O(n log n).
func Measure(h *history.History) (Report, error) { return measureFreshness(h, "read") }

// MeasureCopies measures the peeks of a history of [model.CacheOp] as [Measure] does the reads. This is how Meta
// watches its caches by Polaris (Lu Pan, Cache made consistent, 2022): after an invalidation, it inspects all replicas.
// A client's read says less, since one of them serves it.
func MeasureCopies(h *history.History) (Report, error) { return measureFreshness(h, "peek") }

// measureFreshness measures the calls whose function is f.
func measureFreshness(h *history.History, f string) (Report, error) {
	calls, err := cacheCalls(h, f)
	if err != nil {
		return Report{}, fmt.Errorf("freshness: %w", err)
	}
	var m Report
	observeAll(calls, m.add)
	slices.Sort(m.ages)
	return m, nil
}

// Late returns how many reads saw a version that had been replaced for at least d: those that would break the promise
// that copies are right within d.
func (m Report) Late(d time.Duration) int {
	return len(m.ages) - sort.Search(len(m.ages), func(i int) bool { return m.ages[i] >= d })
}

// Nines returns how many nines of the reads keep the promise that copies are right within d.
func (m Report) Nines(d time.Duration) float64 { return Nines(m.Late(d), m.Reads) }

// Nines returns a rate of success in nines: 3 if one of a thousand is wrong. If none is wrong, it
// counts one more that is, which may be too few nines and never too many.
func Nines(wrong, of int) float64 {
	if wrong == 0 {
		wrong, of = 1, of+1
	}
	return -math.Log10(float64(wrong) / float64(of))
}

// String returns the report in one sentence.
func (m Report) String() string {
	text := words.AreOf(m.Stale, m.Reads, "read") + " stale"
	if m.Stale > 0 {
		text += fmt.Sprintf(", by %s and %s at most", words.Duration(m.Age), words.Plural(m.MaxBehind, "version"))
	}
	if m.AgeAfterLastWrite > 0 {
		text += fmt.Sprintf(", by %s after the last write", words.Duration(m.AgeAfterLastWrite))
	}
	var more []string
	for _, x := range []struct {
		n    int
		what string
	}{{m.Coalesced, "joined a load that was under way"}, {m.NonMonotonic, "went back in time"}, {m.MissedOwnWrite, "missed a write of their own"}} {
		if x.n > 0 {
			more = append(more, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}

// A Promise is the freshness that [New] demands; the zero Promise says that reads are fresh once a write is acknowledged.
type Promise struct {
	Within time.Duration // copies may be stale for less than this after a write was acknowledged
	Peeks  bool          // it is about each cache, so peeks are judged in place of reads
}

// New returns the checker of a promise about copies: no read that begins at least p.Within after a write was acknowledged
// returns an older version. It takes histories of [model.CacheOp], and O(n log n).
//
// With Within at 0 it is weaker than linearizability, where no read goes back in time even while a write is
// pending, and it needs no search, since versions are numbered. With Peeks it is the rule of Polaris; see [MeasureCopies].
func New(p Promise) checker.Checker {
	name := "fresh"
	f := "read"
	if p.Peeks {
		name, f = "fresh-copies", "peek"
	}
	if p.Within > 0 {
		name += "-within-" + p.Within.String()
	}
	return wording.Named("fresh", checker.Func(func(_ context.Context, h *history.History) checker.Result {
		calls, err := cacheCalls(h, f)
		if err != nil {
			return checker.Result{Checker: name, Verdict: checker.Unknown, Reason: err.Error()}
		}
		var m Report
		var first *observation
		observeAll(calls, func(g observation) {
			m.add(g)
			if g.replaced != nil && g.age() >= p.Within && first == nil {
				first = g.copied()
			}
		})
		res := checker.Result{Checker: name, Reason: m.String()}
		if first != nil {
			res.Verdict, res.Counterexample = checker.Invalid, first.why(h, calls)
		}
		return res
	}))
}

// Sessions returns the checker of session guarantees for copies: no read
// returns an older version than its process read before, or wrote before (Terry and others, Session Guarantees for Weakly Consistent
// Replicated Data, 1994). It takes histories of [model.CacheOp], and O(n log n).
func Sessions() checker.Checker {
	return sessionRule("cache-sessions", func(g observation) bool { return g.newerWritten != nil || g.newerRead != nil })
}

// OwnWrites returns the checker of read-your-writes, one half of [Sessions].
func OwnWrites() checker.Checker {
	return sessionRule("own-writes", func(g observation) bool { return g.newerWritten != nil })
}

// sessionRule returns a checker that finds reads which break a rule about their process.
func sessionRule(name string, broken func(g observation) bool) checker.Checker {
	return wording.Named(name, checker.Func(func(_ context.Context, h *history.History) checker.Result {
		calls, err := cacheCalls(h, "read")
		if err != nil {
			return checker.Result{Checker: name, Verdict: checker.Unknown, Reason: err.Error()}
		}
		n, of := 0, 0
		var first *observation
		observeAll(calls, func(g observation) {
			of++
			if broken(g) {
				if n++; first == nil {
					first = g.copied()
				}
			}
		})
		res := checker.Result{Checker: name, Reason: words.AreOf(n, of, "read") + " older than what the process knew"}
		if first != nil {
			res.Verdict, res.Counterexample = checker.Invalid, first.sessionWhy(h)
		}
		return res
	}))
}

// add counts one read.
func (m *Report) add(g observation) {
	if g.read.missing {
		m.Missing++
	}
	m.Reads++
	if g.afterLastWrite {
		m.AfterLastWrite++
	}
	if g.newerRead != nil {
		m.NonMonotonic++
	}
	if g.newerWritten != nil {
		m.MissedOwnWrite++
	}
	if g.replaced == nil {
		return
	}
	m.Stale++
	if g.read.coalesced {
		m.Coalesced++
	}
	m.ages = append(m.ages, g.age())
	m.Age = max(m.Age, g.age())
	m.MaxBehind = max(m.MaxBehind, g.newest.version-g.read.version)
	if g.afterLastWrite {
		m.StaleAfterLastWrite++
		m.AgeAfterLastWrite = max(m.AgeAfterLastWrite, g.age())
	}
}
