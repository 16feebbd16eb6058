package judging

import (
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
)

// Kinds of edges that only graphs have, beside those of [txn.EdgeKind].
const (
	// RWHelp leads from readers to a helper from which rw edges lead to all that they missed.
	RWHelp txn.EdgeKind = 1 << (5 + iota)
	// WWCursor orders two unread writes of a key because one of the two transactions had read the key before, and would lose an update.
	WWCursor
	// WWAtomic orders two unread writes of a key because one of the two transactions misses another write of the other.
	WWAtomic
)

// wwChosen orders two unread writes of a key because one of the orders has to be tried.
const wwChosen = WWAtomic

// Cycles of models are made of these.
const (
	AnyWW = txn.WW | WWCursor | WWAtomic
	AnyRW = txn.RW | RWHelp
)

// Deps are the dependencies of a history. Its nodes are the transactions, by their numbers, and helpers.
type Deps struct {
	History *txn.History
	Graph   *graph.Graph
	explain func(from, to int32, kind txn.EdgeKind) txn.Edge // says what was observed; for WW, WR and RW, and the kinds of ww edges below
	comps   map[graph.Walk]*graph.Components
	answers map[Question]bool
	single  map[txn.EdgeKind][]graph.Single // by mask: see singles
	updates *[]graph.Edge                   // see update; nil if it was not asked for

	readsOnly func(v int32) bool        // whether a node that is no helper only reads
	Unread    [][]int32                 // transactions that appended to one key what was never read, if several did
	chosen    map[Question][]graph.Edge // a cycle of one order of those, if each gives one
}

// NewDeps adds the orders of sessions and of real time to the edges of a history. Only transactions that count have them.
func NewDeps(h *txn.History, counts func(t int32) bool, nodes int, edges []graph.Edge, explain func(from, to int32, kind txn.EdgeKind) txn.Edge) *Deps {
	edges = AddSessions(h, counts, edges)
	rank := make([]int32, nodes, nodes+nodes/2)
	for t := range rank {
		rank[t] = int32(t)
	}
	if !h.Untimed {
		edges, rank = addRealTime(h, counts, edges, rank)
	}
	nodes = len(rank)
	d := &Deps{History: h, explain: explain, comps: map[graph.Walk]*graph.Components{}, answers: map[Question]bool{}, chosen: map[Question][]graph.Edge{}, readsOnly: h.ReadsOnly}
	d.Graph = graph.Build(nodes, len(h.Txns), edges)
	d.Graph.Rank = rank
	d.Graph.Around = func(from, to int32) uint8 {
		if from < int32(len(h.Txns)) && to < int32(len(h.Txns)) && !h.Untimed && h.Txns[from].End < h.Txns[to].Begin {
			return uint8(txn.RT)
		}
		return 0
	}
	return d
}

// AddSessions adds an edge from each transaction to the next of its session.
func AddSessions(h *txn.History, counts func(t int32) bool, edges []graph.Edge) []graph.Edge {
	last := make([]int32, h.Sessions)
	for i := range last {
		last[i] = -1
	}
	for t := range int32(len(h.Txns)) {
		if !counts(t) {
			continue
		}
		s := h.Txns[t].Session
		if last[s] >= 0 {
			edges = append(edges, graph.Edge{From: last[s], To: t, Kind: uint8(txn.SO)})
		}
		last[s] = t
	}
	return edges
}

// addRealTime adds edges from each transaction to those that began after it ended: by a chain of helpers, each of which stands for all
// that ended before a moment. It adds their ranks.
func addRealTime(h *txn.History, counts func(t int32) bool, edges []graph.Edge, rank []int32) ([]graph.Edge, []int32) {
	end := int32(0)
	for _, t := range h.Txns {
		end = max(end, t.Begin+1)
		if t.End != txn.Never {
			end = max(end, t.End+1)
		}
	}
	at := make([]int32, end) // what happens at each position: 2t+1 for the beginning of t, 2t+2 for its end
	for t, x := range h.Txns {
		if !counts(int32(t)) {
			continue
		}
		if x.Begin >= 0 {
			at[x.Begin] = int32(2*t + 1)
		}
		if x.End != txn.Never {
			at[x.End] = int32(2*t + 2)
		}
	}
	helper, used := int32(-1), true
	for _, what := range at {
		t := (what - 1) / 2
		switch {
		case what == 0:
		case what%2 == 1:
			if helper >= 0 {
				edges, used = append(edges, graph.Edge{From: helper, To: t, Kind: uint8(txn.RT)}), true
			}
		default:
			if used {
				if helper >= 0 {
					edges = append(edges, graph.Edge{From: helper, To: int32(len(rank)), Kind: uint8(txn.RT)})
				}
				helper, used = int32(len(rank)), false
				rank = append(rank, t)
			}
			edges = append(edges, graph.Edge{From: t, To: helper, Kind: uint8(txn.RT)})
		}
	}
	return edges, rank
}

