package txn

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
)

// listJudge decides the models of a history of lists.
type listJudge struct{ *lists }

// judge decides the models. Those of cycles come first, since what they imply needs no search.
func (l listJudge) judge(j *judging) {
	g := listGraph{l.lists}
	edges, n := g.edges()
	d := newDeps(l.h, func(t int32) bool { return l.committed[t] }, n, edges, g.explain)
	edges = nil
	for k := range int32(len(l.order)) {
		if u := l.unreadOf(k); len(u) > 1 {
			d.unread = append(d.unread, u)
		}
	}
	j.judgeGraph(d)
	if j.open(MonotonicAtomicView) || j.open(UpdateAtomic) || j.open(ReadAtomic) || j.open(CausalCerone) || j.open(Causal) {
		var found tally
		listSights{l.lists}.findPartial(&found)
		found.addTo(j)
	}
	if j.open(ReadYourWrites) || j.open(MonotonicReads) {
		var found tally
		listSights{l.lists}.findSessions(&found)
		found.addTo(j)
	}
	within := func(int32) bool { return true }
	if at := position[ReadCommitted]; j.verdict[at] == checker.Valid && j.decided[at] { // what follows are cycles of dependencies then
		c := d.components(walkOf(ruleAny, SO))
		within = func(t int32) bool { return c.Within(t, t) }
	}
	l.judgeChains(j, within)
	if j.open(PerKeyStrictSerializable) {
		l.judgeKeys(j)
	}
	for i, s := range table { // what is broken by nothing that it forbids, and implies only what is kept, is kept
		if j.decided[i] || s.rule != ruleNone && !s.more {
			continue
		}
		kept := true
		for _, d := range s.direct {
			at := position[d]
			kept = kept && j.decided[at] && j.verdict[at] == checker.Valid
		}
		if kept {
			j.kept(s.model)
		}
	}
}

// judgeChains decides the models that chains of reads and sessions break. Where the wider of two chains is not there, the other is not
// either.
func (l listJudge) judgeChains(j *judging, within func(int32) bool) {
	look := func(m Model, c chain) bool {
		if !j.open(m) {
			return true
		}
		a, found := l.findChain(c, within)
		if found {
			j.add(a)
		}
		return found
	}
	sessions := j.open(MonotonicWrites) || j.open(WritesFollowReads)
	if sessions {
		_, sessions = l.findChain(writesOfSessions, within)
	}
	if sessions {
		look(MonotonicWrites, chains[0])
		look(WritesFollowReads, chains[1])
	}
	if look(Causal, chains[3]) {
		look(CausalCerone, chains[2])
	}
}

// judgeKeys finds out whether the transactions on each key alone are strictly serializable: the versions of a key keep real time. It
// is for histories that are serializable.
func (l listJudge) judgeKeys(j *judging) {
	if l.h.Untimed {
		j.unknown(PerKeyStrictSerializable, "nothing is known of real time")
		return
	}
	steps := l.steps()
	slices.SortFunc(steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.place, b.place), cmp.Compare(a.txn, b.txn))
	})
	for i := 0; i < len(steps); {
		n := i
		for n < len(steps) && steps[n].key == steps[i].key {
			n++
		}
		if before, after := l.stale(steps[i:n]); before >= 0 {
			j.add(l.staleKey(steps[i].key, before, after))
			return
		}
		i = n
	}
}

// A step is a transaction on a key: at an even place it read the version of half of that, and at an odd one it made the next.
type step struct{ key, place, txn int32 }

// steps returns what committed transactions did to keys. What was never read comes last, in one place.
func (l listJudge) steps() []step {
	var all []step
	for t, x := range l.h.Txns {
		if !l.committed[t] {
			continue
		}
		for i := x.First; i < x.Last; i++ {
			o := l.h.Ops[i]
			switch {
			case o.F == Append:
				at := l.appends[l.of[i]].at
				if at < 0 {
					at = l.order[o.Key].Len
				}
				all = append(all, step{o.Key, 2*at + 1, int32(t)})
			case o.Known && (o.Len == 0 || l.writer(o.Key, o.Len) != int32(t)):
				all = append(all, step{o.Key, 2 * o.Len, int32(t)})
			}
		}
	}
	return all
}

// stale returns a transaction and another that had ended before it began but comes after it in the order of versions; else -1.
func (l listJudge) stale(steps []step) (before, after int32) {
	latest, began := int32(-1), int32(-1) // of those in places before, the one that began last
	for i := 0; i < len(steps); {
		n := i
		for ; n < len(steps) && steps[n].place == steps[i].place; n++ {
			if t := steps[n].txn; l.h.Txns[t].End < began {
				return latest, t
			}
		}
		for ; i < n; i++ {
			if t := steps[i].txn; l.h.Txns[t].Begin > began {
				latest, began = t, l.h.Txns[t].Begin
			}
		}
	}
	return -1, -1
}

func (l listJudge) staleKey(k, before, after int32) Anomaly {
	return Anomaly{Type: "stale-key", Key: l.h.Keys[k], Txns: []int32{min(before, after), max(before, after)},
		Reason: fmt.Sprintf("on %s, T%d comes before T%d, which had ended %sbefore it began (stale read of one key)",
			l.h.Keys[k], before, after, l.h.gap(after, before))}
}
