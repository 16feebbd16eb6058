package registers

import (
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
)

// maxFollowed is how many orders of two versions are inferred from what sessions had read before, at most.
const maxFollowed = 20_000_000

// judgeSessions decides the guarantees of sessions: whether each key has an order of its versions that keeps them.
func (r *registers) judgeSessions(j *judging.Case) {
	all := r.newWeak(txn.SO)
	for _, g := range []struct {
		model   txn.Model
		infer   func(w *weak) bool
		anomaly string
	}{
		{txn.ReadYourWrites, (*weak).readYourWrites, "own-write-unseen"},
		{txn.MonotonicReads, (*weak).monotonicReads, "non-monotonic-reads"},
		{txn.MonotonicWrites, (*weak).monotonicWrites, "non-monotonic-writes"},
		{txn.WritesFollowReads, (*weak).followReads, "writes-before-reads"},
	} {
		if !j.Open(g.model) && !(g.model != txn.WritesFollowReads && j.Open(txn.PRAM)) {
			continue
		}
		w := r.newWeak(txn.SO)
		if !g.infer(w) {
			j.Unknown(g.model, "sessions have read too many versions before each write to compare them all")
			continue
		}
		if a, broken := w.perKey(); broken {
			a.Type = g.anomaly
			j.Add(a)
		} else if j.Open(g.model) {
			j.Kept(g.model)
		}
		if g.model != txn.WritesFollowReads {
			all.join(w)
		}
	}
	if !j.Open(txn.PRAM) {
		return
	}
	if a, broken := all.perKey(); broken {
		a.Type = "G-single-item-process"
		j.AddBreaking(txn.PRAM, a)
		return
	}
	j.Kept(txn.PRAM)
}

// join adds what another has inferred.
func (w *weak) join(o *weak) {
	w.out, w.nils = append(w.out, o.out...), append(w.nils, o.nils...)
	n := int32(len(w.r.writes))
	moved := func(v int32) int32 {
		if v >= n {
			return v + w.helpers
		}
		return v
	}
	for _, e := range o.trail {
		w.trail = append(w.trail, graph.Edge{From: moved(e.From), To: moved(e.To), Kind: e.Kind})
	}
	w.helpers += o.helpers
}

// A trail is what a session saw or wrote of a key so far: versions, and for each a helper that stands for it and all before it.
type trail struct{ versions, helpers []int32 }

// trails has those of one session after the other.
type trails struct {
	w       *weak
	session int32
	by      []int32 // by key: the session of its trail
	of      []trail // by key
	at      []int32 // by version: its first place in a trail
	in      []int32 // and the session of that
}

func (w *weak) newTrails() *trails {
	return &trails{w: w, by: filled(len(w.r.h.Keys)), of: make([]trail, len(w.r.h.Keys)), at: make([]int32, len(w.r.writes)), in: filled(len(w.r.writes))}
}

// grow adds a version to the trail of a key.
func (x *trails) grow(key, version int32) {
	t := &x.of[key]
	if x.by[key] != x.session {
		x.by[key], t.versions, t.helpers = x.session, t.versions[:0], t.helpers[:0]
	}
	n := len(t.versions)
	if version < 0 || n > 0 && t.versions[n-1] == version {
		return
	}
	if x.in[version] != x.session {
		x.in[version], x.at[version] = x.session, int32(n)
	}
	w := x.w
	h := int32(len(w.r.writes)) + w.helpers
	w.helpers++
	w.trail = append(w.trail, graph.Edge{From: version, To: h, Kind: uint8(txn.WW)})
	if n > 0 {
		w.trail = append(w.trail, graph.Edge{From: t.helpers[n-1], To: h, Kind: uint8(txn.WW)})
	}
	t.versions, t.helpers = append(t.versions, version), append(t.helpers, h)
}

// after infers that a version that was read is no earlier than any of the trail of its key.
func (x *trails) after(reader int32, s seen) {
	t, w := &x.of[s.key], x.w
	n := int32(len(t.versions))
	if x.by[s.key] != x.session || n == 0 || s.late {
		return
	}
	upTo := n // those before it by their helper, the others one by one
	if s.version >= 0 && x.in[s.version] == x.session {
		upTo = x.at[s.version]
	}
	if s.version == ofNil {
		upTo = 0
	}
	for _, v := range t.versions[upTo:] {
		w.add(v, reader, s)
	}
	if upTo > 0 {
		w.trail = append(w.trail, graph.Edge{From: t.helpers[upTo-1], To: s.version, Kind: uint8(txn.WW)})
	}
}

// readYourWrites infers that what a session reads is no earlier than what it had written.
func (w *weak) readYourWrites() bool {
	x := w.newTrails()
	for _, ts := range w.r.bySession() {
		for _, t := range ts {
			x.session = w.r.h.Txns[t].Session
			for _, s := range w.r.readsOf(t) {
				x.after(t, s)
			}
			for _, v := range w.versionsOf(t) {
				x.grow(w.r.keyOf(v), v)
			}
		}
	}
	return len(w.out) <= maxFollowed
}