// WalkOf returns which cycles a rule is about.
func WalkOf(r txn.Rule, also txn.EdgeKind) graph.Walk {
	switch r {
	case txn.RuleWW:
		return graph.Walk{Mask: uint8(txn.WW | also)}
	case txn.RuleWWWR:
		return graph.Walk{Mask: uint8(txn.WW | txn.WR | also)}
	case txn.RuleCursor:
		return graph.Walk{Mask: uint8(txn.WW | WWCursor | txn.WR | also)}
	case txn.RuleAtomic:
		return graph.Walk{Mask: uint8(AnyWW | txn.WR | also)}
	case txn.RuleSI:
		return graph.Walk{Mask: uint8(AnyWW | txn.WR | AnyRW | also), Late: uint8(txn.RW), Strict: uint8(AnyRW)}
	case txn.RulePrefix:
		return graph.Walk{Mask: uint8(txn.WW | txn.WR | AnyRW | also), Late: uint8(txn.RW | txn.WW), Strict: uint8(AnyRW)}
	}
	return graph.Walk{Mask: uint8(AnyWW | txn.WR | AnyRW | also)}
}

// Components returns the components of the graph for a walk. Questions share walks, so that they are kept.
func (d *Deps) Components(w graph.Walk) *graph.Components {
	c, ok := d.comps[w]
	if !ok {
		c = d.Graph.Components(w)
		d.comps[w] = c
	}
	return c
}

// Cyclic reports whether there is a cycle that the question asks for.
func (d *Deps) Cyclic(q Question) bool {
	if yes, ok := d.answers[q]; ok {
		return yes
	}
	yes := false
	switch q.Rule {
	case txn.RuleSingle:
		mask := AnyWW | txn.WR | q.Also
		yes = d.Components(graph.Walk{Mask: uint8(mask)}).Cyclic > 0 || len(d.singles(mask)) > 0
	case txn.RuleUpdate:
		yes = d.Cyclic(Question{txn.RuleAny, 0}) && d.update() != nil
	default:
		yes = d.Components(WalkOf(q.Rule, q.Also)).Cyclic > 0
	}
	d.answers[q] = yes
	return yes
}

// Cycle returns a short cycle that the question asks for, with an edge of one of the kinds in through; nil if there is none such.
func (d *Deps) Cycle(q Question, through txn.EdgeKind) []graph.Edge {
	if c := d.chosen[q]; c != nil {
		return c
	}
	switch q.Rule {
	case txn.RuleSingle:
		mask := AnyWW | txn.WR | q.Also
		w := graph.Walk{Mask: uint8(mask)}
		if c := d.Components(w); c.Cyclic > 0 {
			return d.Graph.ShortCycle(w, uint8(through&mask), c)
		}
		return d.Graph.ShortSingle(d.singles(mask), uint8(mask|RWHelp))
	case txn.RuleUpdate:
		return d.update()
	}
	w := WalkOf(q.Rule, q.Also)
	return d.Graph.ShortCycle(w, uint8(through)&w.Mask, d.Components(w))
}

// singles returns rw edges that close a cycle with edges of other kinds, which are acyclic.
func (d *Deps) singles(mask txn.EdgeKind) []graph.Single {
	if d.Components(graph.Walk{Mask: uint8(mask | AnyRW)}).Cyclic == 0 {
		return nil
	}
	all, known := d.single[mask]
	if !known {
		all = d.Graph.Singles(uint8(mask|RWHelp), uint8(txn.RW))
		if d.single == nil {
			d.single = map[txn.EdgeKind][]graph.Single{}
		}
		d.single[mask] = all
	}
	return all
}

