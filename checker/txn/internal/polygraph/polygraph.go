// Package polygraph decides whether an order exists that keeps known edges and, of each choice, one of its two sides.
//
// A polygraph (Papadimitriou, The serializability of concurrent database updates, 1979) is a graph in which some edges are
// known and others come in pairs, of which one must be taken: a transaction that overwrites a key comes either before the one that was
// read from, or after the reader. Whether it can be made acyclic is NP-complete; histories of real stores are decided nearly
// always by what is known. So [Problem.Solve] first tries one order, then forces sides by reachability until nothing changes (Cobra, OSDI
// 2020; PolySI, VLDB 2023), and searches what is left: clause learning over the sides, with an incremental topological
// order (Pearce and Kelly, A dynamic topological sort algorithm, 2006) as the theory, as MonoSAT has it. Its budget counts steps, so that an
// answer repeats on any machine.
package polygraph

import "math"

// A Theory says which cycles are forbidden.
type Theory uint8

const (
	// Acyclic forbids every cycle: serializability. Nodes are transactions.
	Acyclic Theory = iota
	// Snapshot forbids cycles without two adjacent RW edges: snapshot isolation. It is acyclicity over begins and commits: an RW
	// edge leads from a begin to a commit, any other from a commit to a begin.
	Snapshot
	// Single forbids cycles with fewer than two RW edges: parallel snapshot isolation.
	Single
)

// An Edge says that From comes before To. RW marks an anti-dependency, which is an edge as any other under Acyclic.
type Edge struct {
	From, To int32
	RW       bool
}

// A Choice is two lists of edges, of which all of one must hold. A side without edges is always possible.
type Choice struct{ A, B []Edge }

// A Point is a stretch of nodes that nothing of its key may come between, as the writers of a chain of versions each of which was made
// from the one before: its first and its last node, which are the same for a single writer. What is between them is among the known edges.
type Point struct{ First, Last int32 }

// A Span is a stretch of the order in which no point of its key may lie but Own, an index in Points[Key] or -1: each other point comes
// before From or after To. A read is such a span, from the writer of what it read to the reader, and so is a point of several nodes.
type Span struct{ Key, Own, From, To int32 }

// A Problem is a polygraph.
type Problem struct {
	Nodes   int
	Known   []Edge
	Choices []Choice
	Theory  Theory

	// Points and Spans are choices that need no list: Points has the points of each key. Only Acyclic takes them.
	Points [][]Point
	Spans  []Span

	First []int32 // an order of the nodes to try first; nil is that of their numbers
	Steps int     // how many steps may be taken; 0 is no limit
	Dense int     // the most nodes for which reachability is kept in bits, in Nodes²/4 bytes; 0 is 32,768
}

// A Verdict is what Solve can say.
type Verdict uint8

const (
	Unknown Verdict = iota // the budget ended
	Yes                    // an order exists
	No                     // none does
)

// An Answer is what is known of a problem.
type Answer struct {
	Verdict Verdict
	Order   []int32  // of Yes: the nodes in an order that keeps everything; of Snapshot, begin of t is 2t and commit 2t+1. Single has none
	Taken   []bool   // of Yes: whether side A of a choice of Problem.Choices holds
	Needed  []Needed // of No: choices that can't all be kept; after Explain no part of them is enough, unless Loose
	Loose   bool     // Needed may be smaller: the budget ended before that was shown
	Cases   *Case    // of No, after Explain: the cycle after each choice; nil if there are too many
	Open    int      // of Unknown: how many choices were left
	Steps   int      // how many were taken
}

// A Needed is a choice of which a contradiction makes use.
type Needed struct {
	Choice int   // index in Problem.Choices, or -1
	Span   int   // index in Problem.Spans if Choice is -1
	Point  int32 // the index in Problem.Points of what lies before or after it
	Side   Choice
}

