package guide

import (
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/nemesis"
)

// plansOfEnvelope is how many plans of the nemesis an [Envelope] is made from.
const plansOfEnvelope = 400

// An Envelope is what the plans of a nemesis have in common: which kinds of faults are in one plan, and which of these overlap; how long each
// lasts at most; and how many steps a plan has. A mutated plan stays within it. Some systems are correct under a fault and under another, and not
// under both at once: a disk whose fsync lies while the power holds, and crashes; two clocks that drift.
type Envelope struct {
	kinds    map[string]int  // of faults: their places in what follows
	longest  []time.Duration // of each kind
	together [][]bool        // kinds of faults that are in one plan
	overlap  [][]bool        // and that are active at once
	steps    int             // of one plan
	within   time.Duration   // the length of the phase with faults
}

// NewEnvelope makes the envelope of some hundred plans, of seeds that seed draws.
func NewEnvelope(n nemesis.Nemesis, d time.Duration, seed uint64) *Envelope {
	e := &Envelope{kinds: map[string]int{}, within: d}
	key := keyed.New(seed, "envelope")
	for i := range int64(plansOfEnvelope) {
		e.add(n.Plan(key.Int(i).Uint64(), d))
	}
	return e
}

// add widens the envelope so that the plan is within it.
func (e *Envelope) add(p nemesis.Plan) {
	e.steps = max(e.steps, len(p))
	kinds := make([]int, len(p))
	for i, s := range p {
		kinds[i] = e.kind(s.Fault)
		e.longest[kinds[i]] = max(e.longest[kinds[i]], s.For)
		for j, other := range p[:i] {
			a, b := max(kinds[i], kinds[j]), min(kinds[i], kinds[j])
			e.together[a][b] = true
			if overlaps(s, other) {
				e.overlap[a][b] = true
			}
		}
	}
}

// kind returns the place of the kind of a fault, which it makes if there is none.
func (e *Envelope) kind(f nemesis.Fault) int {
	name := nemesis.Kind(f)
	i, ok := e.kinds[name]
	if !ok {
		i = len(e.kinds)
		e.kinds[name] = i
		e.longest = append(e.longest, 0)
		e.together, e.overlap = append(e.together, make([]bool, i+1)), append(e.overlap, make([]bool, i+1))
	}
	return i
}

// Holds reports whether a plan is within the envelope.
func (e *Envelope) Holds(p nemesis.Plan) bool {
	if len(p) > e.steps || p.Validate() != nil {
		return false
	}
	kinds := make([]int, len(p))
	for i, s := range p {
		kind, ok := e.kinds[nemesis.Kind(s.Fault)]
		if kinds[i] = kind; !ok || s.At >= e.within || s.For > e.longest[kind] {
			return false
		}
		for j, other := range p[:i] {
			a, b := max(kind, kinds[j]), min(kind, kinds[j])
			if !e.together[a][b] || !e.overlap[a][b] && overlaps(s, other) {
				return false
			}
		}
	}
	return true
}

// most returns how long a fault of that kind lasts at most.
func (e *Envelope) most(f nemesis.Fault) time.Duration {
	if i, ok := e.kinds[nemesis.Kind(f)]; ok {
		return e.longest[i]
	}
	return 0
}

// overlaps reports whether two steps are active at once.
func overlaps(a, b nemesis.Step) bool { return a.At < b.At+b.For && b.At < a.At+a.For }
