package consistency

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/model"
	"github.com/stretchr/testify/require"
)

// knowledge returns, for each call, which others it knows: those before it in its
// session, the write that it saw, and what they know. It returns false if one
// knows itself.
func (t *oracle) knowledge() ([][]bool, bool) {
	n := len(t.happened)
	k := make([][]bool, n)
	for i, a := range t.happened {
		k[i] = make([]bool, n)
		for j, b := range t.happened {
			k[i][j] = i != j && t.before(b, a)
		}
		if w, _ := t.writer(a); a.observes && w >= 0 {
			k[i][w] = true
		}
	}
	for m := range n {
		for i := range n {
			for j := range n {
				k[i][j] = k[i][j] || k[i][m] && k[m][j]
			}
		}
	}
	for i := range n {
		if k[i][i] {
			return nil, false
		}
	}
	return k, true
}

// explained reports whether there is an order of the calls of a set in which each comes after
// those that it must follow, and in which all given calls see what they were answered.
func (t *oracle) explained(set []int, follows func(a, b int) bool, observed func(int) bool) bool {
	type state map[string]int
	done := map[int]bool{}
	var try func(s state) bool
	try = func(s state) bool {
		if len(done) == len(set) {
			return true
		}
	next:
		for _, i := range set {
			if done[i] {
				continue
			}
			for _, j := range set {
				if !done[j] && j != i && follows(i, j) {
					continue next
				}
			}
			a := t.happened[i]
			if observed(i) && a.observes && s[a.key] != a.saw {
				continue
			}
			old := s[a.key]
			if a.writes {
				s[a.key] = a.put
			}
			done[i] = true
			ok := try(s)
			delete(done, i)
			s[a.key] = old
			if ok {
				return true
			}
		}
		return false
	}
	return try(state{})
}

// isCausal is CC by its definition.
func isCausal(t *oracle) bool {
	k, ok := t.knowledge()
	if !ok || !t.justified() {
		return false
	}
	for i := range t.happened {
		if !t.explained(t.pastOf(k, i), func(a, b int) bool { return k[a][b] }, func(j int) bool { return j == i }) {
			return false
		}
	}
	return true
}

func (t *oracle) pastOf(k [][]bool, i int) []int {
	set := []int{i}
	for j := range t.happened {
		if k[i][j] {
			set = append(set, j)
		}
	}
	return set
}

// isCausalMemory is CM by its definition.
func isCausalMemory(t *oracle) bool {
	k, ok := t.knowledge()
	if !ok || !t.justified() {
		return false
	}
	for i := range t.happened {
		observed := func(j int) bool { return j == i || t.before(t.happened[j], t.happened[i]) }
		if !t.explained(t.pastOf(k, i), func(a, b int) bool { return k[a][b] }, observed) {
			return false
		}
	}
	return true
}

// isConvergent is CCv by its definition: it tries every order of all calls.
func isConvergent(t *oracle) bool {
	k, ok := t.knowledge()
	if !ok || !t.justified() {
		return false
	}
	var order []int
	placed := make([]bool, len(t.happened))
	fits := func(i int) bool {
		a, saw := t.happened[i], 0
		for _, j := range order {
			if b := t.happened[j]; b.writes && b.key == a.key && k[i][j] {
				saw = b.put
			}
		}
		return !a.observes || saw == a.saw
	}
	var try func() bool
	try = func() bool {
		if len(order) == len(t.happened) {
			return true
		}
		for i := range t.happened {
			if placed[i] || slices.ContainsFunc(t.pastOf(k, i)[1:], func(j int) bool { return !placed[j] }) || !fits(i) {
				continue
			}
			placed[i] = true
			order = append(order, i)
			ok := try()
			order = order[:len(order)-1]
			placed[i] = false
			if ok {
				return true
			}
		}
		return false
	}
	return try()
}

// isPipelined is PRAM by its definition.
func isPipelined(t *oracle) bool {
	if !t.justified() {
		return false
	}
	for i := range t.happened {
		p := t.happened[i].process
		var set []int
		for j, a := range t.happened {
			if a.process == p || a.writes {
				set = append(set, j)
			}
		}
		follows := func(a, b int) bool { return t.before(t.happened[b], t.happened[a]) }
		if !t.explained(set, follows, func(j int) bool { return t.happened[j].process == p }) {
			return false
		}
	}
	return true
}

func TestCausalAgreesWithItsDefinition(t *testing.T) {
	agrees(t, Causal(model.Register()), 2000, isCausal)
}

func TestCausalConvergentAgreesWithItsDefinition(t *testing.T) {
	agrees(t, CausalConvergent(model.Register()), 2000, isConvergent)
}

