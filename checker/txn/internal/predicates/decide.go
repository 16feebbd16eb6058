package predicates

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
)

// mostViews is in how many ways a history is looked at, at most.
const mostViews = 1024

// decide looks at the history in all ways in which it can have gone, up to a number.
func (r *Rows) decide(ctx context.Context, o txn.Options) (*txn.Report, error) {
	before := r.before(o)
	choices := make([][][]int32, len(r.keys))
	complete := true
	certain := &rowView{r: r, orders: make([][]int32, len(r.keys))}
	for k := range choices {
		all, done := r.orders(int32(k), before)
		choices[k], complete = all, complete && done
		if len(all) == 1 && done {
			certain.orders[k] = all[0]
		}
	}
	open := !complete || slices.ContainsFunc(choices, func(all [][]int32) bool { return len(all) > 1 })
	certain.places = make([]int, len(r.reads))
	for i, s := range r.reads {
		maybe := s.found < 0 && slices.ContainsFunc(r.keys[s.key].maybe, func(w int32) bool { return !r.matches(s.op, w) })
		complete = complete && !maybe
		switch order := certain.orders[s.key]; {
		case order == nil:
			certain.places[i] = -1
		case maybe || len(r.stretches(s, order)) > 1:
			certain.places[i], open = -1, true
		case len(r.stretches(s, order)) == 0 && s.found < 0 && r.H.Ops[s.op].F == txn.ReadAll:
			r.strange = append(r.strange, r.missed(s))
		}
	}
	report := certain.judge(o)
	if !open {
		return report, nil
	}
	t := &trying{r: r, o: o, choices: choices, complete: complete, report: report,
		lost: make([]bool, len(report.Findings)), kept: make([]bool, len(report.Findings))}
	for i, f := range report.Findings {
		t.lost[i] = f.Verdict == checker.Invalid
	}
	t.steps = cmp.Or(o.Steps, judging.DefaultSteps)
	if t.guided(certain.edges) {
		t.try(ctx)
	}
	t.conclude()
	return report, ctx.Err()
}

// missed is the anomaly of a read by predicate that shows no version of a row, though all match.
func (r *Rows) missed(s rowRead) txn.Anomaly {
	return txn.Anomaly{Type: "predicate-read-miss", Txns: []int32{s.txn}, Key: r.H.Keys[s.key],
		Reason: txn.Sayf("T%d %s, whose versions all match", s.txn, r.sees(s))}
}

// judge judges a history as one view of it has it.
func (v *rowView) judge(o txn.Options) *txn.Report {
	v.infer()
	r := v.r
	j := v.judging(o, true)
	phantom := false
	for e := range v.edges {
		phantom = phantom || e.phantom
	}
	var items *judging.Case
	if phantom { // repeatable read forbids no phantoms
		items = v.judging(txn.Options{Models: []txn.Model{txn.RepeatableRead}}, false)
		for i := range j.Anomalies {
			a := &j.Anomalies[i]
			if slices.ContainsFunc(a.Edges, func(e txn.Edge) bool { return e.Predicate }) {
				a.Breaks = slices.DeleteFunc(a.Breaks, func(m txn.Model) bool { return m == txn.RepeatableRead })
			}
		}
		j.Anomalies = append(j.Anomalies, items.Anomalies...)
	}
	v.judgeVisible(j)
	judged := 0
	for _, c := range r.committed {
		if c {
			judged++
		}
	}
	report := j.Report(judged)
	if items == nil {
		return report
	}
	for i := range report.Findings {
		f := &report.Findings[i]
		if f.Model != txn.RepeatableRead {
			continue
		}
		f.Verdict, f.Anomaly, f.Reason = items.Verdict[txn.Position[txn.RepeatableRead]], -1, ""
		if f.Verdict == checker.Invalid {
			itemOnly := slices.DeleteFunc(slices.Clone(report.Anomalies), func(a txn.Anomaly) bool {
				return slices.ContainsFunc(a.Edges, func(e txn.Edge) bool { return e.Predicate })
			})
			if at := j.Shows(itemOnly, txn.RepeatableRead); at >= 0 {
				f.Anomaly = slices.IndexFunc(report.Anomalies, func(a txn.Anomaly) bool {
					return a.Type == itemOnly[at].Type && slices.Equal(a.Txns, itemOnly[at].Txns) && a.Key == itemOnly[at].Key
				})
			}
		}
	}
	report.Strongest, report.Weakest = judging.Extremes(r.H, report.Findings)
	return report
}

