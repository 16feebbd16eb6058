package guide

import (
	"cmp"
	"slices"
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/nemesis"
)

const (
	mostMutations = 4                      // of one plan
	tries         = 8                      // of a mutation that leaves the envelope
	shortest      = time.Millisecond       // of a step that is shortened
	around        = 500 * time.Millisecond // an instant of interest a fault is moved to
	ownIDs        = 1_000_000_000          // from here on are the IDs of steps that mutations draw
)

// A mutant is a plan that is being changed.
type mutant struct {
	seed   uint64
	plan   nemesis.Plan
	how    []string
	other  *entry // to splice with
	fresh  nemesis.Plan
	at     []time.Duration // instants of interest of the parent
	within *Envelope
}

// A mutation changes the plan, and reports whether it could.
type mutation struct {
	name   string
	weight int64
	apply  func(m *mutant, k keyed.Key) bool
}

// mutations are those that there are. Their order is a part of what is drawn: new ones go to the end.
var mutations = []mutation{
	{"drop", 2, (*mutant).drop},
	{"add", 2, (*mutant).add},
	{"move", 2, (*mutant).move},
	{"near", 2, (*mutant).near},
	{"lengthen", 1, (*mutant).lengthen},
	{"shorten", 1, (*mutant).shorten},
	{"splice", 2, (*mutant).splice},
	{"redraw", 2, (*mutant).redraw},
	{"seed", 2, (*mutant).reseed},
	{"overlay", 2, (*mutant).overlay},
}

// mutate applies one to mostMutations mutations, each half as likely as the one before. It keeps those that stay within the envelope, and at least draws another seed.
func (m *mutant) mutate(k keyed.Key) {
	for i := range int64(mostMutations) {
		if i > 0 && k.With("more").Int(i).Float64() < 0.5 {
			break
		}
		for try := range int64(tries) {
			if m.once(k.With("mutation").Int(i, try)) {
				break
			}
		}
	}
	if len(m.how) == 0 {
		m.reseed(k.With("otherwise"))
		m.how = append(m.how, "seed")
	}
}

// once applies a mutation, unless that leads out of the envelope.
func (m *mutant) once(k keyed.Key) bool {
	total := int64(0)
	for _, x := range mutations {
		total += x.weight
	}
	n := k.With("which").Range(0, total)
	for _, x := range mutations {
		if n -= x.weight; n >= 0 {
			continue
		}
		before, seed := slices.Clone(m.plan), m.seed
		if x.apply(m, k.With(x.name)) && len(m.plan) > 0 && m.within.Holds(m.plan) {
			sortSteps(m.plan)
			m.how = append(m.how, x.name)
			return true
		}
		m.plan, m.seed = before, seed
		return false
	}
	return false
}

// pick draws a step of the plan.
func (m *mutant) pick(k keyed.Key) int { return int(k.With("step").Range(0, int64(len(m.plan)))) }

// drop takes a fault out.
func (m *mutant) drop(k keyed.Key) bool {
	if len(m.plan) < 2 {
		return false
	}
	i := m.pick(k)
	m.plan = slices.Delete(m.plan, i, i+1)
	return true
}

// add adds a fault of another plan of the nemesis.
func (m *mutant) add(k keyed.Key) bool {
	if len(m.fresh) == 0 {
		return false
	}
	s := m.fresh[k.With("which").Range(0, int64(len(m.fresh)))]
	s.ID = m.newID(k)
	if k.With("moved").Float64() < 0.5 {
		s.At = m.instant(k)
	}
	m.plan = append(m.plan, s)
	return true
}

// move has a fault begin at any other instant.
func (m *mutant) move(k keyed.Key) bool {
	if len(m.plan) == 0 {
		return false
	}
	m.plan[m.pick(k)].At = m.anywhere(k)
	return true
}

// near has a fault begin, or end, about when something happened in the run of the parent.
func (m *mutant) near(k keyed.Key) bool {
	if len(m.plan) == 0 || len(m.at) == 0 {
		return false
	}
	s := &m.plan[m.pick(k)]
	at := m.instant(k)
	if k.With("ends").Float64() < 0.25 {
		at -= s.For
	}
	s.At = max(0, at)
	return true
}

// instant draws an instant of interest, give or take a little.
func (m *mutant) instant(k keyed.Key) time.Duration {
	if len(m.at) == 0 {
		return m.anywhere(k)
	}
	at := m.at[k.With("moment").Range(0, int64(len(m.at)))]
	return max(0, at+time.Duration(k.With("around").Range(-int64(around), int64(around))).Truncate(time.Microsecond))
}

func (m *mutant) anywhere(k keyed.Key) time.Duration {
	return time.Duration(k.With("at").Range(0, int64(m.within.within))).Truncate(time.Microsecond)
}

// lengthen has a fault last up to four times as long, and no longer than those of its kind do.
func (m *mutant) lengthen(k keyed.Key) bool { return m.scale(k, 1, 4) }

// shorten has a fault last down to an eighth as long.
func (m *mutant) shorten(k keyed.Key) bool { return m.scale(k, 0.125, 1) }

func (m *mutant) scale(k keyed.Key, from, to float64) bool {
	if len(m.plan) == 0 {
		return false
	}
	s := &m.plan[m.pick(k)]
	by := from + (to-from)*k.With("by").Float64()
	longest := m.within.most(s.Fault)
	s.For = min(max(shortest, time.Duration(float64(s.For)*by).Truncate(time.Microsecond)), longest)
	return true
}

// splice takes the faults of this plan up to an instant, and those of another plan from it on.
func (m *mutant) splice(k keyed.Key) bool {
	if m.other == nil {
		return false
	}
	cut := m.anywhere(k)
	m.plan = slices.DeleteFunc(m.plan, func(s nemesis.Step) bool { return s.At >= cut })
	for _, s := range m.other.Plan {
		if s.At >= cut {
			m.join(s)
		}
	}
	return true
}

// overlay adds all faults of another plan.
func (m *mutant) overlay(k keyed.Key) bool {
	if m.other == nil {
		return false
	}
	for _, s := range m.other.Plan {
		m.join(s)
	}
	return true
}

// join adds a step of another plan, with another ID if its own is taken.
func (m *mutant) join(s nemesis.Step) {
	for slices.ContainsFunc(m.plan, func(x nemesis.Step) bool { return x.ID == s.ID }) {
		s.ID += ownIDs
	}
	m.plan = append(m.plan, s)
}

// redraw gives a step another ID, so that its fault chooses anew.
func (m *mutant) redraw(k keyed.Key) bool {
	if len(m.plan) == 0 {
		return false
	}
	m.plan[m.pick(k)].ID = m.newID(k)
	return true
}

// reseed draws another seed: all faults choose anew, and so do the clients.
func (m *mutant) reseed(k keyed.Key) bool {
	m.seed = seedOf(k)
	return true
}

// seedOf draws a seed that is short enough to be read out.
func seedOf(k keyed.Key) uint64 { return k.With("seed").Uint64()>>16 + 1 }

// newID draws an ID that no step has.
func (m *mutant) newID(k keyed.Key) int {
	for i := int64(0); ; i++ {
		id := int(k.With("id").Int(i).Range(ownIDs, 2*ownIDs))
		if !slices.ContainsFunc(m.plan, func(s nemesis.Step) bool { return s.ID == id }) {
			return id
		}
	}
}

// sortSteps puts steps in order, as plans of a nemesis are.
func sortSteps(p nemesis.Plan) {
	sorting.Func(p, func(a, b nemesis.Step) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID)) })
}
