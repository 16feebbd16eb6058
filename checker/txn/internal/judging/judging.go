package judging

import (
	"cmp"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
)

// A Case collects what is found in a history, and derives from it what follows for every model.
type Case struct {
	h         *txn.History
	want      []bool // by position in the table: which models to judge
	Verdict   []checker.Verdict
	Decided   []bool
	reason    []string // why a model is unknown
	Anomalies []txn.Anomaly
	steps     int
}

// New returns the case of a history in which nothing is decided, for the models that the options ask for.
func New(h *txn.History, o txn.Options) *Case {
	n := len(txn.Table)
	j := &Case{h: h, steps: o.Steps, want: make([]bool, n), Verdict: make([]checker.Verdict, n), Decided: make([]bool, n), reason: make([]string, n)}
	for i, s := range txn.Table {
		j.want[i] = len(o.Models) == 0 || slices.Contains(o.Models, s.Model)
	}
	return j
}

// Implies reports whether the history keeps other if it keeps m.
func (j *Case) Implies(m, other txn.Model) bool { return j.h.Implies(m, other) }

// Open reports whether a model is still to be decided: because it is wanted, or because one that implies it is, and is not decided.
func (j *Case) Open(m txn.Model) bool {
	at := txn.Position[m]
	if j.Decided[at] {
		return false
	}
	for i, s := range txn.Table {
		if j.want[i] && !j.Decided[i] && j.h.Implied(s.Model)[at] {
			return true
		}
	}
	return false
}

// needed reports whether a verdict on the model is of use.
func (j *Case) needed(m txn.Model) bool {
	at := txn.Position[m]
	for i, s := range txn.Table {
		if j.want[i] && (i == at || j.h.Implied(s.Model)[at]) {
			return true
		}
	}
	return false
}

// Add adds an anomaly. Models that forbid its type, and those that imply them, are broken.
func (j *Case) Add(a txn.Anomaly) {
	if a.Count == 0 {
		a.Count = 1
	}
	j.Anomalies = append(j.Anomalies, a)
	for _, s := range txn.Table {
		if slices.Contains(s.Forbids, a.Type) {
			j.Broken(s.Model)
		}
	}
}

// AddBreaking adds an anomaly that breaks a model beside those that forbid its type.
func (j *Case) AddBreaking(m txn.Model, a txn.Anomaly) {
	a.Breaks = append(a.Breaks, m)
	j.Add(a)
	j.Broken(m)
}

// Broken marks a model, and all that imply it, as broken.
func (j *Case) Broken(m txn.Model) {
	at := txn.Position[m]
	for i, s := range txn.Table {
		if j.h.Implied(s.Model)[at] {
			j.Verdict[i], j.Decided[i] = checker.Invalid, true
		}
	}
}

// Kept marks a model, and all that it implies, as kept.
func (j *Case) Kept(m txn.Model) {
	for i, follows := range j.h.Implied(m) {
		if follows && !j.Decided[i] {
			j.Verdict[i], j.Decided[i] = checker.Valid, true
		}
	}
}

// Unknown marks a model as unknown, unless something is known of it.
func (j *Case) Unknown(m txn.Model, reason string) {
	if at := txn.Position[m]; !j.Decided[at] {
		j.Verdict[at], j.Decided[at], j.reason[at] = checker.Unknown, true, reason
	}
}

// KeepImplied keeps each model that no rule of cycles decides, that nothing broke so far, and whose directly implied models are all kept.
func (j *Case) KeepImplied() {
	for i, s := range txn.Table {
		if j.Decided[i] || s.Rule != txn.NoRule && !s.More {
			continue
		}
		if !slices.ContainsFunc(s.Direct, func(d txn.Model) bool {
			return !j.Decided[txn.Position[d]] || j.Verdict[txn.Position[d]] != checker.Valid
		}) {
			j.Kept(s.Model)
		}
	}
}

// Report returns what was found. Models that were not decided are unknown.
func (j *Case) Report(judged int) *txn.Report {
	r := &txn.Report{Judged: judged, Anomalies: sortAnomalies(j.Anomalies)}
	for i := range r.Anomalies {
		r.Anomalies[i].Breaks = j.breaks(r.Anomalies[i])
	}
	for i, s := range txn.Table {
		if !j.want[i] {
			continue
		}
		f := txn.Finding{Model: s.Model, Verdict: j.Verdict[i], Anomaly: -1, Reason: j.reason[i]}
		if !j.Decided[i] {
			f.Verdict, f.Reason = checker.Unknown, "it was not decided"
		}
		if f.Verdict == checker.Invalid {
			f.Anomaly = j.Shows(r.Anomalies, s.Model)
		}
		r.Findings = append(r.Findings, f)
	}
	r.Strongest, r.Weakest = Extremes(j.h, r.Findings)
	return r
}

// breaks returns the weakest models that an anomaly breaks.
func (j *Case) breaks(a txn.Anomaly) []txn.Model {
	all := slices.Clone(a.Breaks)
	for _, s := range txn.Table {
		if slices.Contains(s.Forbids, a.Type) {
			all = append(all, s.Model)
		}
	}
	var weakest []txn.Model
	for _, m := range txn.Models() {
		implies := func(o txn.Model) bool { return o != m && j.Implies(m, o) }
		if slices.Contains(all, m) && !slices.ContainsFunc(all, implies) {
			weakest = append(weakest, m)
		}
	}
	return weakest
}

// Shows returns the smallest anomaly that breaks a model.
func (j *Case) Shows(all []txn.Anomaly, m txn.Model) int {
	best := -1
	for i, a := range all {
		if slices.ContainsFunc(a.Breaks, func(o txn.Model) bool { return j.Implies(m, o) }) && (best < 0 || len(a.Txns) < len(all[best].Txns)) {
			best = i
		}
	}
	return best
}

// sortAnomalies sorts by type, then by transactions, and leaves out those that say the same twice.
func sortAnomalies(all []txn.Anomaly) []txn.Anomaly {
	slices.SortStableFunc(all, func(a, b txn.Anomaly) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), slices.Compare(a.Txns, b.Txns), cmp.Compare(a.Key, b.Key))
	})
	var out []txn.Anomaly
	for _, a := range all {
		if n := len(out); n > 0 && out[n-1].Type == a.Type && slices.Equal(out[n-1].Txns, a.Txns) && out[n-1].Key == a.Key {
			out[n-1].Breaks = append(out[n-1].Breaks, a.Breaks...)
			out[n-1].Count = max(out[n-1].Count, a.Count)
			continue
		}
		out = append(out, a)
	}
	return out
}

// Extremes returns the strongest models that hold of a history and the weakest that do not.
func Extremes(h *txn.History, fs []txn.Finding) (strongest, weakest []txn.Model) {
	var held, failing []txn.Model
	for _, f := range fs {
		switch f.Verdict {
		case checker.Valid:
			held = append(held, f.Model)
		case checker.Invalid:
			failing = append(failing, f.Model)
		}
	}
	return h.Strongest(held), h.Weakest(failing)
}
