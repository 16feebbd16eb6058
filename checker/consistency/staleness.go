package consistency

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// Staleness says by how much the reads of a history miss linearizability.
type Staleness struct {
	Reads       int // how many there are
	Stale       int // how many certainly saw a value that had been replaced before they began
	BeforeWrite int // how many returned before the write of what they saw was invoked

	// Age is the longest time after which a read saw a value that had certainly been replaced
	// (t-visibility: Bailis and others, Probabilistically Bounded Staleness, 2012). P50 and P99 are percentiles of it.
	Age, P50, P99 time.Duration

	// Behind counts reads by how many newer versions had certainly been written
	// before they began; the last element counts those with 15 and more.
	Behind    [16]int
	MaxBehind int // the most versions that a read was behind

	// Delta is the smallest time by which reads must be allowed to have begun earlier to
	// make the history linearizable (Golab, Li and Shah, Analyzing Consistency
	// Properties for Fun and Profit, 2011). It is -1 if there is none, as where Early is not 0, or if a history has swaps.
	Delta time.Duration

	// A read sees one of the K last versions in some order of the writes, for a smallest K between
	// KLow and KHigh; KHigh is 0 if there is none. Up to 2 it is exact.
	KLow, KHigh int
}

// MeasureStaleness measures how stale the reads of a history of registers are, whose written values must be
// unique. What it counts is certain: a version counts as newer than another one if its write was invoked
// after that had been written, or read. Times are those of the ops.
//
// It takes O(n log n), and for K O(n c) on keys that are not linearizable, for c concurrent writes.
func MeasureStaleness[S comparable, In, Out any](m model.Model[S, In, Out], h *history.History) (Staleness, error) {
	l, no := sessionHistoryOf(view.Erase(m).Of(h), "staleness")
	if no != nil {
		return Staleness{}, fmt.Errorf("staleness: %s", no.Reason)
	}
	return stalenessOf(l), nil
}

// StalenessReport returns a checker whose reason says how stale the reads of a history are; see [MeasureStaleness]. Only a
// thin-air read is Invalid.
func StalenessReport[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return stalenessReport(view.Erase(m))
}

// stalenessReport is StalenessReport for a model without types.
func stalenessReport(m view.Model) checker.Checker {
	return wording.Named("staleness", checker.Func(func(_ context.Context, h *history.History) (res checker.Result) {
		defer recovered(&res, "staleness", m.Name)
		s := m.Of(h)
		l, no := sessionHistoryOf(s, "staleness")
		if no != nil {
			return *no
		}
		if res, bad := thinAirResult(s, "staleness", l); bad {
			return res
		}
		return checker.Result{Checker: "staleness", Reason: stalenessOf(l).String()}
	}))
}

// String says it in one sentence.
func (s Staleness) String() string {
	const enough = 100 // reads, so that the 99th percentile means something
	text := words.AreOf(s.Stale, s.Reads, "read") + " stale"
	if s.Stale > 0 {
		text += fmt.Sprintf(", by %s at most", words.Duration(s.Age))
		if s.Reads >= enough {
			text += fmt.Sprintf(" (1 %% by %s or more)", words.Duration(s.P99))
		}
		text += fmt.Sprintf(", and behind by %s at most", words.Plural(s.MaxBehind, "version"))
	}
	if s.BeforeWrite > 0 {
		text += fmt.Sprintf("; %d saw what was only written later", s.BeforeWrite)
	}
	switch {
	case s.KHigh == 0:
		text += "; no k is large enough for k-atomicity"
	case s.KLow == s.KHigh:
		text += fmt.Sprintf("; %d-atomic", s.KLow)
	default:
		text += fmt.Sprintf("; k-atomic for some k from %d to %d", s.KLow, s.KHigh)
	}
	if s.Delta >= 0 {
		text += fmt.Sprintf("; Δ = %s", words.Duration(s.Delta))
	}
	return text
}

// A keyHistory is the calls on one key, as measures of staleness need them. Its first write is that of the initial value.
type keyHistory struct {
	l          *sessionHistory
	calls      []int32
	writes     []keyWrite
	number     map[int32]int32 // by version: its write
	reads      []keyRead       // in the order of their invocations
	swaps      bool
	earlyReads int
}

// A keyWrite is a write. It took effect after call and before end, at which it returned or a read of it did.
type keyWrite struct {
	call, end int
	last      int // the last invocation of a read of it, or call
	op        int32
}

// A keyRead is a read of a keyWrite.
type keyRead struct {
	call, ret int
	write     int32
}

