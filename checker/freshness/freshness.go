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

// Report says how far what was read had fallen behind what had been acknowledged. A read is stale if it returned
// a version older than one whose write was acknowledged before the read began; nothing excuses that but a promise
// that is weaker. What is not acknowledged counts for nothing, so an indeterminate write excuses and accuses
// nobody.
type Report struct {
	Reads   int // that were answered
	Missing int // of peeks: found no copy, which is never wrong
	Stale   int
	Joined  int // of the stale: brought by a load that had been under way when the read began; see [model.Copy]
	Silent  int // of the reads: began after the last write of their key

	Age    time.Duration // the longest that what was read had been replaced when the read began
	Quiet  time.Duration // the same, of silent reads: nobody comes to correct what they saw
	Behind int           // the most versions that a read was behind

	SilentStale int // of the stale: silent

	Back int // reads of a version older than one that the same process had read before
	Own  int // reads of a version older than one that the same process had written before

	ages []time.Duration // of the stale reads, sorted
}

// Measure measures the reads of a history of [model.CacheOp]. It takes O(n log n).
func Measure(h *history.History) (Report, error) { return measureFreshness(h, "read") }

// MeasureCopies measures the peeks of a history of [model.CacheOp] as [Measure] does the reads. This is how Meta
// watches its caches by Polaris (Lu Pan, Cache made consistent, 2022): after an invalidation, all replicas are looked into.
// What a client reads tells less than that, since it is served by one of them.
func MeasureCopies(h *history.History) (Report, error) { return measureFreshness(h, "peek") }

func measureFreshness(h *history.History, f string) (Report, error) {
	calls, err := tracks(h, f)
	if err != nil {
		return Report{}, fmt.Errorf("freshness: %w", err)
	}
	var m Report
	walkFresh(calls, m.add)
	slices.Sort(m.ages)
	return m, nil
}

// Late returns how many reads saw what had been replaced for at least d: had the system promised that copies are
// right within d, they would have broken the promise.
func (m Report) Late(d time.Duration) int {
	return len(m.ages) - sort.Search(len(m.ages), func(i int) bool { return m.ages[i] >= d })
}

// Nines returns how many nines the promise deserves that copies are right within d.
func (m Report) Nines(d time.Duration) float64 { return Nines(m.Late(d), m.Reads) }

// Nines says how often something went well in nines: 3 if it went wrong once in a thousand times. What never went wrong has
// as many as if the next time would, which may be too few and never too many.
func Nines(wrong, of int) float64 {
	if wrong == 0 {
		wrong, of = 1, of+1
	}
	return -math.Log10(float64(wrong) / float64(of))
}

// String says it in one sentence.
func (m Report) String() string {
	text := words.AreOf(m.Stale, m.Reads, "read") + " stale"
	if m.Stale > 0 {
		text += fmt.Sprintf(", by %s and %s at most", words.Duration(m.Age), words.Plural(m.Behind, "version"))
	}
	if m.Quiet > 0 {
		text += fmt.Sprintf(", by %s after the last write", words.Duration(m.Quiet))
	}
	var more []string
	for _, x := range []struct {
		n    int
		what string
	}{{m.Joined, "joined a load that was under way"}, {m.Back, "went back in time"}, {m.Own, "missed a write of their own"}} {
		if x.n > 0 {
			more = append(more, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}

// A Promise is what Fresh holds a system to; the zero Promise is to be fresh once a write is acknowledged.
type Promise struct {
	Within time.Duration // copies may be stale for less than so long after a write was acknowledged
	Peeks  bool          // it is made of each cache, for peeks, and not of what is read
}

// New returns the checker of a promise about copies: no read that begins at least so long after a write was acknowledged
// returns an older version. It takes histories of [model.CacheOp], and O(n log n).
//
// With Within at 0 it asks less than linearizability, which lets no read go back in time even while a write is under
// way, and it needs no search, since versions are numbered. With Peeks it is the rule of Polaris; see [MeasureCopies].
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
		calls, err := tracks(h, f)
		if err != nil {
			return checker.Result{Checker: name, Verdict: checker.Unknown, Reason: err.Error()}
		}
		var m Report
		var first *sighting
		walkFresh(calls, func(g sighting) {
			m.add(g)
			if g.replaced != nil && g.age() >= p.Within && first == nil {
				first = g.kept()
			}
		})
		res := checker.Result{Checker: name, Reason: m.String()}
		if first != nil {
			res.Verdict, res.Why = checker.Invalid, first.why(h, calls)
		}
		return res
	}))
}

// Sessions returns the checker of what each process may expect of copies, whatever the others see: that no read
// returns an older version than it read before, or wrote before (Terry and others, Session Guarantees for Weakly Consistent
// Replicated Data, 1994). It takes histories of [model.CacheOp], and O(n log n).
func Sessions() checker.Checker {
	return sessionRule("cache-sessions", func(g sighting) bool { return g.own != nil || g.back != nil })
}

// OwnWrites returns the checker of the half of [Sessions] that is about what a process wrote itself.
func OwnWrites() checker.Checker {
	return sessionRule("own-writes", func(g sighting) bool { return g.own != nil })
}

func sessionRule(name string, broken func(g sighting) bool) checker.Checker {
	return wording.Named(name, checker.Func(func(_ context.Context, h *history.History) checker.Result {
		calls, err := tracks(h, "read")
		if err != nil {
			return checker.Result{Checker: name, Verdict: checker.Unknown, Reason: err.Error()}
		}
		n, of := 0, 0
		var first *sighting
		walkFresh(calls, func(g sighting) {
			of++
			if broken(g) {
				if n++; first == nil {
					first = g.kept()
				}
			}
		})
		res := checker.Result{Checker: name, Reason: words.AreOf(n, of, "read") + " older than what the process knew"}
		if first != nil {
			res.Verdict, res.Why = checker.Invalid, first.sessionWhy(h)
		}
		return res
	}))
}

func (m *Report) add(g sighting) {
	if g.read.missing {
		m.Missing++
	}
	m.Reads++
	if g.quiet {
		m.Silent++
	}
	if g.back != nil {
		m.Back++
	}
	if g.own != nil {
		m.Own++
	}
	if g.replaced == nil {
		return
	}
	m.Stale++
	if g.read.joined {
		m.Joined++
	}
	m.ages = append(m.ages, g.age())
	m.Age = max(m.Age, g.age())
	m.Behind = max(m.Behind, g.newest.version-g.read.version)
	if g.quiet {
		m.SilentStale++
		m.Quiet = max(m.Quiet, g.age())
	}
}
