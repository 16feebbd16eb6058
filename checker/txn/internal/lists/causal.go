package lists

import (
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/history"
)

// A transaction that misses a write although a chain of others leads from that write to it violates causality, or a guarantee of
// sessions: which one depends on what the chain may be made of. A violation is a cycle with one edge that says "read without", to
// a write, and a chain back. To look for such a cycle, a transaction has up to five nodes, one for each part that it can have in it:
//
//	writer   its write was missed
//	session  what it knew at its end
//	source   its write carries what its session knew before
//	reader   it missed a write
//	appender it appended before what it should have come after
//
// If the chain may be anything, as for causality, all but the first are one. Guarantees that begin with a read are of single writes, which are
// nodes as well. Helpers stand for many: one for "an append to this key from this version on", which leads to the writers of those, and
// one for "who read this version or a later one".

// A chain says what a chain is made of.
type chain struct {
	kind    string // of the anomaly
	why     string
	before  string // the same of an append that came before another
	causal  bool   // of reads, in any number
	so      bool   // of sessions
	readAt  bool   // it begins with a read of what is missed: by a transaction of the session
	readEnd bool   // it ends with a read of what the session wrote
	appends bool   // an append may not come before what it should have come after
	either  bool   // it begins with a write that is missed, or with a read of it
}

// chains has those of monotonic writes, writes follow reads, and causality without sessions and with them. Read your writes and
// monotonic reads need no search: see [Lists.findSessions].
var chains = []chain{
	{kind: "non-monotonic-writes", so: true, readEnd: true, appends: true, why: "a later write of the same session had been seen (monotonic writes)",
		before: "its session had written that before (monotonic writes)"},
	{kind: "writes-before-reads", so: true, readAt: true, readEnd: true, appends: true, why: "a write of a session that had read it had been seen (writes follow reads)",
		before: "its session had read that before (writes follow reads)"},
	{kind: "causality-violation", causal: true, why: "it had seen a transaction that saw it (causality)"},
	{kind: "session-causality-violation", causal: true, so: true, why: "it had seen a transaction that saw it or followed it in a session (causality)"},
}

// writesOfSessions is the chain of monotonic writes or of writes follow reads: where there is none of it, both hold. Its anomaly is of one
// of the two.
var writesOfSessions = chain{so: true, readAt: true, readEnd: true, appends: true, either: true}

// Kinds of edges of these graphs: along is part of a chain.
const (
	along   = uint8(1)
	without = uint8(2)
	viaSO   = uint8(4) // marks along edges of sessions
)

// A chaining is a graph of a chain being made.
type chaining struct {
	l       *Lists
	c       chain
	n       int32 // transactions
	edges   []graph.Edge
	items   int32 // the node of the first append
	nodes   int32 // nodes that are no helpers
	later   int32 // of the first key: the helper for appends from version 1 on
	readers int32 // the helper for those that read up to version 1, as the beginning of a chain
	seen    int32 // the same for its end
	total   int32
	rank    []int32
	within  func(t int32) bool
}

func (g *chaining) writer(t int32) int32   { return t }
func (g *chaining) session(t int32) int32  { return g.role(t, 1) }
func (g *chaining) reader(t int32) int32   { return g.role(t, 2) }
func (g *chaining) appender(t int32) int32 { return g.role(t, 3) }
func (g *chaining) source(t int32) int32   { return g.role(t, 4) }

func (g *chaining) role(t, role int32) int32 {
	if g.c.causal {
		return t + g.n
	}
	return t + role*g.n
}

// txn returns the transaction of a node.
func (g *chaining) txn(node int32) int32 {
	if node >= g.items {
		return g.l.Appends[node-g.items].Txn
	}
	return node % g.n
}

func (g *chaining) add(from, to int32, kind uint8) {
	g.edges = append(g.edges, graph.Edge{From: from, To: to, Kind: kind})
}

// findChain returns the anomaly of a chain, if there is one. Causality is for histories that are read committed.
//
// Only transactions for which within is true are looked at.
func (l *Lists) findChain(c chain, within func(t int32) bool) (a txn.Anomaly, found bool) {
	g := &chaining{l: l, c: c, n: int32(len(l.H.Txns)), within: within}
	g.items = 5 * g.n
	if c.causal {
		g.items = 2 * g.n
	}
	versions := int32(len(l.writers)) + int32(len(l.Order)) // one more for each key: what was never read
	g.nodes = g.items + int32(len(l.Appends))
	g.later, g.readers, g.seen, g.total = g.nodes, g.nodes+versions, g.nodes+2*versions, g.nodes+3*versions
	g.rank = make([]int32, g.total)
	for v := range g.items {
		g.rank[v] = g.txn(v)
	}
	g.edges = l.scratch[:0]
	if g.edges == nil {
		g.edges = make([]graph.Edge, 0, 8*len(l.writers)+3*len(l.H.Ops)+6*len(l.H.Txns))
	}
	g.versions()
	g.transactions()
	l.scratch = g.edges
	built := graph.Build(int(g.total), int(g.nodes), g.edges)
	built.Rank, g.edges = g.rank, nil
	singles := built.Singles(along, without)
	if len(singles) == 0 {
		return a, false
	}
	return g.anomaly(built.ShortSingle(singles, along)), true
}

