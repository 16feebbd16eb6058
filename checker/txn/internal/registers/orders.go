package registers

import (
	"cmp"
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/history"
)

// A unit is a chain of versions of a key, or a register without a value, with when it was seen: it was there when the first
// transaction that left it had ended, and still when the last that found it began. It follows that it came before another if first is
// before the other's last. This is how Gibbons and Korach, Testing shared memories (1997), decide whether a register is linearizable.
type unit struct {
	chain       versionChain // both -1 for the register without a value, if no chain was made from that
	nothing     bool         // the register without a value, and the chain that was made from it
	first, last int32
	by, found   int32 // the transactions that ended and began then
}

// before reports whether a unit came before another, by real time.
func (u unit) before(o unit) bool { return u.first < o.last }

// An access is what a transaction did with a key: which version it found, and which it left; ofNil for none.
type access struct{ txn, found, left int32 }

// accesses returns what committed transactions did with each key. What an indeterminate one found is not known, but its version is not older than its
// begin, which is as if it had found that.
func (r *registers) accesses() [][]access {
	all := make([][]access, len(r.h.Keys))
	at := filled(len(r.h.Keys)) // by key: its last access, if that is of this transaction
	for t := range int32(len(r.h.Txns)) {
		if !r.committed[t] {
			continue
		}
		touch := func(k int32) *access {
			if at[k] < 0 || all[k][at[k]].txn != t {
				at[k] = int32(len(all[k]))
				all[k] = append(all[k], access{t, ofNone, ofNone})
			}
			return &all[k][at[k]]
		}
		for _, s := range r.readsOf(t) {
			if a := touch(s.key); a.found == ofNone && !s.late {
				a.found, a.left = s.version, s.version
			}
		}
		for i := r.h.Txns[t].First; i < r.h.Txns[t].Last; i++ {
			if o := r.h.Ops[i]; o.F == txn.Write && r.isVersion(r.of[i]) {
				a := touch(o.Key)
				if a.left = r.of[i]; a.found == ofNone {
					a.found = r.of[i]
				}
			}
		}
	}
	return all
}

// zones returns the units of a key, sorted by when they were there first, and of the chains' members that were there in another order than the
// chain's, if there are any, the two.
func (r *registers) zones(k int32, as []access, of []int32) (units []unit, odd []int32) {
	chains := r.chainsOf(k, of)
	nothing := int32(len(chains))
	for i, c := range chains {
		units = append(units, unit{chain: c, first: txn.Never, last: -1})
		if r.prev[c.first] == ofNil {
			nothing = int32(i)
		}
	}
	if nothing == int32(len(chains)) {
		units = append(units, unit{chain: versionChain{-1, -1}, first: txn.Never, last: -1})
	}
	units[nothing].nothing = true
	unitOf := func(version int32) int32 {
		if version == ofNil {
			return nothing
		}
		return of[version]
	}
	for _, a := range as {
		x := r.h.Txns[a.txn]
		if a.left != ofNone && x.Type == history.OK {
			if i := unitOf(a.left); i >= 0 && x.End < units[i].first {
				units[i].first, units[i].by = x.End, a.txn
			}
		}
		if a.found != ofNone {
			if i := unitOf(a.found); i >= 0 && x.Begin > units[i].last {
				units[i].last, units[i].found = x.Begin, a.txn
			}
			if w := r.writer(a.found); w >= 0 && w != a.txn && x.End < r.h.Txns[w].Begin {
				odd = []int32{a.txn, w}
			}
		}
	}
	if o := r.oddChain(as, of, nothing); o != nil {
		odd = o
	}
	slices.SortStableFunc(units, func(a, b unit) int { return cmp.Compare(a.first, b.first) })
	return units, odd
}

