package txn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker/txn/internal/graph"
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
	d      *deps
	q      question
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

func (r *registers) newSearch(d *deps, q question) *search {
	s := &search{r: r, d: d, q: q, n: int32(len(r.h.Txns)), events: q.rule == ruleSI || q.rule == rulePrefix}
	s.p = &polygraph.Problem{Nodes: d.g.N, Steps: cmp.Or(r.o.Steps, defaultSteps), Dense: 40_000}
	if q.rule == ruleSingle || q.rule == ruleUpdate {
		s.p.Theory = polygraph.Single
	}
	if s.events {
		s.p.Nodes += int(s.n)
		for t := range s.n {
			s.p.Known = append(s.p.Known, polygraph.Edge{From: s.begin(t), To: s.commit(t)})
		}
	}
	mask := q.rule.walk(q.also).Mask
	for v := range int32(d.g.N) {
		for i := d.g.First[v]; i < d.g.First[v+1]; i++ {
			if d.g.Kind[i]&mask != 0 {
				s.p.Known = append(s.p.Known, s.edge(v, d.g.To[i], EdgeKind(d.g.Kind[i])))
			}
		}
	}
	s.p.First = s.byTime()
	s.findChains()
	return s
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
func (s *search) edge(from, to int32, kind EdgeKind) polygraph.Edge {
	e := polygraph.Edge{From: s.commit(from), To: s.begin(to), RW: kind == RW && s.p.Theory == polygraph.Single}
	if kind&anyRW != 0 {
		e.From = s.begin(from)
	}
	if kind == RW || kind == WW && s.q.rule == rulePrefix {
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
		if end == Never || h.Untimed {
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
		if s.q.rule == rulePrefix { // an update may be lost, so that versions stand alone
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
			if len(cs) > 1 && (s.q.rule == ruleSI || c.first != c.last) {
				s.span(k, i, s.begin(first), s.commit(last), spanOf{c.last, -1})
			}
		}
	}
	if s.q.rule == ruleCursor {
		return
	}
	for t := range s.n {
		for _, x := range r.readsOf(t) {
			if !x.late && x.version >= 0 && of[x.version] >= 0 && len(s.chains[x.key]) > 1 && (r.next[x.version] < 0 || s.q.rule == rulePrefix) {
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
		if s.q.rule == ruleUpdate {
			if !r.h.readsOnly(t) {
				es = append(es, polygraph.Edge{From: t, To: to})
				continue
			}
			for _, x := range r.readsOf(t) { // the one that only reads lies on a cycle if this leads back to what it read
				if w := r.writer(x.version); w >= 0 && w != to {
					es = append(es, polygraph.Edge{From: w, To: to, RW: true})
				}
			}
			continue
		}
		es = append(es, polygraph.Edge{From: t, To: to, RW: true})
	}
	return es
}

// searchAtomic decides update atomic: of each two transactions that write a key one sees the other, and so all that it wrote.
func (r *registers) searchAtomic(j *judging, known []graph.Edge, n int) {
	w := r.newWeak(0)
	w.direct(false)
	edges := known[:len(known):len(known)]
	for _, x := range w.out {
		edges = append(edges, graph.Edge{From: r.writes[x.from].txn, To: r.writes[x.to].txn, Kind: uint8(WW)})
	}
	d := r.deps(n, edges, w.explain, false)
	s := r.newSearch(d, question{ruleAtomic, 0})
	s.p.Points, s.p.Spans = nil, nil
	for k := range r.h.Keys {
		var vs []int32
		for v := r.first[k]; v < r.first[k+1]; v++ {
			if r.isVersion(v) {
				vs = append(vs, v)
			}
		}
		if len(s.p.Choices)+len(vs)*(len(vs)-1)/2 > maxPairs {
			j.unknown(UpdateAtomic, tooManyPairs)
			return
		}
		for i, a := range vs {
			for _, b := range vs[:i] {
				s.p.Choices = append(s.p.Choices, polygraph.Choice{A: s.sees(w, b, a), B: s.sees(w, a, b)})
			}
		}
	}
	s.decide(j, UpdateAtomic)
}

// sees returns the edges of the transaction of the second version seeing that of the first.
func (s *search) sees(w *weak, first, second int32) []polygraph.Edge {
	r := s.r
	a, b := r.writes[first].txn, r.writes[second].txn
	es := []polygraph.Edge{{From: a, To: b}}
	for _, x := range r.readsOf(b) {
		if v := w.versionOn(a, x.key); v >= 0 && v != x.version && !x.late {
			if x.version == ofNil {
				return append(es, polygraph.Edge{From: b, To: a}) // it misses that, so it can't
			}
			es = append(es, polygraph.Edge{From: a, To: r.writes[x.version].txn})
		}
	}
	return es
}

// A failure is a model for which no order of the versions exists.
type failure struct {
	model  Model
	search *search
	answer *polygraph.Answer
}

// searched are the models that a search decides.
var searched = []Model{StrictSerializable, Serializable, StrongSessionSerializable, StrongSnapshotIsolation, SnapshotIsolation,
	StrongSessionSnapshotIsolation, Prefix, RepeatableRead, StrongSessionParallelSnapshotIsolation, ParallelSnapshotIsolation, ConsistentView,
	UpdateSerializable, CursorStability}

// searchOrders decides models by searches for an order of the versions: first the strongest form of each rule, since most histories
// keep that, then the weakest, and what is between the two.
func (r *registers) searchOrders(j *judging, d *deps) {
	var failed []failure
	for _, m := range searched {
		spec := m.spec()
		if !j.useful(m) || spec.also&RT != 0 && d.h.Untimed {
			continue
		}
		s := r.newSearch(d, question{spec.rule, spec.also})
		if s.p.Theory == polygraph.Single && !s.listPairs() {
			j.unknown(m, tooManyPairs)
			continue
		}
		if a := s.solve(j, m); a.Verdict == polygraph.No {
			j.broken(m)
			failed = append(failed, failure{m, s, a})
		}
	}
	for _, f := range failed {
		if !slices.ContainsFunc(failed, func(o failure) bool { return o.model != f.model && f.model.Implies(o.model) }) {
			f.search.p.Explain(f.answer)
			j.addBreaking(f.model, f.search.anomaly(f.answer))
		}
	}
}

// useful reports whether a model is undecided, and its verdict may decide one that is wanted: either way, if that is the model itself or implies
// it, or because it would follow. With more orders among the known edges a search is easier.
func (j *judging) useful(m Model) bool {
	if j.decided[position[m]] {
		return false
	}
	return slices.ContainsFunc(searched, func(o Model) bool { return j.open(o) && (m.Implies(o) || o.Implies(m)) })
}

// solve searches, and notes an answer that breaks nothing.
func (s *search) solve(j *judging, m Model) *polygraph.Answer {
	a := s.p.Solve()
	switch a.Verdict {
	case polygraph.Yes:
		j.kept(m)
	case polygraph.Unknown:
		j.unknown(m, fmt.Sprintf("after %d steps the order of %d pairs of writes was still open", a.Steps, a.Open))
	}
	return a
}

// decide searches, and adds what breaks the model.
func (s *search) decide(j *judging, m Model) {
	if a := s.solve(j, m); a.Verdict == polygraph.No {
		s.p.Explain(a)
		j.addBreaking(m, s.anomaly(a))
	}
}

// anomaly tells a contradiction: the cycle that follows from each order of the writes that nothing observed decides.
func (s *search) anomaly(a *polygraph.Answer) Anomaly {
	if a.Cases == nil {
		return Anomaly{Type: "G2-item", Reason: fmt.Sprintf("no order of %d pairs of writes explains what was read", len(a.Needed))}
	}
	var cases []Case
	s.collect(a, a.Cases, nil, &cases)
	best := 0
	for i, c := range cases {
		if severity(cycleType(c.Cycle)) > severity(cycleType(cases[best].Cycle)) {
			best = i
		}
	}
	an := Anomaly{Type: cycleType(cases[best].Cycle), Edges: cases[best].Cycle}
	for _, e := range an.Edges {
		an.Txns = append(an.Txns, e.From)
	}
	an.Reason = cycleReason(an)
	if len(cases) > 1 {
		an.Cases = cases
		an.Reason = s.told(cases)
	}
	return an
}

// severity orders the types of cycles: the later, the more models allow it.
func severity(kind string) int {
	for i, prefix := range []string{"G0", "G1c", "G-single", "G-nonadjacent"} {
		if len(kind) >= len(prefix) && kind[:len(prefix)] == prefix {
			return i
		}
	}
	return 4
}

// told tells cases in one sentence.
func (s *search) told(cases []Case) string {
	var parts []string
	for _, c := range cases {
		var assumed []string
		for _, e := range c.Assumed {
			assumed = append(assumed, fmt.Sprintf("T%d wrote %s to %s before T%d wrote %s", e.From, e.Value, e.Key, e.To, e.Next))
		}
		var txns []int32
		for _, e := range c.Cycle {
			txns = append(txns, e.From)
		}
		parts = append(parts, fmt.Sprintf("%s, and then %s come before themselves", strings.Join(assumed, " and "), named(txns)))
		if len(parts) == 4 && len(cases) > 5 {
			parts = append(parts, fmt.Sprintf("%d more orders do no better", len(cases)-4))
			break
		}
	}
	return "either " + strings.Join(parts, "; or ")
}

// named lists transactions.
func named(ts []int32) string {
	var b strings.Builder
	for i, t := range ts {
		switch {
		case i == 4 && len(ts) > 5:
			fmt.Fprintf(&b, " and %d more", len(ts)-4)
			return b.String()
		case i > 0 && i == len(ts)-1:
			b.WriteString(" and ")
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "T%d", t)
	}
	return b.String()
}

// collect lists the cycles of cases, each with what was assumed on the way.
func (s *search) collect(a *polygraph.Answer, c *polygraph.Case, assumed []Edge, out *[]Case) {
	if c.Cycle != nil {
		*out = append(*out, Case{Assumed: slices.Clone(assumed), Cycle: s.cycle(c.Cycle)})
		return
	}
	n := a.Needed[c.Need]
	for _, side := range []struct {
		edges []polygraph.Edge
		then  *polygraph.Case
	}{{n.Side.A, c.A}, {n.Side.B, c.B}} {
		s.collect(a, side.then, append(assumed, s.assumption(n, side.edges)), out)
	}
}

// assumption tells a side of a choice as an edge between transactions.
func (s *search) assumption(n polygraph.Needed, side []polygraph.Edge) Edge {
	if n.Choice < 0 {
		sp := s.spans[n.Span]
		chains, own := s.chains[s.p.Spans[n.Span].Key], s.p.Spans[n.Span].Own
		c := chains[n.Point]
		from, to := c.last, chains[own].first
		if slices.Equal(side, n.Side.B) {
			from, to = sp.version, c.first
		}
		return s.r.ordered(from, to)
	}
	from, to := side[0].From, side[0].To
	return s.r.explain(from, to, WW)
}

// ordered is the edge that one version came before another.
func (r *registers) ordered(from, to int32) Edge {
	a, b := r.writes[from], r.writes[to]
	e := Edge{From: a.txn, To: b.txn, Kind: WW}
	r.fill(&e, r.h.Ops[a.op].Key, a.value, b.value, "wrote %s to %s before %s was written to it", r.h.value(a.value), r.h.Keys[r.h.Ops[a.op].Key], r.h.value(b.value))
	return e
}

// cycle makes a cycle of transactions of one of the polygraph, without helpers.
func (s *search) cycle(es []polygraph.Edge) []Edge {
	var out []graph.Edge
	for _, e := range es {
		from, to := s.txn(e.From), s.txn(e.To)
		if from == to {
			continue
		}
		kind := s.kind(e)
		if n := len(out); from >= s.n && n > 0 {
			out[n-1].To = to
			continue
		}
		out = append(out, graph.Edge{From: from, To: to, Kind: uint8(kind)})
	}
	for len(out) > 1 && out[0].From >= s.n { // begins at a helper
		out[len(out)-1].To = out[0].To
		out = out[1:]
	}
	return s.d.anomaly(out).Edges
}

func (s *search) txn(node int32) int32 {
	switch {
	case !s.events:
		return node
	case node >= 2*s.n:
		return node - s.n
	}
	return node / 2
}

// kind is the kind of the dependency that an edge of the polygraph is.
func (s *search) kind(e polygraph.Edge) EdgeKind {
	from, to := s.txn(e.From), s.txn(e.To)
	kind := EdgeKind(0)
	for i := s.d.g.First[from]; i < s.d.g.First[from+1]; i++ {
		k := EdgeKind(s.d.g.Kind[i])
		if s.d.g.To[i] == to && k&EdgeKind(s.q.rule.walk(s.q.also).Mask) != 0 && s.edge(from, to, k) == e && (kind == 0 || k < kind) {
			kind = k
		}
	}
	switch {
	case kind != 0:
		return kind
	case from >= s.n || to >= s.n:
		return WW
	case s.events && e.From == s.begin(from), e.RW:
		return RW
	case s.r.misses(from, to):
		return RW
	}
	return WW
}

// misses reports whether two transactions write no key in common, so that what orders them is a read of the first.
func (r *registers) misses(from, to int32) bool {
	h := r.h
	for _, o := range h.OpsOf(from) {
		if o.F == Write && slices.ContainsFunc(h.OpsOf(to), func(p Op) bool { return p.F == Write && p.Key == o.Key }) {
			return false
		}
	}
	return true
}
