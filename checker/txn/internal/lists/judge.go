package lists

import (
	"cmp"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
)

// listJudge decides the models of a history of lists.
type listJudge struct{ *Lists }

// judge decides the models. Those of cycles come first, since what they imply needs no search.
func (l listJudge) judge(j *judging.Case) {
	g := listGraph(l)
	edges, n := g.edges()
	d := judging.NewDeps(l.H, func(t int32) bool { return l.committed[t] }, n, edges, g.explain)
	edges = nil
	for k := range int32(len(l.Order)) {
		if u := l.unreadOf(k); len(u) > 1 {
			d.Unread = append(d.Unread, u)
		}
	}
	j.JudgeGraph(d)
	if j.Open(txn.MonotonicAtomicView) || j.Open(txn.UpdateAtomic) || j.Open(txn.ReadAtomic) || j.Open(txn.CausalCerone) || j.Open(txn.Causal) {
		var found judging.Tally
		listSights(l).findPartial(&found)
		found.AddTo(j)
	}
	if j.Open(txn.ReadYourWrites) || j.Open(txn.MonotonicReads) {
		var found judging.Tally
		listSights(l).findSessions(&found)
		found.AddTo(j)
	}
	within := func(int32) bool { return true }
	if at := txn.Position[txn.ReadCommitted]; j.Verdict[at] == checker.Valid && j.Decided[at] { // what follows are cycles of dependencies then
		c := d.Components(judging.WalkOf(txn.RuleAny, txn.SO))
		within = func(t int32) bool { return c.Within(t, t) }
	}
	l.judgeChains(j, within)
	if j.Open(txn.PerKeyStrictSerializable) {
		l.judgeKeys(j)
	}
	j.KeepImplied()

}

// judgeChains decides the models that chains of reads and sessions break. Where the wider of two chains is not there, the other is not
// either.
func (l listJudge) judgeChains(j *judging.Case, within func(int32) bool) {
	look := func(m txn.Model, c chain) bool {
		if !j.Open(m) {
			return true
		}
		a, found := l.findChain(c, within)
		if found {
			j.Add(a)
		}
		return found
	}
	if j.Open(txn.MonotonicWrites) || j.Open(txn.WritesFollowReads) {
		if a, found := l.findChain(writesOfSessions, within); found {
			for i, m := range []txn.Model{txn.MonotonicWrites, txn.WritesFollowReads} {
				switch {
				case chains[i].kind != a.Type:
					look(m, chains[i])
				case j.Open(m):
					j.Add(a)
				}
			}
		}
	}
	if look(txn.Causal, chains[3]) {
		look(txn.CausalCerone, chains[2])
	}
}

// judgeKeys finds out whether the transactions on each key alone are strictly serializable: the versions of a key keep real time. It
// is for histories that are serializable.
func (l listJudge) judgeKeys(j *judging.Case) {
	if l.H.Untimed {
		j.Unknown(txn.PerKeyStrictSerializable, "nothing is known of real time")
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
			j.Add(l.staleKey(steps[i].key, before, after))
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
	for t, x := range l.H.Txns {
		if !l.committed[t] {
			continue
		}
		for i := x.First; i < x.Last; i++ {
			o := l.H.Ops[i]
			switch {
			case o.F == txn.Append:
				at := l.Appends[l.of[i]].at
				if at < 0 {
					at = l.Order[o.Key].Len
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
			if t := steps[n].txn; l.H.Txns[t].End < began {
				return latest, t
			}
		}
		for ; i < n; i++ {
			if t := steps[i].txn; l.H.Txns[t].Begin > began {
				latest, began = t, l.H.Txns[t].Begin
			}
		}
	}
	return -1, -1
}

func (l listJudge) staleKey(k, before, after int32) txn.Anomaly {
	return txn.Anomaly{Type: "stale-key", Key: l.H.Keys[k], Txns: []int32{min(before, after), max(before, after)},
		Reason: txn.Sayf("on %s, T%d comes before T%d, which had ended %sbefore it began (stale read of one key)",
			l.H.Keys[k], before, after, l.H.Gap(after, before))}
}