// versions adds the helpers of each key.
func (g *chaining) versions() {
	for k := range int32(len(g.l.Order)) {
		at := g.l.start[k] + k
		n := g.l.Order[k].Len
		for v := range n {
			g.add(g.later+at+v, g.later+at+v+1, along)
			if v+1 < n && (g.c.readAt || g.c.causal) {
				g.add(g.readers+at+v, g.readers+at+v+1, along)
			}
			if v+1 < n && g.c.readEnd {
				g.add(g.seen+at+v, g.seen+at+v+1, along)
			}
			w := g.l.writer(k, v+1)
			if w < 0 {
				continue
			}
			g.rank[g.later+at+v], g.rank[g.readers+at+v], g.rank[g.seen+at+v] = w, w, w
			if !g.within(w) {
				continue
			}
			append := g.l.versions(k)[v]
			g.missed(g.later+at+v, append, along)
			if g.c.readAt {
				g.add(g.items+append, g.readers+at+v, along)
			}
			if g.c.causal {
				g.add(g.writer(w), g.readers+at+v, along)
				g.add(g.session(w), g.readers+at+v, along)
			}
			if g.c.readEnd {
				g.add(g.source(w), g.seen+at+v, along)
			}
		}
		for i := g.l.First[k]; i < g.l.First[k+1]; i++ {
			a := g.l.Appends[i]
			g.rank[g.items+i] = a.Txn
			if a.at < 0 && g.l.committed[a.Txn] && g.within(a.Txn) {
				g.rank[g.later+at+n] = a.Txn
				g.missed(g.later+at+n, i, along)
			}
		}
	}
}

// missed adds an edge to where the chain to an append that was missed begins.
func (g *chaining) missed(from, append int32, kind uint8) {
	if g.c.readAt {
		g.add(from, g.items+append, kind)
	}
	if !g.c.readAt || g.c.either {
		g.add(from, g.writer(g.l.Appends[append].Txn), kind)
	}
}

// transactions adds what each transaction did, and sessions.
func (g *chaining) transactions() {
	l := g.l
	last := make([]int32, l.H.Sessions)
	for i := range last {
		last[i] = -1
	}
	for t := range g.n {
		if !l.committed[t] || !g.within(t) {
			continue
		}
		if s := l.H.Txns[t].Session; g.c.so {
			g.follow(last[s], t)
			last[s] = t
		}
		for i := l.H.Txns[t].First; i < l.H.Txns[t].Last; i++ {
			g.op(t, i)
		}
	}
}

// follow adds the edges of a session from one transaction, or from -1, to the next.
func (g *chaining) follow(before, t int32) {
	if !g.c.causal && (!g.c.readAt || g.c.either) {
		g.add(g.writer(t), g.session(t), along)
	}
	if before < 0 {
		return
	}
	known := g.session(before)
	g.add(known, g.session(t), along|viaSO)
	switch {
	case g.c.causal:
		g.add(g.writer(before), g.session(t), along|viaSO)
	case g.c.readEnd:
		g.add(known, g.source(t), along|viaSO)
	default:
		g.add(known, g.reader(t), along|viaSO)
	}
	if g.c.appends {
		g.add(known, g.appender(t), along|viaSO)
	}
}

func (g *chaining) op(t, i int32) {
	l := g.l
	o := l.H.Ops[i]
	at := l.start[o.Key] + o.Key
	switch {
	case o.F == txn.Append && g.c.appends:
		if a := l.Appends[l.of[i]].at; a >= 0 {
			g.add(g.appender(t), g.later+at+a+1, without)
		}
	case o.F != txn.Read || !o.Known || l.H.Txns[t].Type != history.OK:
	case l.odd[i] > 0:
		g.oddRead(t, o)
	default:
		g.add(g.reader(t), g.later+at+o.Len, without)
		v := o.Len
		for v > 0 && l.writer(o.Key, v) == t {
			v--
		}
		if v == 0 {
			return
		}
		if g.c.causal || g.c.readAt {
			g.add(g.readers+at+v-1, g.session(t), along)
		}
		if g.c.readEnd {
			g.add(g.seen+at+v-1, g.reader(t), along)
		}
	}
}