// byKey splits the history by key.
func (l *sessionHistory) byKey() []*keyHistory {
	all := make([]*keyHistory, len(l.keys))
	for k := range all {
		all[k] = &keyHistory{l: l, number: map[int32]int32{}, writes: []keyWrite{{-1, -1, -1, model.None}}}
	}
	for v := range l.versions {
		if x := &l.versions[v]; x.initial {
			all[x.key].number[int32(v)] = 0
		}
	}
	for i := range l.calls {
		t := &l.calls[i]
		b := all[t.key]
		b.calls = append(b.calls, int32(i))
		if t.put != model.None {
			b.number[t.put] = int32(len(b.writes))
			b.writes = append(b.writes, keyWrite{t.Call, t.Ret, t.Call, int32(i)})
			b.swaps = b.swaps || t.saw != model.None
		}
	}
	for _, b := range all {
		for _, i := range b.calls {
			t := &l.calls[i]
			if !t.observes() {
				continue
			}
			n, ok := b.number[t.saw]
			if !ok {
				continue // a thin-air read
			}
			w := &b.writes[n]
			b.earlyReads += view.BoolInt(t.Ret < w.call)
			w.end, w.last = min(w.end, t.Ret), max(w.last, t.Call)
			b.reads = append(b.reads, keyRead{t.Call, t.Ret, n})
		}
	}
	return all
}

func (l *sessionHistory) at(op int) time.Duration {
	if op < 0 {
		return -1 << 62
	}
	return l.h.At(op).Time
}

// stalenessOf measures all keys, and sums up.
func stalenessOf(l *sessionHistory) Staleness {
	s := Staleness{KLow: 1, KHigh: 1}
	var ages []time.Duration
	for _, b := range l.byKey() {
		ages = b.ages(ages)
		b.behind(&s)
		s.BeforeWrite += b.earlyReads
		b.delta(&s)
		b.kAtomicity(&s)
	}
	s.Reads = 0
	for _, n := range s.Behind {
		s.Reads += n
	}
	slices.Sort(ages)
	if n := len(ages); n > 0 {
		stale, _ := slices.BinarySearch(ages, 0)
		s.Stale = n - stale
		s.Age, s.P50, s.P99 = max(0, ages[n-1]), max(0, ages[n/2]), max(0, ages[min(n-1, n*99/100)])
	}
	return s
}

// ages appends how long each read's value had certainly been replaced when the read began; -1 if it was not.
func (b *keyHistory) ages(ages []time.Duration) []time.Duration {
	order := slices.Clone(b.writes)
	slices.SortFunc(order, func(a, b keyWrite) int { return cmp.Compare(a.call, b.call) })
	first := make([]int, len(order)+1) // the first end of those from here on
	first[len(order)] = model.Never
	for i := len(order) - 1; i >= 0; i-- {
		first[i] = min(first[i+1], order[i].end)
	}
	for _, r := range b.reads {
		from := sort.Search(len(order), func(i int) bool { return order[i].call > b.writes[r.write].end })
		if end := first[from]; end < r.call {
			ages = append(ages, b.l.at(r.call)-b.l.at(end))
		} else {
			ages = append(ages, -1)
		}
	}
	return ages
}

// behind counts, for each read, the writes that began after the one it saw had ended, and
// ended before it began, in O(n log n): Fenwick, A New Data Structure for Cumulative
// Frequency Tables (1994).
func (b *keyHistory) behind(s *Staleness) {
	calls := make([]int, len(b.writes))
	for i, w := range b.writes {
		calls[i] = w.call
	}
	slices.Sort(calls)
	tree := make([]int32, len(calls)+1)
	ended := slices.Clone(b.writes)
	slices.SortFunc(ended, func(a, b keyWrite) int { return cmp.Compare(a.end, b.end) })
	done := 0
	for _, r := range b.reads {
		for ; done < len(ended) && ended[done].end < r.call; done++ {
			at, _ := slices.BinarySearch(calls, ended[done].call)
			for i := len(calls) - at; i <= len(calls); i += i & -i {
				tree[i]++
			}
		}
		from, found := slices.BinarySearch(calls, b.writes[r.write].end)
		if found {
			from++
		}
		n := 0
		for i := len(calls) - from; i > 0; i -= i & -i {
			n += int(tree[i])
		}
		s.Behind[min(n, len(s.Behind)-1)]++
		s.MaxBehind = max(s.MaxBehind, n)
	}
}