func TestCausalMemoryAgreesWithItsDefinition(t *testing.T) {
	agrees(t, CausalMemory(model.Register()), 2000, isCausalMemory)
}

func TestPRAMAgreesWithItsDefinition(t *testing.T) {
	agrees(t, PRAM(model.Register()), 2000, isPipelined)
}

func TestCausesComeBeforeEffects(t *testing.T) {
	h := script(read(1, "x", 5), write(1, "y", 6), read(2, "y", 6), write(2, "x", 5))
	for _, c := range []checker.Checker{Causal(model.Register()), CausalConvergent(model.Register()), CausalMemory(model.Register()), Sequential(model.Register())} {
		r := c.Check(t.Context(), h)
		require.Equal(t, checker.Invalid, r.Verdict)
		require.Equal(t, "no order of 4 calls puts causes before effects: each happened before the next, and the last before the first", r.Reason)
		require.Len(t, r.Counterexample.Calls, 4)
	}
	require.Equal(t, checker.Valid, PRAM(model.Register()).Check(t.Context(), h).Verdict)
}

// TestSerialSeesWhatComesBeforeASwap: what comes before a session's own swap was there when it looked.
func TestSerialSeesWhatComesBeforeASwap(t *testing.T) {
	swap := func(p int, v int) scripted { return scripted{p, model.RegisterOp{F: "cas", Key: "y", Value: v}, 0} }
	h := script(swap(1, 1), swap(0, 2), write(1, "x", 3), read(0, "x", 3), read(0, "y", 2))
	for _, c := range []checker.Checker{PRAM(model.Register()), CausalMemory(model.Register())} {
		r := c.Check(t.Context(), h)
		require.Equal(t, checker.Invalid, r.Verdict)
		require.Len(t, r.Counterexample.Calls, 5)
	}
}

// TestPastLeavesOutNothingThatMatters compares a past with the bad patterns themselves, on histories
// in which sessions know most writes by others that know them, so that few are looked at.
func TestPastLeavesOutNothingThatMatters(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	bad, cyclic, fine := 0, 0, 0
	for range sweepHistories(400) {
		f := smallFleet(r)
		f.calls, f.clients, f.replicas, f.spoil, f.future = 20+r.IntN(180), 2+r.IntN(8), 1+r.IntN(5), r.IntN(3), false
		f.delivery = delivery(r.IntN(2))
		m := model.Register()
		l, no := sessionHistoryOf(view.Erase(m).Of(f.history(r)), "")
		require.Nil(t, no)
		p := newCausalPast(l, true)
		if l.thinAirRead() != model.None || len(p.order) < len(l.calls) {
			continue
		}
		wantBad, wantCyclic := patterns(p)
		require.Equal(t, wantBad, p.bad.read != model.None, "%v", l.h)
		if wantBad {
			bad++
			continue
		}
		require.Equal(t, wantCyclic, len(p.cyclic()) > 0, "%v", l.h)
		cyclic, fine = cyclic+view.BoolInt(wantCyclic), fine+view.BoolInt(!wantCyclic)
	}
	t.Logf("%d causally inconsistent, %d not convergent, %d fine", bad, cyclic, fine)
	for _, n := range []int{bad, cyclic, fine} {
		require.Greater(t, n, 20)
	}
}

// patterns reports whether a call saw what it knew to be replaced, and whether the order of
// writes that all calls ask for has a cycle.
func patterns(p *causalPast) (bad, cyclic bool) {
	l, n := p.l, len(p.l.calls)
	k := make([][]bool, n) // by call: those that it knows
	for _, i := range p.order {
		k[i] = make([]bool, n)
		for _, q := range [...]int32{l.calls[i].prev, l.writerSeen(i)} {
			if q == model.None {
				continue
			}
			k[i][q] = true
			for j := range n {
				k[i][j] = k[i][j] || k[q][j]
			}
		}
	}
	before := make([][]bool, n)
	for i := range k {
		before[i] = slices.Clone(k[i])
	}
	for i := range k {
		t := &l.calls[i]
		w := l.writerSeen(int32(i))
		for f := range n {
			if !t.observes() || !k[i][f] || int32(f) == w || l.calls[f].put == model.None || l.calls[f].key != t.key {
				continue
			}
			if w == model.None || k[f][w] {
				bad = true
			} else {
				before[w][f] = true
			}
		}
	}
	for m := range n {
		for i := range n {
			for j := 0; before[i][m] && j < n; j++ {
				before[i][j] = before[i][j] || before[m][j]
			}
		}
	}
	for i := range n {
		cyclic = cyclic || before[i][i]
	}
	return bad, cyclic
}
