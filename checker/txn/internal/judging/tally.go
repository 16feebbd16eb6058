package judging

import "github.com/capsize-go/capsize/checker/txn"

// A Tally keeps the first anomaly of each type, and counts the others.
type Tally struct {
	order []string
	found map[string]*txn.Anomaly
}

// Add counts an anomaly of a type. It makes the first only, since an explanation costs more than the count.
func (t *Tally) Add(kind string, make func() txn.Anomaly) {
	if t.found == nil {
		t.found = map[string]*txn.Anomaly{}
	}
	a := t.found[kind]
	if a == nil {
		made := make()
		made.Type = kind
		a = &made
		t.found[kind] = a
		t.order = append(t.order, kind)
	}
	a.Count++
}

// AddTo adds what was found to a judging.
func (t *Tally) AddTo(j *Case) {
	for _, kind := range t.order {
		j.Add(*t.found[kind])
	}
}

// Count returns how many anomalies of a type were found.
func (t *Tally) Count(kind string) int {
	if a := t.found[kind]; a != nil {
		return a.Count
	}
	return 0
}
