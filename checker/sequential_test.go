package checker

import "testing"

// isSequential is sequential consistency by its definition: it tries every order.
func isSequential(t *trial) bool {
	var all []int
	for i, a := range t.acts {
		if w, ok := t.writer(a); a.finds && (!ok || w == i) {
			return false
		}
		all = append(all, i)
	}
	u := &trial{acts: make([]act, len(t.acts))}
	for i, a := range t.acts {
		u.acts[i] = a
		u.acts[i].reads = a.finds // a swap happened only where it found what it was to find
	}
	return u.explained(all, func(a, b int) bool { return u.before(u.acts[b], u.acts[a]) }, func(int) bool { return true })
}

func TestSequentialAgreesWithItsDefinition(t *testing.T) {
	agreesOn(t, Sequential(Register()), 4000, isSequential, true)
}
