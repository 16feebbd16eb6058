package txn

// A tally keeps the first anomaly of each type, and counts the others.
type tally struct {
	order []string
	found map[string]*Anomaly
}

func (t *tally) add(kind string, make func() Anomaly) {
	if t.found == nil {
		t.found = map[string]*Anomaly{}
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

// addTo adds what was found to a judging.
func (t *tally) addTo(j *judging) {
	for _, kind := range t.order {
		j.add(*t.found[kind])
	}
}

// count returns how many anomalies of a type were found.
func (t *tally) count(kind string) int {
	if a := t.found[kind]; a != nil {
		return a.Count
	}
	return 0
}
