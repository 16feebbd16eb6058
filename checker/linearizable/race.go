package linearizable

import (
	"iter"

	"github.com/capsize-go/capsize/checker/internal/budget"
)

// race lets two searches take turns until one has an answer. Both run in one goroutine, and turns
// are counted in steps, so the same one answers after the same work each time. The first one
// runs alone for a while, because it mostly finds the answer. Each has half of the steps that are
// left. If neither finds an answer, race returns the error of the first.
func race(m *budget.Meter, first, second func(*budget.Meter) decision) (d decision) {
	var done [2]bool
	var got [2]decision
	var next [2]func() (struct{}, bool)
	halves := m.Halves()
	for i, search := range []func(*budget.Meter) decision{first, second} {
		resume, stop := iter.Pull(func(yield func(struct{}) bool) {
			halves[i].Pause = func() bool { return yield(struct{}{}) }
			got[i] = search(halves[i])
		})
		defer stop()
		next[i] = resume
	}
	defer func() { m.Rest = halves[0].Unused() + halves[1].Unused() }()
	for turn := 0; !done[0] || !done[1]; turn++ {
		i := turn % 2
		if done[i] || i == 1 && turn < budget.HeadStartTurn && !done[0] {
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