// judging decides the models of cycles.
func (v *rowView) judging(o txn.Options, phantoms bool) *judging.Case {
	r := v.r
	j := judging.New(r.H, o)
	r.local.AddTo(j)
	for _, a := range r.strange {
		if a.Type == "predicate-mismatch" {
			j.AddBreaking(txn.ReadCommitted, a)
		} else if phantoms {
			j.AddBreaking(txn.Serializable, a)
		}
	}
	v.lostUpdates(j)
	j.JudgeGraph(judging.NewDeps(r.H, func(t int32) bool { return r.committed[t] }, len(r.H.Txns), v.list(phantoms), v.explain))
	return j
}

// lostUpdates finds pairs of transactions that saw one version of a row and both wrote the row.
func (v *rowView) lostUpdates(j *judging.Case) {
	r := v.r
	type at struct{ key, found int32 }
	var found judging.Tally
	first := map[at]int32{}
	done := map[[2]int32]bool{}
	for _, s := range r.reads {
		if r.H.Ops[s.op].F != txn.Read || done[[2]int32{s.txn, s.key}] || !r.changes(s.txn, s.key, s.op) || s.found < 0 {
			continue
		}
		done[[2]int32{s.txn, s.key}] = true
		here := at{s.key, s.found}
		if other, ok := first[here]; ok {
			found.Add("lost-update", func() txn.Anomaly {
				return txn.Anomaly{Txns: []int32{other, s.txn}, Key: r.H.Keys[s.key], Reason: txn.Sayf("T%d and T%d both %s, and both changed it (lost update)",
					other, s.txn, r.sees(s))}
			})
			continue
		}
		first[here] = s.txn
	}
	for i, s := range r.reads {
		if other, lost := v.overtaken(i, s); lost {
			found.Add("lost-update", func() txn.Anomaly {
				return txn.Anomaly{Txns: []int32{min(other, s.txn), max(other, s.txn)}, Key: r.H.Keys[s.key],
					Reason: txn.Sayf("T%d %s, and changed it after T%d had changed it (lost update)", s.txn, r.sees(s), other)}
			})
		}
	}
	found.AddTo(j)
}

// overtaken returns a transaction that changed a row between the version that a read of the row saw and that which the reader made.
func (v *rowView) overtaken(i int, s rowRead) (int32, bool) {
	r, order := v.r, v.orders[s.key]
	if order == nil || v.places[i] < 0 || s.found < 0 && v.byPredicate(s) || !r.changes(s.txn, s.key, s.op-1) {
		return 0, false
	}
	own := slices.IndexFunc(order, func(w int32) bool { return w >= 0 && r.writes[w].txn == s.txn })
	all := r.stretches(s, order)
	if own < 0 || len(all) == 0 {
		return 0, false
	}
	next := all[v.places[i]].to + 1
	return r.writes[order[next]].txn, next < own
}

// changes reports whether a transaction changes a row after an operation.
func (r *Rows) changes(t, key, after int32) bool {
	for i := after + 1; i < r.H.Txns[t].Last; i++ {
		if o := r.H.Ops[i]; o.Key == key && o.F != txn.Read && o.F != txn.ReadAll {
			return true
		}
	}
	return false
}

// A trying looks at a history in many ways.
type trying struct {
	r        *Rows
	o        txn.Options
	choices  [][][]int32 // by key: orders
	complete bool        // there are no others
	report   *txn.Report // of what is certain
	lost     []bool      // by finding: it is decided
	kept     []bool      // by finding: it is kept in a view
	steps    int         // that are left to all views
	all      bool        // all views were looked at
	views    int
	best     *txn.Report // of the view in which most models are kept, and the first of these
	most     int         // how many
}

// guided looks at the views that orders of the transactions give, by real time and without it, and reports whether a finding is left open.
func (t *trying) guided(edges map[rowEdgeKey]rowEdge) bool {
	for _, realTime := range []bool{true, false} {
		if !realTime && t.o.LinearizableKeys {
			break
		}
		steps := t.steps / 4 // so that some are left to look at views
		t.steps -= steps
		done, added, ok := t.r.schedule(edges, realTime, &steps)
		t.steps += steps
		if !ok {
			continue
		}
		r := t.r
		if len(added) > 0 {
			var err error
			if r, err = newRows(t.r.H, added); err != nil {
				continue
			}
		}
		if v := r.scheduled(done); v != nil && !t.look(v) {
			return false
		}
	}
	return true
}

// look judges a view, and reports whether a finding is left open that no view so far kept.
func (t *trying) look(v *rowView) bool {
	got := v.judge(t.o)
	n := len(t.r.H.Txns)
	t.steps -= len(txn.Table) * (len(t.r.reads) + len(v.edges) + n) // as if each model looked at all once
	more, here := false, 0
	for i, f := range got.Findings {
		if f.Verdict == checker.Valid {
			here++
		}
		t.kept[i] = t.kept[i] || f.Verdict == checker.Valid
		more = more || !t.kept[i] && !t.lost[i]
	}
	if here < len(got.Findings) {
		t.steps -= n * n / 2 // the weak models look at each two transactions
	}
	if t.best == nil || here > t.most {
		t.best, t.most = got, here
	}
	return more
}

