package predicates

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A rowSeen is a read with where in the order of its key it was.
type rowSeen struct {
	rowRead
	stretch
	sources []int32 // the transactions that it depends on
}

// A visibility looks at what transactions saw of others, for the models that are no question of cycles.
type rowVisibility struct {
	v       *rowView
	place   []map[int32]int // by transaction: keys, and where in their orders its versions are
	seen    [][]rowSeen     // by transaction
	latest  []map[int32]int // by transaction: keys, and from where on in their orders it read them
	session []int32         // by transaction: the one before it in its session, or -1
}

// mostVisible is up to how many transactions these models are judged if stronger ones are broken: it takes time quadratic in them.
const mostVisible = 5000

// judgeVisible decides the models of what is visible: a transaction misses another if it reads a row at a version before the one of the other.
func (v *rowView) judgeVisible(j *judging.Case) {
	weak := []txn.Model{txn.ReadYourWrites, txn.MonotonicReads, txn.MonotonicWrites, txn.WritesFollowReads, txn.MonotonicAtomicView, txn.UpdateAtomic, txn.ReadAtomic, txn.CausalCerone, txn.Causal,
		txn.PerKeyStrictSerializable}
	switch open := slices.DeleteFunc(weak, func(m txn.Model) bool { return !j.Open(m) }); {
	case len(open) == 0:
	case len(v.r.H.Txns) > mostVisible:
		for _, m := range open {
			j.Unknown(m, fmt.Sprintf("the history has more than %d transactions, and no stronger model holds", mostVisible))
		}
	default:
		w := v.visibility()
		var found judging.Tally
		if !v.r.H.Untimed {
			w.staleKeys(&found)
		}
		for t := range v.r.H.Txns {
			w.look(&found, int32(t))
		}
		w.chains(&found)
		found.AddTo(j)
	}
	if v.r.H.Untimed && j.Open(txn.PerKeyStrictSerializable) {
		j.Unknown(txn.PerKeyStrictSerializable, "nothing is known of real time")
	}
	j.KeepImplied()

}

// visibility finds out what each transaction saw and where its versions are.
func (v *rowView) visibility() *rowVisibility {
	r := v.r
	n := len(r.H.Txns)
	w := &rowVisibility{v: v, place: make([]map[int32]int, n), seen: make([][]rowSeen, n), latest: make([]map[int32]int, n), session: make([]int32, n)}
	for k, order := range v.orders {
		for at, version := range order {
			if version < 0 {
				continue
			}
			t := r.writes[version].txn
			if w.place[t] == nil {
				w.place[t] = map[int32]int{}
			}
			w.place[t][int32(k)] = at
		}
	}
	for i, s := range r.reads {
		order := v.orders[s.key]
		if order == nil || v.places[i] < 0 {
			continue
		}
		all := r.stretches(s, order)
		if len(all) == 0 {
			continue
		}
		x := rowSeen{rowRead: s, stretch: all[v.places[i]]}
		if first := order[x.from]; first >= 0 && r.writes[first].txn != s.txn {
			x.sources = []int32{r.writes[first].txn}
		}
		w.seen[s.txn] = append(w.seen[s.txn], x)
		if w.latest[s.txn] == nil {
			w.latest[s.txn] = map[int32]int{}
		}
		w.latest[s.txn][s.key] = max(w.latest[s.txn][s.key], x.from)
	}
	last := make([]int32, r.H.Sessions)
	for i := range last {
		last[i] = -1
	}
	for t, x := range r.H.Txns {
		w.session[t] = -1
		if r.committed[t] {
			w.session[t] = last[x.Session]
			last[x.Session] = int32(t)
		}
	}
	return w
}

// missed returns a read of a transaction that misses what another wrote, among those after an operation.
func (w *rowVisibility) missed(t, other, after int32) (rowSeen, bool) {
	if len(w.place[other]) == 0 { // most only read
		return rowSeen{}, false
	}
	for _, s := range w.seen[t] {
		if at, wrote := w.place[other][s.key]; s.op > after && other != t && wrote && at > s.to && !w.overwrote(t, s) {
			return s, true
		}
	}
	return rowSeen{}, false
}

// overwrote reports whether a read came after a write of its own transaction, which hides what others did.
func (w *rowVisibility) overwrote(t int32, s rowSeen) bool {
	return slices.ContainsFunc(w.v.r.H.Ops[w.v.r.H.Txns[t].First:s.op], func(o txn.Op) bool {
		return o.Key == s.key && o.F != txn.Read && o.F != txn.ReadAll
	})
}

func (w *rowVisibility) add(found *judging.Tally, kind string, t, other int32, s rowSeen, why string) {
	found.Add(kind, func() txn.Anomaly {
		h := w.v.r.H
		return txn.Anomaly{Txns: []int32{min(t, other), max(t, other)}, Key: h.Keys[s.key], Reason: txn.Sayf("T%d %s, without what T%d did to it, %s",
			t, w.v.r.sees(s.rowRead), other, why)}
	})
}