// oddRead adds the edges of a read that is no prefix of the longest, append by append.
func (g *chaining) oddRead(t int32, o txn.Op) {
	l := g.l
	read := map[int32]bool{}
	for _, v := range l.H.List(o) {
		a := l.append(o.Key, v)
		if a < 0 || !l.committed[l.Appends[a].Txn] {
			continue
		}
		read[a] = true
		if g.c.readAt {
			g.add(g.items+a, g.session(t), along)
		}
		if g.c.readEnd {
			g.add(g.source(l.Appends[a].Txn), g.reader(t), along)
		}
	}
	for a := l.First[o.Key]; a < l.First[o.Key+1]; a++ {
		if !read[a] && l.committed[l.Appends[a].Txn] {
			g.missed(g.reader(t), a, without)
		}
	}
}

// anomaly makes an anomaly of a cycle: each of its edges leads from a transaction to another, or to itself in another part.
func (g *chaining) anomaly(cycle []graph.Edge) txn.Anomaly {
	for i, e := range cycle { // begin with the one that missed a write
		if e.Kind&without != 0 {
			cycle = append(slices.Clone(cycle[i:]), cycle[:i]...)
			break
		}
	}
	says := g.c
	if g.c.either { // a write or a read of it, which the edge to what was missed tells
		says = chains[0]
		if cycle[0].To >= g.items {
			says = chains[1]
		}
	}
	a := txn.Anomaly{Type: says.kind}
	for _, e := range cycle {
		from, to := g.txn(e.From), g.txn(e.To)
		if from == to {
			continue
		}
		kind := txn.WR
		switch {
		case e.Kind&without != 0 && g.c.appends && e.From == g.appender(from):
			kind = txn.WW
		case e.Kind&without != 0:
			kind = txn.RW
		case e.Kind&viaSO != 0:
			kind = txn.SO
		}
		if n := len(a.Edges); n > 0 && kind == txn.SO && a.Edges[n-1].Kind == txn.SO { // a session is one edge
			a.Edges[n-1] = g.l.H.SessionEdge(a.Edges[n-1].From, to)
			continue
		}
		a.Txns = append(a.Txns, from)
		a.Edges = append(a.Edges, listGraph{g.l}.describe(from, to, kind))
	}
	if len(a.Edges) > 0 && a.Edges[0].Kind == txn.WW {
		a.Reason = txn.Sayf("the append of T%d to %s comes before that of T%d, though %s", a.Txns[0], a.Edges[0].Key, a.Edges[0].To, says.before)
	} else if len(a.Edges) > 0 {
		a.Reason = txn.Sayf("T%d %s, though %s", a.Txns[0], a.Edges[0].Reason, says.why)
	}
	return a
}

// describe says what was observed of a dependency that need not be one of neighbours.
func (l listGraph) describe(from, to int32, kind txn.EdgeKind) txn.Edge {
	if kind == txn.SO {
		return l.H.SessionEdge(from, to)
	}
	if e := l.explain(from, to, kind); e.Reason != "" {
		return e
	}
	h := l.H
	e := txn.Edge{From: from, To: to, Kind: kind}
	for i := h.Txns[from].First; i < h.Txns[from].Last; i++ {
		for j := h.Txns[to].First; j < h.Txns[to].Last; j++ {
			if h.Ops[i].Key == h.Ops[j].Key && l.related(&e, i, j) {
				return e
			}
		}
	}
	return e
}

// related reports whether two operations on a key make a dependency of the edge's kind, and fills that in.
func (l listGraph) related(e *txn.Edge, i, j int32) bool {
	h := l.H
	a, b := h.Ops[i], h.Ops[j]
	key := h.Keys[a.Key]
	place := func(i int32) int32 {
		if at := l.Appends[l.of[i]].at; at >= 0 {
			return at
		}
		return unreadVersion
	}
	shows := func(read, append int32) bool { // of a read that is no prefix of the longest, what it shows counts
		if l.odd[read] > 0 {
			return slices.Contains(h.List(h.Ops[read]), h.Ops[append].Value)
		}
		return place(append) < h.Ops[read].Len
	}
	switch {
	case e.Kind == txn.WW && a.F == txn.Append && b.F == txn.Append && place(i) < place(j):
		l.fill(e, a.Key, a.Value, b.Value)
		e.Reason = txn.Sayf("appended %s to %s, and %s came later", h.Spell(a.Value), key, h.Spell(b.Value))
	case e.Kind == txn.WR && a.F == txn.Append && b.F == txn.Read && b.Known && shows(j, i):
		l.fill(e, a.Key, a.Value, a.Value)
		e.Reason = txn.Sayf("appended %s to %s, which was read as %s", h.Spell(a.Value), key, h.SpellList(b))
	case e.Kind == txn.RW && a.F == txn.Read && a.Known && b.F == txn.Append && !shows(i, j):
		l.fill(e, a.Key, txn.Nil, b.Value)
		e.Reason = txn.Sayf("read %s as %s, without %s", key, h.SpellList(a), h.Spell(b.Value))
	default:
		return false
	}
	return true
}
