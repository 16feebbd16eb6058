package registers

import (
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
)

// A visibility says which transactions a reader must not miss a write of. The axioms are those of Biswas and Enea, On the complexity of
// checking transactional consistency (OOPSLA 2019): if a reader sees a transaction that wrote a key, and reads the key from another,
// then that one came later. The history keeps the model if nothing comes before itself for it. How to infer few edges is that of Møldrup
// and Pavlogiannis, AWDIT (PLDI 2025).
type visibility uint8

const (
	seenBefore visibility = iota // those that an earlier read of it saw: monotonic atomic view
	seenAtAll                    // those that any read of it saw, and those before it in its session if sessions count: read atomic
	inPast                       // those that it may know of over any number of steps: causal
)

// An inferred is an order of two versions: reader saw from's transaction, or had to, and read the key of the other.
type inferred struct {
	from, to     int32 // versions; to may be ofNil
	reader, read int32 // the transaction, and the operation
}

// A weak infers what a visibility demands.
type weak struct {
	r        *registers
	also     txn.EdgeKind // SO if sessions count
	writeAt  []int32      // by transaction: where its versions begin in versions
	versions []int32      // by transaction, sorted, which sorts them by key
	out      []inferred
	nils     []inferred   // those to ofNil, which break the model by themselves
	trail    []graph.Edge // between versions and helpers, of guarantees of sessions
	helpers  int32
}

func (r *registers) newWeak(also txn.EdgeKind) *weak {
	w := &weak{r: r, also: also, writeAt: make([]int32, len(r.h.Txns)+2)}
	count := w.writeAt[1:]
	for v := range r.writes {
		if r.isVersion(int32(v)) {
			count[r.writes[v].Txn+1]++
		}
	}
	for t := range r.h.Txns {
		count[t+1] += count[t]
	}
	w.versions = make([]int32, count[len(r.h.Txns)])
	for v := range r.writes {
		if t := r.writes[v].Txn; r.isVersion(int32(v)) {
			w.versions[count[t]] = int32(v)
			count[t]++
		}
	}
	w.writeAt = w.writeAt[:len(r.h.Txns)+1]
	return w
}

func (w *weak) versionsOf(t int32) []int32 { return w.versions[w.writeAt[t]:w.writeAt[t+1]] }

func (r *registers) keyOf(version int32) int32 { return r.h.Ops[r.writes[version].Op].Key }

// versionOn returns the version of a key that a transaction made, or -1.
func (w *weak) versionOn(t, key int32) int32 {
	vs := w.versionsOf(t)
	i, ok := slices.BinarySearchFunc(vs, key, func(v, key int32) int { return int(w.r.keyOf(v)) - int(key) })
	if !ok {
		return -1
	}
	return vs[i]
}

// add infers that a version came before the one that a transaction read.
func (w *weak) add(from int32, reader int32, s seen) {
	switch {
	case s.version == from || s.late:
	case s.version == ofNil:
		w.nils = append(w.nils, inferred{from, ofNil, reader, s.op})
	default:
		w.out = append(w.out, inferred{from, s.version, reader, s.op})
	}
}

// addAfter is add for a read that was after an operation, at least when it saw the same again.
func (w *weak) addAfter(op, from, reader int32, s seen) {
	if s.again > op {
		w.add(from, reader, s)
	}
}

// direct infers from what each transaction read itself; if before, only from what it had read before.
func (w *weak) direct(before bool) {
	r := w.r
	asked := filled(len(r.h.Txns))
	byKey, head := filled(len(r.h.Keys)), filled(len(r.h.Keys)) // by key: the last transaction that read it, and its last read of it
	var rest []int32                                            // by read: that of the same key before it
	for t := range int32(len(r.h.Txns)) {
		rs := r.readsOf(t)
		if len(rs) < 2 {
			continue
		}
		rest = rest[:0]
		for i, s := range rs {
			if byKey[s.key] != t {
				byKey[s.key], head[s.key] = t, -1
			}
			rest = append(rest, head[s.key])
			head[s.key] = int32(i)
		}
		for _, s := range rs {
			u := r.writer(s.version)
			if u < 0 || asked[u] == t {
				continue
			}
			asked[u] = t
			after := int32(-1)
			if before {
				after = s.op
			}
			if vs := w.versionsOf(u); len(vs) <= len(rs) {
				for _, v := range vs {
					if k := r.keyOf(v); byKey[k] == t {
						for at := head[k]; at >= 0; at = rest[at] {
							w.addAfter(after, v, t, rs[at])
						}
					}
				}
				continue
			}
			for _, x := range rs {
				if v := w.versionOn(u, x.key); v >= 0 {
					w.addAfter(after, v, t, x)
				}
			}
		}
	}
}

// sessions infers from what each session had written before.
func (w *weak) sessions() {
	r := w.r
	by, last := filled(len(r.h.Keys)), filled(len(r.h.Keys)) // by key: the session that wrote it last in this pass, and the version
	for _, ts := range r.bySession() {
		for _, t := range ts {
			for _, s := range r.readsOf(t) {
				if by[s.key] == r.h.Txns[t].Session {
					w.add(last[s.key], t, s)
				}
			}
			for _, v := range w.versionsOf(t) {
				k := r.keyOf(v)
				by[k], last[k] = r.h.Txns[t].Session, v
			}
		}
	}
}

// bySession returns the committed transactions of each session, in its order.
func (r *registers) bySession() [][]int32 {
	all := make([][]int32, r.h.Sessions)
	for t, x := range r.h.Txns {
		if r.committed[t] {
			all[x.Session] = append(all[x.Session], int32(t))
		}
	}
	return all
}