// oddChain returns two transactions of which the first had ended with a later version of a chain before the second found an earlier one.
func (r *registers) oddChain(as []access, of []int32, nothing int32) []int32 {
	type event struct {
		at           int32
		begins       bool
		txn          int32
		chain, place int32
	}
	var events []event
	add := func(at int32, begins bool, txn, version int32) {
		switch {
		case version == ofNil:
			events = append(events, event{at, begins, txn, nothing, -1})
		case version >= 0 && of[version] >= 0:
			events = append(events, event{at, begins, txn, of[version], r.place[version]})
		}
	}
	for _, a := range as {
		x := r.h.Txns[a.txn]
		if x.Type == history.OK {
			add(x.End, false, a.txn, a.left)
		}
		add(x.Begin, true, a.txn, a.found)
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	latest := map[int32]event{} // by chain: where the latest version was left
	for _, e := range events {
		l, ok := latest[e.chain]
		switch {
		case e.begins && ok && l.place > e.place:
			return []int32{l.txn, e.txn}
		case !e.begins && (!ok || e.place > l.place):
			latest[e.chain] = e
		}
	}
	return nil
}

// conflict returns two units each of which came before the other, if there are any.
func conflict(units []unit) (a, b unit, found bool) {
	for _, u := range units {
		for _, o := range units {
			if u.nothing && !o.nothing {
				if o.before(u) {
					return o, u, true // a value before none
				}
				break // the first of those that have one
			}
		}
	}
	var long []unit // those that last beyond their beginning; no two of them may overlap
	for _, u := range units {
		if u.first >= u.last || u.nothing {
			continue
		}
		if n := len(long); n > 0 && u.first < long[n-1].last {
			return long[n-1], u, true
		}
		long = append(long, u)
	}
	for _, u := range units {
		if u.first < u.last || u.last < 0 || u.nothing {
			continue
		}
		i, _ := slices.BinarySearchFunc(long, u, func(l, u unit) int { return cmp.Compare(l.last, u.first) })
		for ; i < len(long) && long[i].first < u.last; i++ {
			if long[i].before(u) && u.before(long[i]) {
				return long[i], u, true
			}
		}
	}
	return unit{}, unit{}, false
}

// staleKeys looks for keys whose transactions, taken alone, keep no order that agrees with real time.
func (r *registers) staleKeys(found *judging.Tally) {
	of := filled(len(r.writes))
	for k, as := range r.accesses() {
		r.staleKey(found, "stale-key", int32(k), as, of)
	}
}

func (r *registers) staleKey(found *judging.Tally, kind string, k int32, as []access, of []int32) {
	units, odd := r.zones(k, as, of)
	a, b, broken := conflict(units)
	switch {
	case odd != nil:
	case broken && a.before(b):
		odd = []int32{a.by, b.found}
	case broken:
		odd = []int32{b.by, a.found}
	default:
		return
	}
	found.Add(kind, func() txn.Anomaly {
		return txn.Anomaly{Txns: odd, Key: r.h.Keys[k],
			Reason: txn.Sayf("no order of the transactions on %s that agrees with real time explains what T%d and T%d found", r.h.Keys[k], odd[0], odd[1])}
	})
}

// versionOrders adds what the options tell of the order of versions: by real time if keys are linearizable, by sessions if they are
// sequential. A key whose versions come before themselves is an anomaly.
func (r *registers) versionOrders(j *judging.Case, edges []graph.Edge, n int) ([]graph.Edge, int) {
	if !r.o.LinearizableKeys && !r.o.SequentialKeys {
		return edges, n
	}
	var found judging.Tally
	of := filled(len(r.writes))
	for k, as := range r.accesses() {
		own, bad := len(edges), found.Count("cyclic-versions")
		if r.o.LinearizableKeys && !r.h.Untimed {
			r.staleKey(&found, "cyclic-versions", int32(k), as, of)
			units, _ := r.zones(int32(k), as, of)
			edges, n = r.zoneEdges(edges, n, units)
		}
		if r.o.SequentialKeys {
			edges = r.sessionEdges(&found, edges, as)
		}
		g := graph.Build(n, len(r.h.Txns), edges[own:])
		w := graph.Walk{Mask: uint8(txn.WW)}
		if c := g.Components(w); c.Cyclic > 0 && found.Count("cyclic-versions") == bad {
			found.Add("cyclic-versions", func() txn.Anomaly { return r.cyclicVersions(int32(k), g.ShortCycle(w, uint8(txn.WW), c)) })
		}
		if found.Count("cyclic-versions") > bad {
			edges = edges[:own] // which is all that is to be said of them
		}
	}
	found.AddTo(j)
	return edges, n
}

func (r *registers) cyclicVersions(k int32, cycle []graph.Edge) txn.Anomaly {
	a := txn.Anomaly{Key: r.h.Keys[k]}
	for _, e := range cycle {
		a.Txns = append(a.Txns, e.From)
		a.Edges = append(a.Edges, r.explain(e.From, e.To, txn.WW))
	}
	a.Reason = txn.Sayf("the versions of %s that %s wrote come before themselves, by what was read", a.Key, named(a.Txns))
	return a
}

// zoneEdges adds edges between units that came one before another, by a chain of helpers, each of which stands for all units that were there
// at some time.
func (r *registers) zoneEdges(edges []graph.Edge, n int, units []unit) ([]graph.Edge, int) {
	helpers := make([]int32, len(units))
	for i, u := range units {
		if u.chain.first < 0 || u.first == txn.Never {
			helpers[i] = -1
			if i > 0 {
				helpers[i] = helpers[i-1]
			}
			continue
		}
		helpers[i] = int32(n)
		edges = append(edges, graph.Edge{From: r.writer(u.chain.last), To: int32(n), Kind: uint8(txn.WW)})
		if i > 0 && helpers[i-1] >= 0 {
			edges = append(edges, graph.Edge{From: helpers[i-1], To: int32(n), Kind: uint8(txn.WW)})
		}
		n++
	}
	for i, u := range units {
		if u.chain.first < 0 || u.last < 0 {
			continue
		}
		to := r.writer(u.chain.first)
		end, _ := slices.BinarySearchFunc(units, u.last, func(o unit, last int32) int { return cmp.Compare(o.first, last) })
		if end > i { // itself among them: one by one those after it
			for _, o := range units[i+1 : end] {
				if o.chain.first >= 0 {
					edges = append(edges, graph.Edge{From: r.writer(o.chain.last), To: to, Kind: uint8(txn.WW)})
				}
			}
			end = i
		}
		if end > 0 && helpers[end-1] >= 0 {
			edges = append(edges, graph.Edge{From: helpers[end-1], To: to, Kind: uint8(txn.WW)})
		}
	}
	return edges, n
}

// sessionEdges adds an edge from what a session left in a key to what it found there next.
func (r *registers) sessionEdges(found *judging.Tally, edges []graph.Edge, as []access) []graph.Edge {
	last := map[int32]int32{} // by session
	for _, a := range as {
		s := r.h.Txns[a.txn].Session
		from, ok := last[s]
		switch {
		case !ok || from < 0 || from == a.found || a.found == ofNone:
		case a.found == ofNil:
			found.Add("cyclic-versions", func() txn.Anomaly {
				key := r.h.Keys[r.keyOf(from)]
				return txn.Anomaly{Txns: []int32{r.writer(from), a.txn}, Key: key,
					Reason: txn.Sayf("T%d read %s as nil, after its session had seen %s in it", a.txn, key, r.h.Spell(r.writes[from].Value))}
			})
		default:
			edges = append(edges, graph.Edge{From: r.writer(from), To: r.writer(a.found), Kind: uint8(txn.WW)})
		}
		if a.left != ofNone {
			last[s] = a.left
		}
	}
	return edges
}
