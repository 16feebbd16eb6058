package registers

import (
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/checker/txn/internal/polygraph"
)

// anomaly tells a contradiction: the cycle that follows from each order of the writes that nothing observed decides.
func (s *search) anomaly(a *polygraph.Answer) txn.Anomaly {
	if a.Cases == nil {
		return txn.Anomaly{Type: "G2-item", Reason: txn.Sayf("no order of %d pairs of writes explains what was read", len(a.Needed))}
	}
	var cases []txn.Case
	s.collect(a, a.Cases, nil, &cases)
	best := 0
	for i, c := range cases {
		if severity(judging.CycleType(c.Cycle)) > severity(judging.CycleType(cases[best].Cycle)) {
			best = i
		}
	}
	an := txn.Anomaly{Type: judging.CycleType(cases[best].Cycle), Edges: cases[best].Cycle}
	for _, e := range an.Edges {
		an.Txns = append(an.Txns, e.From)
	}
	an.Reason = judging.CycleReason(an)
	if len(cases) > 1 {
		an.Cases = cases
		an.Reason = s.listed(cases)
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

// listed tells cases in one sentence.
func (s *search) listed(cases []txn.Case) txn.Text {
	var parts []txn.Text
	for _, c := range cases {
		var assumed []txn.Text
		for _, e := range c.Assumed {
			assumed = append(assumed, txn.Sayf("T%d wrote %s to %s before T%d wrote %s", e.From, e.Value, e.Key, e.To, e.Next))
		}
		var txns []int32
		for _, e := range c.Cycle {
			txns = append(txns, e.From)
		}
		parts = append(parts, txn.Sayf("%s, and then %s come before themselves", txn.JoinTexts(assumed, " and "), named(txns)))
		if len(parts) == 4 && len(cases) > 5 {
			parts = append(parts, txn.Sayf("%d more orders do no better", len(cases)-4))
			break
		}
	}
	return "either " + txn.JoinTexts(parts, "; or ")
}

// named lists transactions.
func named(ts []int32) txn.Text {
	var b txn.Text
	for i, t := range ts {
		switch {
		case i == 4 && len(ts) > 5:
			return b + txn.Sayf(" and %d more", len(ts)-4)
		case i > 0 && i == len(ts)-1:
			b += " and "
		case i > 0:
			b += ", "
		}
		b += txn.Sayf("T%d", t)
	}
	return b
}

// collect lists the cycles of cases, each with what was assumed on the way.
func (s *search) collect(a *polygraph.Answer, c *polygraph.Case, assumed []txn.Edge, out *[]txn.Case) {
	if c.Cycle != nil {
		cycle := s.cycle(c.Cycle)
		for _, e := range cycle {
			if !assumes(assumed, e) {
				*out = append(*out, txn.Case{Assumed: slices.Clone(assumed), Cycle: cycle})
				return
			}
		}
		return // assumptions that contradict each other
	}
	n := a.Needed[c.Need]
	for _, side := range []struct {
		edges []polygraph.Edge
		then  *polygraph.Case
	}{{n.Side.A, c.A}, {n.Side.B, c.B}} {
		then := assumed[:len(assumed):len(assumed)]
		if e := s.assumption(n, side.edges); !assumes(assumed, e) {
			then = append(then, e)
		}
		s.collect(a, side.then, then, out)
	}
}

// assumes reports whether an order of two transactions is assumed.
func assumes(assumed []txn.Edge, e txn.Edge) bool {
	return e.Kind == txn.WW && slices.ContainsFunc(assumed, func(a txn.Edge) bool { return a.From == e.From && a.To == e.To })
}

// assumption tells a side of a choice as an edge between transactions.
func (s *search) assumption(n polygraph.Needed, side []polygraph.Edge) txn.Edge {
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
	return s.r.explain(from, to, txn.WW)
}

// ordered is the edge that one version came before another.
func (r *registers) ordered(from, to int32) txn.Edge {
	a, b := r.writes[from], r.writes[to]
	e := txn.Edge{From: a.Txn, To: b.Txn, Kind: txn.WW}
	r.fill(&e, r.h.Ops[a.Op].Key, a.Value, b.Value, "wrote %s to %s before %s was written to it", r.h.Spell(a.Value), r.h.Keys[r.h.Ops[a.Op].Key], r.h.Spell(b.Value))
	return e
}

// cycle makes a cycle of transactions of one of the polygraph, without helpers.
func (s *search) cycle(es []polygraph.Edge) []txn.Edge {
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
	return s.d.Anomaly(out).Edges
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
func (s *search) kind(e polygraph.Edge) txn.EdgeKind {
	from, to := s.txn(e.From), s.txn(e.To)
	kind := txn.EdgeKind(0)
	for i := s.d.Graph.First[from]; i < s.d.Graph.First[from+1]; i++ {
		k := txn.EdgeKind(s.d.Graph.Kind[i])
		if s.d.Graph.To[i] == to && k&txn.EdgeKind(judging.WalkOf(s.q.Rule, s.q.Also).Mask) != 0 && s.edge(from, to, k) == e && (kind == 0 || k < kind) {
			kind = k
		}
	}
	switch {
	case kind != 0:
		return kind
	case from >= s.n || to >= s.n:
		return txn.WW
	case s.events && e.From == s.begin(from), e.RW:
		return txn.RW
	case s.r.misses(from, to):
		return txn.RW
	}
	return txn.WW
}

// misses reports whether two transactions write no key in common, so that what orders them is a read of the first.
func (r *registers) misses(from, to int32) bool {
	h := r.h
	for _, o := range h.OpsOf(from) {
		if o.F == txn.Write && slices.ContainsFunc(h.OpsOf(to), func(p txn.Op) bool { return p.F == txn.Write && p.Key == o.Key }) {
			return false
		}
	}
	return true
}
