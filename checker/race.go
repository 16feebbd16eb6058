package checker

import "iter"

// race lets two searches take turns until one has an answer. Both work in one goroutine, and turns
// are counted in steps: who answers, and after how much work, is the same each time. The first one
// works alone for a while, because mostly it needs no help. Each has half of the steps that are
// left. If neither finds an answer, race says why the first one gave up.
func race(m *meter, first, second func(*meter) decision) (d decision) {
	var done [2]bool
	var got [2]decision
	var next [2]func() (struct{}, bool)
	halves := m.halves()
	for i, search := range []func(*meter) decision{first, second} {
		resume, stop := iter.Pull(func(yield func(struct{}) bool) {
			halves[i].pause = func() bool { return yield(struct{}{}) }
			got[i] = search(halves[i])
		})
		defer stop()
		next[i] = resume
	}
	defer func() { m.rest = halves[0].unused() + halves[1].unused() }()
	for turn := 0; !done[0] || !done[1]; turn++ {
		i := turn % 2
		if done[i] || i == 1 && turn < headStartTurn && !done[0] {
			continue
		}
		if _, more := next[i](); more {
			continue
		}
		if done[i] = true; got[i].err == nil {
			return got[i]
		}
	}
	return got[0]
}
