package consistency

import (
	"cmp"
	"slices"

	"github.com/capsize-go/capsize/model"
)

// explainedByWriteOrder reports whether the order in which writes were done explains all reads, each
// as early as its session allows. Systems that replicate one log have that order, however far
// their replicas lag behind. An indeterminate write counts as done when its client gave it up, or, in a second
// try, when it was first read. Both are guesses: if they fail, another order may explain the reads. It
// takes O(n log n).
func explainedByWriteOrder(l *sessionHistory) bool {
	return newReplay(l, writeOrder(l, true)).explains() || newReplay(l, writeOrder(l, false)).explains()
}

func (r *replay) explains() bool {
	for s := range r.l.sessions {
		if !r.follow(int32(s)) {
			return false
		}
	}
	return true
}

// A replay is an order of all writes. Ranks count from 1; initial values have 0.
type replay struct {
	l     *sessionHistory
	rank  []int32 // by version
	until []int32 // by version: the rank of the one that replaced it
	at    []int32 // by call: the rank of the last write before it, or of its own
}

// newReplay ranks the writes of an order, and finds when each version was replaced.
func newReplay(l *sessionHistory, order []int32) *replay {
	n := len(l.versions)
	r := &replay{l: l, rank: make([]int32, n), until: make([]int32, n), at: make([]int32, len(l.calls))}
	for i := range r.until {
		r.until[i] = int32(n) + 1
	}
	last := make([]int32, len(l.keys)) // by key: its version so far
	for i := range l.versions {
		if v := &l.versions[i]; v.initial {
			last[v.key] = int32(i)
		}
	}
	for n, v := range order {
		r.rank[v] = int32(n) + 1
		k := l.versions[v].key
		r.until[last[k]] = int32(n) + 1
		last[k] = v
	}
	return r
}

// writeOrder returns the versions in the order in which their writes returned, or were given up if
// givenUp is set, or were first read.
func writeOrder(l *sessionHistory, givenUp bool) []int32 {
	when := make([]int, len(l.versions))
	var all []int32
	for v := range l.versions {
		if w := l.versions[v].writer; w != model.None {
			all = append(all, int32(v))
			when[v] = l.calls[w].Ret
			if end := l.calls[w].End; givenUp && end >= 0 {
				when[v] = end
			}
		}
	}
	for i := range l.calls {
		if t := &l.calls[i]; t.saw != model.None {
			when[t.saw] = min(when[t.saw], t.Ret)
		}
	}
	slices.SortStableFunc(all, func(a, b int32) int { return cmp.Compare(when[a], when[b]) })
	return all
}

// follow places the calls of a session in the order, and reports whether that is possible.
func (r *replay) follow(s int32) bool {
	at := int32(0)
	if up := r.l.sessions[s].parent; up != model.None {
		at = r.at[up]
	}
	for _, i := range r.l.sessions[s].calls {
		t := &r.l.calls[i]
		switch {
		case t.put != model.None && (r.rank[t.put] <= at || t.saw != model.None && r.until[t.saw] != r.rank[t.put]):
			return false // it comes before its session's last call, or not right after what it saw
		case t.put != model.None:
			at = r.rank[t.put]
		case t.saw != model.None:
			if at = max(at, r.rank[t.saw]); at >= r.until[t.saw] {
				return false
			}
		}
		r.at[i] = at
	}
	return true
}
