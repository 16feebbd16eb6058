package registers

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/checker/txn/internal/polygraph"
)

const (
	// maxPairs is for how many pairs of writes each order may be listed, where a search needs the list.
	maxPairs = 300_000
)

var tooManyPairs = fmt.Sprintf("the order of more than %d pairs of writes is open, too many to list", maxPairs)

// A search is the question whether an order of the versions exists under which a model's rule forbids nothing, as a polygraph.
//
// Serializability orders transactions. Snapshot isolation and prefix consistency order begins and commits: what a transaction reads
// was committed before it began. The rules that allow cycles of several anti-dependencies keep those apart as edges of their own.
type search struct {
	r      *registers
	d      *judging.Deps
	q      judging.Question
	p      *polygraph.Problem
	events bool
	n      int32 // transactions
	chains [][]versionChain
	spans  []spanOf // of each span, which version it is about
}

// A spanOf says what a span is: the stretch of a chain, or from a version to a reader of it.
type spanOf struct {
	version int32
	reader  int32 // or -1
}

func (r *registers) newSearch(d *judging.Deps, q judging.Question) *search {
	s := &search{r: r, d: d, q: q, n: int32(len(r.h.Txns)), events: q.Rule == txn.RuleSI || q.Rule == txn.RulePrefix}
	s.p = &polygraph.Problem{Nodes: d.Graph.N, Steps: cmp.Or(r.o.Steps, judging.DefaultSteps), Dense: 40_000}
	if q.Rule == txn.RuleSingle || q.Rule == txn.RuleUpdate {
		s.p.Theory = polygraph.Single
	}
	if s.events {
		s.p.Nodes += int(s.n)
		for t := range s.n {
			s.p.Known = append(s.p.Known, polygraph.Edge{From: s.begin(t), To: s.commit(t)})
		}
	}
	if q.Rule == txn.RuleUpdate {
		s.knowUpdates()
	} else {
		s.know()
	}
	s.p.First = s.byTime()
	s.findChains()
	return s
}

// know makes known edges of the dependencies.
func (s *search) know() {
	g, mask := s.d.Graph, judging.WalkOf(s.q.Rule, s.q.Also).Mask
	for v := range int32(g.N) {
		for i := g.First[v]; i < g.First[v+1]; i++ {
			if g.Kind[i]&mask != 0 {
				s.p.Known = append(s.p.Known, s.edge(v, g.To[i], txn.EdgeKind(g.Kind[i])))
			}
		}
	}
}

// knowUpdates makes known edges of the dependencies between transactions that write. One that only reads stands for the edges from what it
// read to what it missed: a cycle may have one of those at most.
func (s *search) knowUpdates() {
	r, g := s.r, s.d.Graph
	for v := range int32(g.N) {
		if v < s.n && r.h.ReadsOnly(v) {
			continue
		}
		for i := g.First[v]; i < g.First[v+1]; i++ {
			to, kind := g.To[i], txn.EdgeKind(g.Kind[i])
			if kind&(judging.AnyWW|txn.WR|judging.AnyRW) != 0 && (to >= s.n || !r.h.ReadsOnly(to)) {
				s.p.Known = append(s.p.Known, polygraph.Edge{From: v, To: to})
			}
		}
	}
	for t := range s.n {
		if !r.h.ReadsOnly(t) {
			continue
		}
		for i := g.First[t]; i < g.First[t+1]; i++ {
			if txn.EdgeKind(g.Kind[i])&judging.AnyRW != 0 {
				s.p.Known = append(s.p.Known, s.through(t, g.To[i])...)
			}
		}
	}
}

// through returns the edges that a transaction which only reads stands for: from whose writes it read to one that it missed. If it read
// from that one, too, there is a cycle at once.
func (s *search) through(t, missed int32) (es []polygraph.Edge) {
	for _, x := range s.r.readsOf(t) {
		if w := s.r.writer(x.version); w >= 0 {
			es = append(es, polygraph.Edge{From: w, To: missed, RW: w != missed})
		}
	}
	return es
}

// begin and commit are the nodes of a transaction; helpers stand after all of those.
func (s *search) begin(t int32) int32 {
	switch {
	case !s.events:
		return t
	case t >= s.n:
		return t + s.n
	}
	return 2 * t
}

func (s *search) commit(t int32) int32 {
	if s.events && t < s.n {
		return 2*t + 1
	}
	return s.begin(t)
}

// edge is a dependency as an edge of the polygraph.
func (s *search) edge(from, to int32, kind txn.EdgeKind) polygraph.Edge {
	e := polygraph.Edge{From: s.commit(from), To: s.begin(to), RW: kind == txn.RW && s.p.Theory == polygraph.Single}
	if kind&judging.AnyRW != 0 {
		e.From = s.begin(from)
	}
	if kind == txn.RW || kind == txn.WW && s.q.Rule == txn.RulePrefix {
		e.To = s.commit(to)
	}
	return e
}