// look looks at what one transaction saw.
func (w *rowVisibility) look(found *judging.Tally, t int32) {
	for _, s := range w.seen[t] {
		for _, u := range s.sources {
			if m, ok := w.missed(t, u, s.op); ok {
				w.add(found, "non-atomic-view", t, u, m, "after it had seen another part (non-atomic view)")
			}
			if m, ok := w.missed(t, u, -1); ok {
				w.add(found, "fractured-read", t, u, m, "though it saw another part (fractured read)")
			}
			w.lookBehind(found, t, u)
		}
	}
	for u := w.session[t]; u >= 0; u = w.session[u] {
		if m, ok := w.missed(t, u, -1); ok {
			w.add(found, "own-write-unseen", t, u, m, "though its own session had done it before (read your writes)")
		}
		if m, ok := w.older(t, u); ok {
			w.add(found, "non-monotonic-reads", t, u, m, "though its session had read a later version (monotonic reads)")
		}
		for _, k := range sorting.Keys(w.place[t]) {
			at := w.place[t][k]
			if before, both := w.place[u][k]; both && before > at {
				w.reversed(found, "non-monotonic-writes", u, t, k, "though its session did that first (monotonic writes)")
			}
		}
		w.writesAfter(found, u, t)
	}
	for _, k := range sorting.Keys(w.place[t]) {
		for _, version := range w.v.orders[k][:w.place[t][k]] {
			if version < 0 {
				continue
			}
			u := w.v.r.writes[version].txn
			if m, ok := w.missed(t, u, -1); ok && u != t {
				w.add(found, "update-not-seen", t, u, m, "though it wrote a key after it (update not seen)")
			}
		}
	}
}

// lookBehind looks at what came before one that a transaction saw, in the session of that.
func (w *rowVisibility) lookBehind(found *judging.Tally, t, u int32) {
	for b := u; b >= 0; b = w.session[b] {
		if m, ok := w.missed(t, b, -1); ok && b != u {
			w.add(found, "non-monotonic-writes", t, b, m, "though it saw a later write of the same session (monotonic writes)")
		}
		if m, ok := w.older(t, b); ok && b != t {
			w.add(found, "writes-before-reads", t, b, m, "though it saw a write of a session that had read a later version (writes follow reads)")
		}
	}
}

// older returns a read of a transaction that saw a version before the one that another read.
func (w *rowVisibility) older(t, other int32) (rowSeen, bool) {
	for _, s := range w.seen[t] {
		if w.latest[other][s.key] > s.to && !w.overwrote(t, s) {
			return s, true
		}
	}
	return rowSeen{}, false
}

// writesAfter finds writes of a transaction that came before what an earlier one of its session had read.
func (w *rowVisibility) writesAfter(found *judging.Tally, earlier, t int32) {
	for _, s := range w.seen[earlier] {
		if at, wrote := w.place[t][s.key]; wrote && at <= s.from {
			w.reversed(found, "writes-before-reads", t, earlier, s.key, "though its session had read that (writes follow reads)")
		}
	}
}

func (w *rowVisibility) reversed(found *judging.Tally, kind string, t, other, k int32, why string) {
	found.Add(kind, func() txn.Anomaly {
		return txn.Anomaly{Txns: []int32{min(t, other), max(t, other)}, Key: w.v.r.H.Keys[k],
			Reason: txn.Sayf("T%d and T%d changed %s in an order that is not that of their session, %s", t, other, w.v.r.H.Keys[k], why)}
	})
}

// chains finds transactions that miss what led to what they saw: by reads, and by reads and sessions.
func (w *rowVisibility) chains(found *judging.Tally) {
	for _, c := range []struct {
		kind string
		so   bool
		why  string
	}{
		{"causality-violation", false, "though it had seen what depends on it (causality)"},
		{"session-causality-violation", true, "though it had seen what depends on it, by reads and sessions (causality)"},
	} {
		mark := make([]int32, len(w.seen)) // by transaction: for which it was visited, from 1
		for t := range w.seen {
			queue := []int32{int32(t)}
			mark[t] = int32(t) + 1
			visit := func(u int32) {
				if u >= 0 && mark[u] != int32(t)+1 {
					mark[u] = int32(t) + 1
					queue = append(queue, u)
					if m, ok := w.missed(int32(t), u, -1); ok {
						w.add(found, c.kind, int32(t), u, m, c.why)
					}
				}
			}
			for len(queue) > 0 {
				u := queue[0]
				queue = queue[1:]
				for _, s := range w.seen[u] {
					for _, source := range s.sources {
						visit(source)
					}
				}
				if c.so {
					visit(w.session[u])
				}
			}
		}
	}
}

// staleKeys finds keys that are not strictly serializable on their own: a transaction had ended before another began, and comes after it.
func (w *rowVisibility) staleKeys(found *judging.Tally) {
	type use struct {
		txn         int32
		first, last int // where it can be among the versions: 2n is at version n, and 2n-1 between that and the one before
	}
	byKey := make([][]use, len(w.v.orders))
	for t := range w.seen {
		for k, at := range w.place[t] {
			byKey[k] = append(byKey[k], use{int32(t), 2*at - 1, 2*at - 1})
		}
		for _, s := range w.seen[t] {
			if _, writes := w.place[t][s.key]; !writes {
				byKey[s.key] = append(byKey[s.key], use{int32(t), 2 * s.from, 2 * s.to})
			}
		}
	}
	h := w.v.r.H
	for k, all := range byKey {
		ended := slices.Clone(all)
		slices.SortFunc(ended, func(a, b use) int { return int(h.Txns[a.txn].End) - int(h.Txns[b.txn].End) })
		slices.SortFunc(all, func(a, b use) int { return int(h.Txns[a.txn].Begin) - int(h.Txns[b.txn].Begin) })
		latest := use{txn: -1, first: -2}
		for _, u := range all {
			for len(ended) > 0 && h.Txns[ended[0].txn].End < h.Txns[u.txn].Begin {
				if ended[0].first > latest.first {
					latest = ended[0]
				}
				ended = ended[1:]
			}
			if latest.first > u.last {
				found.Add("stale-key", func() txn.Anomaly {
					return txn.Anomaly{Txns: []int32{min(u.txn, latest.txn), max(u.txn, latest.txn)}, Key: h.Keys[k],
						Reason: txn.Sayf("on %s, T%d comes before T%d, which had ended before it began (stale read of one key)", h.Keys[k], u.txn, latest.txn)}
				})
			}
		}
	}
}