// monotonicReads infers that what a session reads is no earlier than what it had read.
func (w *weak) monotonicReads() bool {
	x := w.newTrails()
	for _, ts := range w.r.bySession() {
		for _, t := range ts {
			x.session = w.r.h.Txns[t].Session
			for _, s := range w.r.readsOf(t) {
				x.after(t, s)
			}
			for _, s := range w.r.readsOf(t) {
				x.grow(s.key, s.version)
			}
		}
	}
	return len(w.out) <= maxFollowed
}

// A done is what a session did with a key, in its order.
type done struct {
	at      []int32 // transactions
	version []int32
}

// doneWith collects by session and key the versions that it read, or wrote.
func (w *weak) doneWith(reads bool) map[[2]int32]*done {
	r := w.r
	all := map[[2]int32]*done{}
	for _, ts := range r.bySession() {
		for _, t := range ts {
			put := func(k, v int32) {
				id := [2]int32{r.h.Txns[t].Session, k}
				d := all[id]
				if d == nil {
					d = &done{}
					all[id] = d
				}
				d.at, d.version = append(d.at, t), append(d.version, v)
			}
			if !reads {
				for _, v := range w.versionsOf(t) {
					put(r.keyOf(v), v)
				}
				continue
			}
			for _, s := range r.readsOf(t) {
				if s.version >= 0 {
					put(s.key, s.version)
				}
			}
		}
	}
	return all
}

// until returns how many of what a session did with a key were before a transaction of it.
func (d *done) until(t int32) int {
	n, _ := slices.BinarySearch(d.at, t)
	return n
}

// monotonicWrites infers that versions of a session come in its order, and that who sees one of its writes sees those before.
func (w *weak) monotonicWrites() bool {
	r := w.r
	wrote := w.doneWith(false)
	for t := range int32(len(r.h.Txns)) {
		if !r.committed[t] {
			continue
		}
		for _, v := range w.versionsOf(t) {
			d := wrote[[2]int32{r.h.Txns[t].Session, r.keyOf(v)}]
			if i := d.until(t); i > 0 {
				w.out = append(w.out, inferred{d.version[i-1], v, t, r.writes[v].Op})
			}
		}
		w.sources(t, func(u int32, s seen) {
			if d := wrote[[2]int32{r.h.Txns[u].Session, s.key}]; d != nil {
				if i := d.until(u); i > 0 {
					w.add(d.version[i-1], t, s)
				}
			}
		})
	}
	return true
}

// sources calls f for each transaction that one saw, with each of its reads.
func (w *weak) sources(t int32, f func(u int32, s seen)) {
	rs := w.r.readsOf(t)
	for i, from := range rs {
		u := w.r.writer(from.version)
		if u < 0 || slices.ContainsFunc(rs[:i], func(s seen) bool { return w.r.writer(s.version) == u }) {
			continue
		}
		for _, s := range rs {
			f(u, s)
		}
	}
}

// followReads infers that a version comes after those that its session had read before, and that who sees a write sees what its session had read before
// it. It reports false if that is too much.
func (w *weak) followReads() bool {
	r := w.r
	read := w.doneWith(true)
	before := func(u, key int32) []int32 { // what the session of u had read of the key, u's own reads among it
		d := read[[2]int32{r.h.Txns[u].Session, key}]
		if d == nil {
			return nil
		}
		i := d.until(u + 1)
		return d.version[:i]
	}
	for t := range int32(len(r.h.Txns)) {
		if !r.committed[t] {
			continue
		}
		for _, v := range w.versionsOf(t) {
			for _, x := range before(t, r.keyOf(v)) {
				if x != v {
					w.out = append(w.out, inferred{x, v, t, r.writes[v].Op})
				}
			}
		}
		w.sources(t, func(u int32, s seen) {
			for _, x := range before(u, s.key) {
				w.add(x, t, s)
			}
		})
		if len(w.out) > maxFollowed {
			return false
		}
	}
	return true
}

// perKey looks for versions of one key that come before themselves.
func (w *weak) perKey() (txn.Anomaly, bool) {
	r := w.r
	if len(w.nils) > 0 {
		x := w.nils[0]
		a := txn.Anomaly{Key: r.h.Keys[r.h.Ops[x.read].Key], Txns: []int32{r.writes[x.from].Txn, x.reader}}
		a.Reason = txn.Sayf("T%d read %s as nil, though it had to see %s of T%d", x.reader, a.Key, r.h.Spell(r.writes[x.from].Value), r.writes[x.from].Txn)
		return a, true
	}
	edges := make([]graph.Edge, 0, len(w.out)+len(w.trail))
	for _, x := range w.out {
		edges = append(edges, graph.Edge{From: x.from, To: x.to, Kind: uint8(txn.WW)})
	}
	g := graph.Build(len(r.writes)+int(w.helpers), len(r.writes), append(edges, w.trail...))
	walk := graph.Walk{Mask: uint8(txn.WW)}
	c := g.Components(walk)
	if c.Cyclic == 0 {
		return txn.Anomaly{}, false
	}
	a := txn.Anomaly{}
	for _, e := range g.ShortCycle(walk, uint8(txn.WW), c) {
		o := r.ordered(e.From, e.To)
		a.Key = o.Key
		a.Txns, a.Edges = append(a.Txns, o.From), append(a.Edges, o)
	}
	a.Reason = txn.Sayf("the versions of %s that %s wrote come before themselves, by what sessions saw", a.Key, named(a.Txns))
	return a, true
}