// byTime returns the nodes by when transactions ended, which is the order that a store most likely took.
func (s *search) byTime() []int32 {
	h := s.r.h
	type moment struct{ at, node int32 }
	moments := make([]moment, 0, s.p.Nodes)
	for t, x := range h.Txns {
		end := x.End
		if end == txn.Never || h.Untimed {
			end = x.Begin
		}
		if s.events {
			moments = append(moments, moment{x.Begin, s.begin(int32(t))})
		}
		moments = append(moments, moment{end, s.commit(int32(t))})
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	first := make([]int32, 0, s.p.Nodes)
	for _, m := range moments {
		first = append(first, m.node)
	}
	for v := int32(len(first)); v < int32(s.p.Nodes); v++ {
		first = append(first, v)
	}
	return first
}

// findChains makes points of the versions, and spans of chains and reads.
func (s *search) findChains() {
	r := s.r
	of := filled(len(r.writes))
	s.chains = make([][]versionChain, len(r.h.Keys))
	for k := range int32(len(r.h.Keys)) {
		if s.q.Rule == txn.RulePrefix { // an update may be lost, so that versions stand alone
			for w := r.first[k]; w < r.first[k+1]; w++ {
				if r.isVersion(w) {
					of[w] = int32(len(s.chains[k]))
					s.chains[k] = append(s.chains[k], versionChain{w, w})
				}
			}
		} else {
			s.chains[k] = r.chainsOf(k, of)
		}
	}
	if s.p.Theory == polygraph.Single {
		return
	}
	s.p.Points = make([][]polygraph.Point, len(s.chains))
	for k, cs := range s.chains {
		for i, c := range cs {
			first, last := r.writer(c.first), r.writer(c.last)
			s.p.Points[k] = append(s.p.Points[k], polygraph.Point{First: s.commit(first), Last: s.commit(last)})
			if len(cs) > 1 && (s.q.Rule == txn.RuleSI || c.first != c.last) {
				s.span(k, i, s.begin(first), s.commit(last), spanOf{c.last, -1})
			}
		}
	}
	if s.q.Rule == txn.RuleCursor {
		return
	}
	for t := range s.n {
		for _, x := range r.readsOf(t) {
			if !x.late && x.version >= 0 && of[x.version] >= 0 && len(s.chains[x.key]) > 1 && (r.next[x.version] < 0 || s.q.Rule == txn.RulePrefix) {
				s.span(int(x.key), int(of[x.version]), s.commit(r.writer(x.version)), s.begin(t), spanOf{x.version, t})
			}
		}
	}
}

func (s *search) span(key, own int, from, to int32, of spanOf) {
	s.p.Spans = append(s.p.Spans, polygraph.Span{Key: int32(key), Own: int32(own), From: from, To: to})
	s.spans = append(s.spans, of)
}

// listPairs lists the two orders of each pair of chains that is open, for rules that are no orders of all transactions. It reports
// false if they are too many.
func (s *search) listPairs() bool {
	r := s.r
	readers := map[int32][]int32{} // by version
	for t := range s.n {
		for _, x := range r.readsOf(t) {
			if x.version >= 0 && !x.late {
				readers[x.version] = append(readers[x.version], t)
			}
		}
	}
	for _, cs := range s.chains {
		if len(s.p.Choices)+len(cs)*(len(cs)-1)/2 > maxPairs {
			return false
		}
		for i, a := range cs {
			for _, b := range cs[:i] {
				s.p.Choices = append(s.p.Choices, polygraph.Choice{A: s.follows(b, a, readers), B: s.follows(a, b, readers)})
			}
		}
	}
	return true
}

// follows returns the edges of one chain after another.
func (s *search) follows(a, b versionChain, readers map[int32][]int32) []polygraph.Edge {
	r := s.r
	to := r.writer(b.first)
	es := []polygraph.Edge{{From: r.writer(a.last), To: to}}
	for _, t := range readers[a.last] {
		if t == to {
			continue
		}
		if s.q.Rule == txn.RuleUpdate {
			if !r.h.ReadsOnly(t) {
				es = append(es, polygraph.Edge{From: t, To: to})
				continue
			}
			es = append(es, s.through(t, to)...)
			continue
		}
		es = append(es, polygraph.Edge{From: t, To: to, RW: true})
	}
	return es
}

// searchAtomic decides update atomic: of each two transactions that write a key one sees the other, and so all that it wrote.
func (r *registers) searchAtomic(j *judging.Case, known []graph.Edge, n int) {
	w := r.newWeak(0)
	w.direct(false)
	edges := known[:len(known):len(known)]
	for _, x := range w.out {
		edges = append(edges, graph.Edge{From: r.writes[x.from].Txn, To: r.writes[x.to].Txn, Kind: uint8(txn.WW)})
	}
	d := r.deps(n, edges, w.explain, false)
	s := r.newSearch(d, judging.Question{Rule: txn.RuleAtomic, Also: 0})
	s.p.Points, s.p.Spans = nil, nil
	for k := range r.h.Keys {
		var vs []int32
		for v := r.first[k]; v < r.first[k+1]; v++ {
			if r.isVersion(v) {
				vs = append(vs, v)
			}
		}
		if len(s.p.Choices)+len(vs)*(len(vs)-1)/2 > maxPairs {
			j.Unknown(txn.UpdateAtomic, tooManyPairs)
			return
		}
		for i, a := range vs {
			for _, b := range vs[:i] {
				s.p.Choices = append(s.p.Choices, polygraph.Choice{A: s.sees(w, b, a), B: s.sees(w, a, b)})
			}
		}
	}
	s.decide(j, txn.UpdateAtomic)
}

// sees returns the edges of the transaction of the second version seeing that of the first.
func (s *search) sees(w *weak, first, second int32) []polygraph.Edge {
	r := s.r
	a, b := r.writes[first].Txn, r.writes[second].Txn
	es := []polygraph.Edge{{From: a, To: b}}
	for _, x := range r.readsOf(b) {
		if v := w.versionOn(a, x.key); v >= 0 && v != x.version && !x.late {
			if x.version == ofNil {
				return append(es, polygraph.Edge{From: b, To: a}) // it misses that, so it can't
			}
			es = append(es, polygraph.Edge{From: a, To: r.writes[x.version].Txn})
		}
	}
	return es
}

// A failure is a model for which no order of the versions exists.
type failure struct {
	model  txn.Model
	search *search
	answer *polygraph.Answer
}

// searched are the models that a search decides.
var searched = []txn.Model{txn.StrictSerializable, txn.Serializable, txn.StrongSessionSerializable, txn.StrongSnapshotIsolation, txn.SnapshotIsolation,
	txn.StrongSessionSnapshotIsolation, txn.Prefix, txn.RepeatableRead, txn.StrongSessionParallelSnapshotIsolation, txn.ParallelSnapshotIsolation, txn.ConsistentView,
	txn.UpdateSerializable, txn.CursorStability}

// searchOrders decides models by searches for an order of the versions: first the strongest form of each rule, since most histories
// keep that, then the weakest, and what is between the two.
func (r *registers) searchOrders(j *judging.Case, d *judging.Deps) {
	var failed []failure
	for _, m := range searched {
		spec := m.Spec()
		if !useful(j, m) || spec.Also&txn.RT != 0 && d.History.Untimed {
			continue
		}
		s := r.newSearch(d, judging.Question{Rule: spec.Rule, Also: spec.Also})
		if s.p.Theory == polygraph.Single && !s.listPairs() {
			j.Unknown(m, tooManyPairs)
			continue
		}
		if a := s.solve(j, m); a.Verdict == polygraph.No {
			j.Broken(m)
			failed = append(failed, failure{m, s, a})
		}
	}
	for _, f := range failed {
		if !slices.ContainsFunc(failed, func(o failure) bool { return o.model != f.model && r.h.Implies(f.model, o.model) }) {
			f.search.p.Explain(f.answer)
			j.AddBreaking(f.model, f.search.anomaly(f.answer))
		}
	}
}

// solve searches, and notes an answer that breaks nothing.
func (s *search) solve(j *judging.Case, m txn.Model) *polygraph.Answer {
	a := s.p.Solve()
	switch a.Verdict {
	case polygraph.Yes:
		j.Kept(m)
	case polygraph.Unknown:
		j.Unknown(m, fmt.Sprintf("after %d steps the order of %d pairs of writes was still open", a.Steps, a.Open))
	}
	return a
}

// decide searches, and adds what breaks the model.
func (s *search) decide(j *judging.Case, m txn.Model) {
	if a := s.solve(j, m); a.Verdict == polygraph.No {
		s.p.Explain(a)
		j.AddBreaking(m, s.anomaly(a))
	}
}

// useful reports whether a model is undecided, and its verdict may decide one that is wanted: either way, if that is the model itself or implies
// it, or because it would follow. With more orders among the known edges a search is easier.
func useful(j *judging.Case, m txn.Model) bool {
	if j.Decided[txn.Position[m]] {
		return false
	}
	return slices.ContainsFunc(searched, func(o txn.Model) bool { return j.Open(o) && (j.Implies(m, o) || j.Implies(o, m)) })
}
