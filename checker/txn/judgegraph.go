package txn

import (
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
)

// A question is which cycles are asked for: those that models of one rule forbid.
type question struct {
	rule rule
	also EdgeKind
}

// judgeGraph decides each model that forbids cycles, on a graph of its own, and adds cycles to the anomalies. The anomalies that
// are found without cycles have to be added before.
//
// The strongest come first, since most histories keep them, and what they imply needs no search.
func (j *judging) judgeGraph(d *deps) {
	for i := len(table) - 1; i >= 0; i-- {
		s := table[i]
		switch {
		case s.rule == ruleNone || !j.open(s.model):
		case s.also&RT != 0 && j.h.Untimed:
			j.unknown(s.model, "nothing is known of real time")
		case d.cyclic(question{s.rule, s.also}):
			j.broken(s.model)
		case s.more:
		default:
			j.choose(d, s)
		}
	}
	for i, s := range table { // what follows needs no search
		if j.verdict[i] == checker.Valid && j.decided[i] {
			d.answers[question{s.rule, s.also}] = false
		}
	}
	j.addCycles(d)
}

// choose decides a model that the graph without an order of what was never read does not break.
func (j *judging) choose(d *deps, s spec) {
	q := question{s.rule, s.also}
	if s.rule != ruleSI && s.rule != ruleSingle || len(d.unread) == 0 {
		j.kept(s.model)
		return
	}
	broken, err := d.choose(q, d.unread, j.steps)
	switch {
	case err != nil:
		j.unknown(s.model, err.Error())
	case broken:
		d.answers[q] = true
		j.broken(s.model)
	default:
		j.kept(s.model)
	}
}

// addCycles adds a cycle for each model that is broken by cycles, and of each other type that is there without the orders of
// sessions and of real time, since a reader wants to know of all of them.
func (j *judging) addCycles(d *deps) {
	var found [][]graph.Edge
	types := map[string]bool{}
	asked := map[question]bool{}
	for i, s := range table {
		q := question{s.rule, s.also}
		if s.rule == ruleNone || asked[q] || j.verdict[i] != checker.Invalid || !j.needed(s.model) || s.also&RT != 0 && j.h.Untimed {
			continue
		}
		asked[q] = true
		known := slices.ContainsFunc(found, q.forbids)
		if known && s.also != 0 || !d.cyclic(q) {
			continue
		}
		cycle := d.cycle(q, q.through(d))
		if cycle == nil {
			cycle = d.cycle(q, ^EdgeKind(0))
		}
		if cycle == nil {
			continue
		}
		a := d.anomaly(cycle)
		if known && types[a.Type] {
			continue
		}
		types[a.Type] = true
		found = append(found, cycle)
		for _, other := range table {
			if q := (question{other.rule, other.also}); other.rule != ruleNone && q.forbids(cycle) {
				a.Breaks = append(a.Breaks, other.model)
			}
		}
		j.add(a)
	}
}

// through returns the kinds of edges of which a cycle that is asked for should have one, so that it is not one that a weaker question
// asks for as well.
func (q question) through(d *deps) EdgeKind {
	switch {
	case q.also&RT != 0 && !d.cyclic(question{q.rule, SO}):
		return RT
	case q.also&SO != 0 && !d.cyclic(question{q.rule, 0}):
		return SO
	}
	switch q.rule {
	case ruleWW:
		return WW
	case ruleWWWR:
		return WR
	}
	return anyRW
}

// forbids reports whether a cycle is one of those that are asked for.
func (q question) forbids(cycle []graph.Edge) bool {
	w := walkOf(q.rule, q.also)
	anti := 0
	for i, e := range cycle {
		next := cycle[(i+1)%len(cycle)]
		if e.Kind&w.Mask == 0 || e.Kind&w.Late != 0 && next.Kind&w.Strict != 0 {
			return false
		}
		if EdgeKind(e.Kind)&anyRW != 0 {
			anti++
		}
	}
	return q.rule != ruleSingle || anti <= 1
}