// A Case is what follows from choices made so far: a cycle, or one more choice, and what follows from each of its sides.
type Case struct {
	Cycle []Edge // if it is one
	Need  int    // else the index of the choice in Answer.Needed
	A, B  *Case
}

// Begin is the node of the begin of transaction t under Snapshot, as Answer.Order has it.
func Begin(t int32) int32 { return 2 * t }

// Commit is the node of the commit of transaction t under Snapshot.
func Commit(t int32) int32 { return 2*t + 1 }

// Solve decides the problem.
func (p *Problem) Solve() *Answer {
	if p.Theory == Snapshot {
		return p.solveSnapshot()
	}
	return p.solve()
}

func (p *Problem) solve() *Answer {
	q := *p
	if q.Steps == 0 {
		q.Steps = math.MaxInt
	}
	if q.Dense == 0 {
		q.Dense = 1 << 15
	}
	a, cycle := q.tryFirst()
	if a != nil {
		return a
	}
	if cycle != nil {
		return &Answer{Verdict: No, Cases: &Case{Cycle: cycle}, Steps: q.Nodes}
	}
	if a := q.mend(q.Known, &q.Steps); a != nil {
		return a
	}
	return newSolver(&q).run()
}

// Explain makes Needed of a No minimal, by leaving choices out as long as the rest can't be kept, and finds Cases. Without it Needed may be
// far too many, and Cases are there only if the known edges alone close a cycle.
func (p *Problem) Explain(a *Answer) {
	switch {
	case a.Verdict != No || a.Cases != nil:
	case p.Theory == Snapshot:
		p.explainSnapshot(a)
	default:
		p.explain(a)
	}
}

// event translates an edge between transactions to one between begins and commits.
func event(e Edge) Edge {
	if e.RW {
		return Edge{From: Begin(e.From), To: Commit(e.To)}
	}
	return Edge{From: Commit(e.From), To: Begin(e.To)}
}

func events(es []Edge) []Edge {
	out := make([]Edge, 0, len(es))
	for _, e := range es {
		out = append(out, event(e))
	}
	return out
}

// transaction is event's inverse; an edge from a transaction's begin to its own commit is none.
func transactions(es []Edge) []Edge {
	var out []Edge
	for _, e := range es {
		if e.From/2 == e.To/2 && e.From < e.To {
			continue
		}
		out = append(out, Edge{From: e.From / 2, To: e.To / 2, RW: e.From%2 == 0})
	}
	return out
}

// ofEvents is the problem over begins and commits.
func (p *Problem) ofEvents() *Problem {
	q := &Problem{Nodes: 2 * p.Nodes, Steps: p.Steps, Dense: p.Dense}
	for t := range int32(p.Nodes) {
		q.Known = append(q.Known, Edge{From: Begin(t), To: Commit(t)})
	}
	q.Known = append(q.Known, events(p.Known)...)
	for _, c := range p.Choices {
		q.Choices = append(q.Choices, Choice{A: events(c.A), B: events(c.B)})
	}
	for _, t := range p.First {
		q.First = append(q.First, Begin(t), Commit(t))
	}
	return q
}

func (p *Problem) solveSnapshot() *Answer {
	a := p.ofEvents().solve()
	p.fromEvents(a)
	return a
}

func (p *Problem) explainSnapshot(a *Answer) {
	q := p.ofEvents()
	for i, n := range a.Needed {
		a.Needed[i].Side = q.Choices[n.Choice]
	}
	q.explain(a)
	p.fromEvents(a)
}

func (p *Problem) fromEvents(a *Answer) {
	for i, n := range a.Needed {
		a.Needed[i].Side = p.Choices[n.Choice]
	}
	a.Cases.each(func(c *Case) { c.Cycle = transactions(c.Cycle) })
}

// each calls f for every case with a cycle.
func (c *Case) each(f func(*Case)) {
	if c == nil {
		return
	}
	if c.Cycle != nil {
		f(c)
		return
	}
	c.A.each(f)
	c.B.each(f)
}
