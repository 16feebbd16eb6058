package txn

import (
	"cmp"
	"slices"

	"github.com/capsize-go/capsize/checker"
)

// A judging collects what is found in a history, and derives from it what follows for every model.
type judging struct {
	h         *History
	want      []bool // by position in the table: which models to judge
	verdict   []checker.Verdict
	decided   []bool
	reason    []string // why a model is unknown
	anomalies []Anomaly
	steps     int
}

func newJudging(h *History, o Options) *judging {
	n := len(table)
	j := &judging{h: h, steps: o.Steps, want: make([]bool, n), verdict: make([]checker.Verdict, n), decided: make([]bool, n), reason: make([]string, n)}
	for i, s := range table {
		j.want[i] = len(o.Models) == 0 || slices.Contains(o.Models, s.model)
	}
	return j
}

// open reports whether a model is still to be decided: because it is wanted, or because one that implies it is, and is not decided.
func (j *judging) open(m Model) bool {
	at := position[m]
	if j.decided[at] {
		return false
	}
	for i, s := range table {
		if j.want[i] && !j.decided[i] && implied[s.model][at] {
			return true
		}
	}
	return false
}

// needed reports whether a verdict on the model is of use.
func (j *judging) needed(m Model) bool {
	at := position[m]
	for i, s := range table {
		if j.want[i] && (i == at || implied[s.model][at]) {
			return true
		}
	}
	return false
}

// add adds an anomaly. Models that forbid its type, and those that imply them, are broken.
func (j *judging) add(a Anomaly) {
	if a.Count == 0 {
		a.Count = 1
	}
	j.anomalies = append(j.anomalies, a)
	for _, s := range table {
		if slices.Contains(s.forbids, a.Type) {
			j.broken(s.model)
		}
	}
}

// addBreaking adds an anomaly that breaks a model beside those that forbid its type.
func (j *judging) addBreaking(m Model, a Anomaly) {
	a.Breaks = append(a.Breaks, m)
	j.add(a)
	j.broken(m)
}

// broken marks a model, and all that imply it, as broken.
func (j *judging) broken(m Model) {
	at := position[m]
	for i, s := range table {
		if implied[s.model][at] {
			j.verdict[i], j.decided[i] = checker.Invalid, true
		}
	}
}

// kept marks a model, and all that it implies, as kept.
func (j *judging) kept(m Model) {
	for i, follows := range implied[m] {
		if follows && !j.decided[i] {
			j.verdict[i], j.decided[i] = checker.Valid, true
		}
	}
}

// unknown marks a model as unknown, unless something is known of it.
func (j *judging) unknown(m Model, reason string) {
	if at := position[m]; !j.decided[at] {
		j.verdict[at], j.decided[at], j.reason[at] = checker.Unknown, true, reason
	}
}

// report returns what was found. Models that were not decided are unknown.
func (j *judging) report(judged int) *Report {
	r := &Report{Judged: judged, Anomalies: sortAnomalies(j.anomalies)}
	for i := range r.Anomalies {
		r.Anomalies[i].Breaks = breaks(r.Anomalies[i])
	}
	for i, s := range table {
		if !j.want[i] {
			continue
		}
		f := Finding{Model: s.model, Verdict: j.verdict[i], Anomaly: -1, Reason: j.reason[i]}
		if !j.decided[i] {
			f.Verdict, f.Reason = checker.Unknown, "it was not decided"
		}
		if f.Verdict == checker.Invalid {
			f.Anomaly = shows(r.Anomalies, s.model)
		}
		r.Findings = append(r.Findings, f)
	}
	r.Strongest, r.Weakest = extremes(r.Findings)
	return r
}

// breaks returns the weakest models that an anomaly breaks.
func breaks(a Anomaly) []Model {
	all := slices.Clone(a.Breaks)
	for _, s := range table {
		if slices.Contains(s.forbids, a.Type) {
			all = append(all, s.model)
		}
	}
	var weakest []Model
	for _, m := range Models() {
		implies := func(o Model) bool { return o != m && m.Implies(o) }
		if slices.Contains(all, m) && !slices.ContainsFunc(all, implies) {
			weakest = append(weakest, m)
		}
	}
	return weakest
}

// shows returns the smallest anomaly that breaks a model.
func shows(all []Anomaly, m Model) int {
	best := -1
	for i, a := range all {
		if slices.ContainsFunc(a.Breaks, m.Implies) && (best < 0 || len(a.Txns) < len(all[best].Txns)) {
			best = i
		}
	}
	return best
}

// sortAnomalies sorts by type, then by transactions, and leaves out those that say the same twice.
func sortAnomalies(all []Anomaly) []Anomaly {
	slices.SortStableFunc(all, func(a, b Anomaly) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), slices.Compare(a.Txns, b.Txns), cmp.Compare(a.Key, b.Key))
	})
	var out []Anomaly
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

// extremes returns the strongest models that hold and the weakest that do not.
func extremes(fs []Finding) (strongest, weakest []Model) {
	for _, f := range fs {
		covered := slices.ContainsFunc(fs, func(o Finding) bool {
			switch {
			case o.Model == f.Model || o.Verdict != f.Verdict:
				return false
			case f.Verdict == checker.Valid:
				return o.Model.Implies(f.Model)
			}
			return f.Model.Implies(o.Model)
		})
		switch {
		case covered:
		case f.Verdict == checker.Valid:
			strongest = append(strongest, f.Model)
		case f.Verdict == checker.Invalid:
			weakest = append(weakest, f.Model)
		}
	}
	return strongest, weakest
}