// weakModels are the models that a visibility decides, the strongest first, each with the type of its anomaly. The one without a name is
// what update atomic has in common with read atomic.
var weakModels = []struct {
	model   txn.Model
	sees    visibility
	also    txn.EdgeKind
	anomaly string
	implies []int // indexes of those that it implies
}{
	{txn.Causal, inPast, txn.SO, "session-causality-violation", []int{1, 2, 3, 4}},
	{txn.CausalCerone, inPast, 0, "causality-violation", []int{3, 4}},
	{txn.ReadAtomic, seenAtAll, txn.SO, "G-single-item-process", []int{3, 4}},
	{txn.UpdateAtomic, seenAtAll, 0, "fractured-read", []int{4}},
	{txn.MonotonicAtomicView, seenBefore, 0, "non-atomic-view", nil},
}

// judgeWeak decides the models of a visibility. Of those that are broken it shows the weakest.
func (r *registers) judgeWeak(j *judging.Case, known []graph.Edge, n int) {
	found := make([]*txn.Anomaly, len(weakModels))
	for i, m := range weakModels {
		if !j.Open(m.model) {
			continue
		}
		w := r.newWeak(m.also)
		if !w.infer(m.sees, known, n) {
			j.Unknown(m.model, "too many transactions do not follow each other to compare what each may know of")
			continue
		}
		a, broken := w.anomaly(known, n)
		switch a.Type = m.anomaly; {
		case broken:
			found[i] = &a
		case m.model != txn.UpdateAtomic: // which forbids more
			j.Kept(m.model)
		}
	}
	for i, a := range found {
		if a != nil && !slices.ContainsFunc(weakModels[i].implies, func(o int) bool { return found[o] != nil }) {
			j.AddBreaking(weakModels[i].model, *a)
		}
	}
	for i, a := range found {
		if a != nil {
			j.Broken(weakModels[i].model)
		}
	}
}

// infer collects what follows from a visibility. It reports false if that is more than can be kept.
func (w *weak) infer(v visibility, known []graph.Edge, n int) bool {
	switch v {
	case seenBefore:
		w.direct(true)
	case seenAtAll:
		w.direct(false)
		if w.also&txn.SO != 0 {
			w.sessions()
		}
	case inPast:
		return w.past(known, n)
	}
	return true
}

// anomaly finds a cycle of what was inferred and what is known.
func (w *weak) anomaly(known []graph.Edge, n int) (txn.Anomaly, bool) {
	r := w.r
	edges := make([]graph.Edge, 0, len(known)+len(w.out))
	for _, e := range known {
		if txn.EdgeKind(e.Kind)&(txn.WR|txn.WW) != 0 {
			edges = append(edges, e)
		}
	}
	if len(w.nils) > 0 {
		return w.missed(edges, n), true
	}
	for _, x := range w.out {
		edges = append(edges, graph.Edge{From: r.writes[x.from].Txn, To: r.writes[x.to].Txn, Kind: uint8(txn.WW)})
	}
	d := r.deps(n, edges, w.explain, false)
	q := judging.Question{Rule: txn.RuleWWWR, Also: w.also}
	if !d.Cyclic(q) {
		return txn.Anomaly{}, false
	}
	a := d.Anomaly(d.Cycle(q, ^txn.EdgeKind(0)))
	for _, e := range a.Edges {
		if x := w.why(e); x != nil && e.Kind == txn.WW {
			a.Key = r.h.Keys[r.h.Ops[x.read].Key]
			a.Reason = txn.Sayf("T%d read %s as %s, though it had to see T%d, which wrote %s later",
				x.reader, a.Key, r.h.Spell(r.h.Ops[x.read].Value), r.writes[x.from].Txn, r.h.Spell(r.writes[x.from].Value))
			if !slices.Contains(a.Txns, x.reader) {
				a.Reason += txn.Sayf(": %s", named(a.Txns)) + " come before themselves"
			}
			break
		}
	}
	return a, true
}

// missed is the anomaly of a reader that saw a register without a value, and had to see a transaction that wrote it.
func (w *weak) missed(edges []graph.Edge, n int) txn.Anomaly {
	r, x := w.r, w.nils[0]
	from := r.writes[x.from].Txn
	edges = append(edges, graph.Edge{From: x.reader, To: from, Kind: uint8(txn.RW)})
	d := r.deps(n, edges, r.explain, false)
	a := d.Anomaly(d.Cycle(judging.Question{Rule: txn.RuleAny, Also: w.also}, txn.RW))
	a.Key = r.h.Keys[r.h.Ops[x.read].Key]
	a.Reason = txn.Sayf("T%d read %s as nil, though it had to see T%d, which wrote %s", x.reader, a.Key, from, r.h.Spell(r.writes[x.from].Value))
	return a
}

// why returns what an order of two transactions was inferred from, or nil.
func (w *weak) why(e txn.Edge) *inferred {
	for i, x := range w.out {
		if w.r.writes[x.from].Txn == e.From && w.r.writes[x.to].Txn == e.To {
			return &w.out[i]
		}
	}
	return nil
}

// explain is registers.explain, which knows inferred orders as well.
func (w *weak) explain(from, to int32, kind txn.EdgeKind) txn.Edge {
	r := w.r
	x := w.why(txn.Edge{From: from, To: to})
	if kind != txn.WW || x == nil {
		return r.explain(from, to, kind)
	}
	e := r.ordered(x.from, x.to)
	e.Reason = txn.Sayf("wrote %s to %s, and T%d, which had to see that, read %s", r.h.Spell(r.writes[x.from].Value),
		e.Key, x.reader, r.h.Spell(r.writes[x.to].Value))
	return e
}