// try looks at the views one after the other, until nothing is left open or no step is left.
func (t *trying) try(ctx context.Context) {
	t.all = t.orders(ctx, func(v *rowView) bool {
		t.views++
		return t.look(v) && t.views < mostViews && t.steps > 0
	})
}

// conclude decides the findings that are not certain: a model that is kept in one view is kept, and one that is kept in none is broken.
func (t *trying) conclude() {
	for i := range t.report.Findings {
		f := &t.report.Findings[i]
		switch {
		case t.lost[i] || f.Verdict == checker.Unknown:
		case t.kept[i]:
			f.Verdict, f.Anomaly, f.Reason = checker.Valid, -1, ""
		case t.all && t.complete && t.best.Findings[i].Verdict == checker.Invalid:
			t.breakAlways(f, t.best.Findings[i])
		default:
			f.Verdict, f.Anomaly = checker.Unknown, -1
			f.Reason = fmt.Sprintf("it depends on the order of versions, or on which of several versions reads by predicate saw; it was broken in the %d ways that were tried", t.views)
		}
	}
	t.report.Strongest, t.report.Weakest = judging.Extremes(t.r.H, t.report.Findings)
}

// breakAlways says that a model is broken in every view, and shows what breaks it in the one in which most models are kept.
func (t *trying) breakAlways(f *txn.Finding, in txn.Finding) {
	f.Verdict, f.Reason = checker.Invalid, ""
	if in.Anomaly < 0 {
		return
	}
	a := t.best.Anomalies[in.Anomaly]
	a.Reason += txn.Sayf("; so it is, or with another anomaly, in all %d ways in which versions can be ordered and seen", t.views)
	same := func(b txn.Anomaly) bool { return b.Type == a.Type && slices.Equal(a.Txns, b.Txns) && a.Key == b.Key }
	if f.Anomaly = slices.IndexFunc(t.report.Anomalies, same); f.Anomaly < 0 {
		f.Anomaly = len(t.report.Anomalies)
		t.report.Anomalies = append(t.report.Anomalies, a)
	}
}

// orders calls f for each view, up to when it returns false, and reports whether these were all.
func (t *trying) orders(ctx context.Context, f func(v *rowView) bool) bool {
	at := make([]int, len(t.choices))
	for {
		v := &rowView{r: t.r, orders: make([][]int32, len(at)), places: make([]int, len(t.r.reads))}
		for k, i := range at {
			v.orders[k] = t.choices[k][i]
		}
		if !t.places(ctx, v, f) {
			return false
		}
		if !next(at, func(k int) int { return len(t.choices[k]) }) {
			return true
		}
	}
}

// places calls f for each way in which reads can have been in one order of versions.
func (t *trying) places(ctx context.Context, v *rowView, f func(v *rowView) bool) bool {
	var open []int // reads
	var many []int
	for i, s := range t.r.reads {
		if n := len(t.r.stretches(s, v.orders[s.key])); n > 1 {
			open, many = append(open, i), append(many, n)
		}
	}
	guess := make([]int, len(open))
	for n, i := range open {
		guess[n] = t.guess(t.r.reads[i], v.orders[t.r.reads[i].key])
	}
	at := make([]int, len(open))
	for {
		for n, i := range open {
			v.places[i] = (guess[n] + at[n]) % many[n]
		}
		if ctx.Err() != nil || !f(v) {
			return false
		}
		if !next(at, func(n int) int { return many[n] }) {
			return true
		}
	}
}

// guess returns in which of its stretches a read was by time: the last that began before it ended, or a later one if what ended that
// stretch was over before the read began.
func (t *trying) guess(s rowRead, order []int32) int {
	best := 0
	all := t.r.stretches(s, order)
	by := func(at int) txn.Txn { return t.r.H.Txns[t.r.writes[order[at]].txn] }
	for n, at := range all {
		if order[at.from] >= 0 && by(at.from).End < t.r.H.Txns[s.txn].End {
			best = n
		}
	}
	for best+1 < len(all) && by(all[best].to+1).End < t.r.H.Txns[s.txn].Begin {
		best++
	}
	return best
}

// next counts up digits of different bases.
func next(at []int, base func(i int) int) bool {
	for i := range at {
		if at[i]++; at[i] < base(i) {
			return true
		}
		at[i] = 0
	}
	return false
}