// Anomaly makes an anomaly of a cycle.
func (d *Deps) Anomaly(cycle []graph.Edge) txn.Anomaly {
	cycle = slices.Clone(cycle)
	first := 0
	for i, e := range cycle { // begin with the transaction that began first
		if e.From < cycle[first].From {
			first = i
		}
	}
	cycle = append(cycle[first:], cycle[:first]...)
	a := txn.Anomaly{}
	for _, e := range cycle {
		a.Txns = append(a.Txns, e.From)
		a.Edges = append(a.Edges, d.edge(e))
	}
	a.Type = CycleType(a.Edges)
	a.Reason = CycleReason(a)
	return a
}

// edge explains an edge: by the kind that is the easiest to see if there are several between the two.
func (d *Deps) edge(e graph.Edge) txn.Edge {
	kind := txn.EdgeKind(e.Kind)
	switch {
	case kind&AnyRW != 0:
		kind = txn.RW
	}
	switch kind {
	case txn.SO:
		return d.History.SessionEdge(e.From, e.To)
	case txn.RT:
		return txn.Edge{From: e.From, To: e.To, Kind: txn.RT, Reason: txn.Sayf("had ended %sbefore the other began", d.History.Gap(e.From, e.To))}
	}
	return d.explain(e.From, e.To, kind)
}

// CycleType names a cycle as Elle does.
func CycleType(edges []txn.Edge) string {
	var kinds txn.EdgeKind
	anti, adjacent, predicate := 0, false, false
	for i, e := range edges {
		kinds |= e.Kind
		predicate = predicate || e.Predicate
		if e.Kind == txn.RW {
			anti++
			adjacent = adjacent || edges[(i+1)%len(edges)].Kind == txn.RW
		}
	}
	name := "G0"
	item := !predicate
	switch {
	case anti == 1:
		name = "G-single"
	case anti > 1 && adjacent:
		name = "G2"
	case anti > 1:
		name = "G-nonadjacent"
	case kinds&txn.WR != 0:
		name, item = "G1c", false
	default:
		item = false
	}
	if item {
		name += "-item"
	}
	switch {
	case kinds&txn.RT != 0:
		name += "-realtime"
	case kinds&txn.SO != 0:
		name += "-process"
	}
	return name
}

// says has what a cycle of each kind means, and its common name.
var says = map[string][2]string{
	"G0":            {"%d transactions overwrote each other", "dirty write"},
	"G1c":           {"%d transactions each depend on what another wrote", "circular information flow"},
	"G-single":      {"one of %d transactions saw a part of what others did, and missed a part", "read skew"},
	"G-nonadjacent": {"%d transactions saw writes in different orders", "long fork"},
	"G2":            {"%d transactions each read what another was about to replace", "write skew"},

	"G0-process":            {"%d transactions wrote against the order of a session", "non-monotonic writes"},
	"G1c-process":           {"%d transactions saw each other against the order of a session", "circular information flow"},
	"G-single-process":      {"one of %d transactions missed what its session had seen or done", "a session that went back"},
	"G-nonadjacent-process": {"%d transactions saw writes in different orders, against the order of a session", "long fork"},
	"G2-process":            {"%d transactions each read what another was about to replace, against the order of a session", "write skew"},

	"G0-realtime":            {"one of %d transactions overwrote another that began after it had ended", "writes out of order"},
	"G1c-realtime":           {"one of %d transactions saw what began after it had ended", "a read from the future"},
	"G-single-realtime":      {"one of %d transactions missed what had ended before it began", "stale read"},
	"G-nonadjacent-realtime": {"%d transactions saw writes in different orders, against real time", "long fork"},
	"G2-realtime":            {"%d transactions each read what another was about to replace, against real time", "write skew"},
}

// CycleReason says in one sentence what a cycle means.
func CycleReason(a txn.Anomaly) txn.Text {
	s, ok := says[strings.Replace(a.Type, "-item", "", 1)]
	if !ok {
		return txn.Text(a.Type)
	}
	name := s[1]
	if strings.HasPrefix(a.Type, "G2") && slices.ContainsFunc(a.Edges, func(e txn.Edge) bool { return e.Predicate }) {
		name = "phantom"
	}
	return txn.Sayf(s[0]+" (%s)", len(a.Txns), name)
}
