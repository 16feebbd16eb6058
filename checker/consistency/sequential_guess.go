package consistency

import (
	"cmp"
	"slices"

	"github.com/capsize-go/capsize/model"
)

// replays reports whether the writes in the order in which they were done explain all reads, each
// as early as its session allows. Systems that replicate one log keep to that order, however far
// their replicas lag behind. An indeterminate write was done when its client gave it up, or, if that
// does not do, when it was first told of. Those are guesses: if they fail, another order may do. It
// takes O(n log n).
func (l *logbook) replays() bool {
	return newReplay(l, l.done(true)).explains() || newReplay(l, l.done(false)).explains()
}

func (r *replay) explains() bool {
	for s := range r.l.sessions {
		if !r.follow(int32(s)) {
			return false
		}
	}
	return true
}

// A replay is an order of all writes. Ranks count from 1; what a key began with has 0.
type replay struct {
	l     *logbook
	rank  []int32 // by version
	until []int32 // by version: the rank of the one that replaced it
	at    []int32 // by turn: how many writes it comes after, its own included
}

func newReplay(l *logbook, order []int32) *replay {
	n := len(l.versions)
	r := &replay{l: l, rank: make([]int32, n), until: make([]int32, n), at: make([]int32, len(l.turns))}
	for i := range r.until {
		r.until[i] = int32(n) + 1
	}
	last := make([]int32, len(l.keys)) // the version that each key has
	for i := range l.versions {
		if v := &l.versions[i]; v.first {
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

// done returns the versions in the order in which their writes were done, given up if that
// counts, or first told of.
func (l *logbook) done(givenUp bool) []int32 {
	when := make([]int, len(l.versions))
	var all []int32
	for v := range l.versions {
		if w := l.versions[v].writer; w != model.None {
			all = append(all, int32(v))
			when[v] = l.turns[w].Ret
			if end := l.turns[w].End; givenUp && end >= 0 {
				when[v] = end
			}
		}
	}
	for i := range l.turns {
		if t := &l.turns[i]; t.saw != model.None {
			when[t.saw] = min(when[t.saw], t.Ret)
		}
	}
	slices.SortStableFunc(all, func(a, b int32) int { return cmp.Compare(when[a], when[b]) })
	return all
}

// follow places the turns of a session, and reports whether all have a place.
func (r *replay) follow(s int32) bool {
	at := int32(0)
	if up := r.l.sessions[s].parent; up != model.None {
		at = r.at[up]
	}
	for _, i := range r.l.sessions[s].turns {
		t := &r.l.turns[i]
		switch {
		case t.put != model.None && (r.rank[t.put] <= at || t.saw != model.None && r.until[t.saw] != r.rank[t.put]):
			return false // it comes before its session's last turn, or not right after what it saw
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
