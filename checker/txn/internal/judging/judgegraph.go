package judging

import (
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
)

// A Question is which cycles are asked for: those that models of one rule forbid.
type Question struct {
	Rule txn.Rule
	Also txn.EdgeKind
}

// JudgeGraph decides each model that forbids cycles, on a graph of its own, and adds cycles to the anomalies. The anomalies that
// are found without cycles have to be added before.
//
// The strongest come first, since most histories keep them, and what they imply needs no search.
func (j *Case) JudgeGraph(d *Deps) {
	for i := len(txn.Table) - 1; i >= 0; i-- {
		s := txn.Table[i]
		switch {
		case s.Rule == txn.NoRule || !j.Open(s.Model):
		case s.Also&txn.RT != 0 && j.h.Untimed:
			j.Unknown(s.Model, "nothing is known of real time")
		case d.Cyclic(Question{s.Rule, s.Also}):
			j.Broken(s.Model)
		case s.More:
		default:
			j.choose(d, s)
		}
	}
	for i, s := range txn.Table { // what follows needs no search
		if j.Verdict[i] == checker.Valid && j.Decided[i] {
			d.answers[Question{s.Rule, s.Also}] = false
		}
	}
	j.AddCycles(d)
}

// choose decides a model that the graph without an order of what was never read does not break.
func (j *Case) choose(d *Deps, s txn.Spec) {
	q := Question{s.Rule, s.Also}
	if !chosen(s.Rule) || len(d.Unread) == 0 {
		j.Kept(s.Model)
		return
	}
	broken, err := d.choose(q, d.Unread, j.steps)
	switch {
	case err != nil:
		j.Unknown(s.Model, err.Error())
	case broken:
		d.answers[q] = true
		j.Broken(s.Model)
	default:
		j.Kept(s.Model)
	}
}

// AddCycles adds a cycle for each model that is broken by cycles, and of each other type that is there without the orders of
// sessions and of real time, since a reader wants to know of all of them.
func (j *Case) AddCycles(d *Deps) {
	var found [][]graph.Edge
	types := map[string]bool{}
	asked := map[Question]bool{}
	for i, s := range txn.Table {
		q := Question{s.Rule, s.Also}
		if s.Rule == txn.NoRule || asked[q] || j.Verdict[i] != checker.Invalid || !j.needed(s.Model) || s.Also&txn.RT != 0 && j.h.Untimed {
			continue
		}
		asked[q] = true
		known := slices.ContainsFunc(found, func(c []graph.Edge) bool { return d.forbids(q, c) })
		if known && s.Also != 0 || !d.Cyclic(q) {
			continue
		}
		cycle := d.Cycle(q, q.through(d))
		if cycle == nil {
			cycle = d.Cycle(q, ^txn.EdgeKind(0))
		}
		if cycle == nil {
			continue
		}
		a := d.Anomaly(cycle)
		if known && types[a.Type] {
			continue
		}
		types[a.Type] = true
		found = append(found, cycle)
		for _, other := range txn.Table {
			if q := (Question{other.Rule, other.Also}); other.Rule != txn.NoRule && d.forbids(q, cycle) {
				a.Breaks = append(a.Breaks, other.Model)
			}
		}
		j.Add(a)
	}
}

// through returns the kinds of edges of which a cycle that is asked for should have one, so that it is not one that a weaker question
// asks for as well.
func (q Question) through(d *Deps) txn.EdgeKind {
	switch {
	case q.Also&txn.RT != 0 && !d.Cyclic(Question{q.Rule, txn.SO}):
		return txn.RT
	case q.Also&txn.SO != 0 && !d.Cyclic(Question{q.Rule, 0}):
		return txn.SO
	}
	switch q.Rule {
	case txn.RuleWW:
		return txn.WW
	case txn.RuleWWWR:
		return txn.WR
	}
	return AnyRW
}

// forbids reports whether a cycle is one of those that a question asks for.
func (d *Deps) forbids(q Question, cycle []graph.Edge) bool {
	w := WalkOf(q.Rule, q.Also)
	anti, readers := 0, 0
	for i, e := range cycle {
		next := cycle[(i+1)%len(cycle)]
		if e.Kind&w.Mask == 0 || e.Kind&w.Late != 0 && next.Kind&w.Strict != 0 {
			return false
		}
		if txn.EdgeKind(e.Kind)&AnyRW != 0 {
			anti++
		}
		if d.readsOnly(e.From) {
			readers++
		}
	}
	return (q.Rule != txn.RuleSingle || anti <= 1) && (q.Rule != txn.RuleUpdate || readers <= 1)
}
