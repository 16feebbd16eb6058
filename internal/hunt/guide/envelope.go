package guide

import (
	"slices"
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
	together map[[2]string]bool       // kinds of faults that are in one plan
	overlap  map[[2]string]bool       // and that are active at once
	longest  map[string]time.Duration // of each kind
	steps    int                      // of one plan
	within   time.Duration            // the length of the phase with faults
}

// NewEnvelope makes the envelope of some hundred plans, of seeds that seed draws.
func NewEnvelope(n nemesis.Nemesis, d time.Duration, seed uint64) *Envelope {
	e := &Envelope{together: map[[2]string]bool{}, overlap: map[[2]string]bool{}, longest: map[string]time.Duration{}, within: d}
	key := keyed.New(seed, "envelope")
	for i := range int64(plansOfEnvelope) {
		e.add(n.Plan(key.Int(i).Uint64(), d))
	}
	return e
}

// add widens the envelope so that the plan is within it.
func (e *Envelope) add(p nemesis.Plan) {
	e.steps = max(e.steps, len(p))
	for i, s := range p {
		kind := nemesis.Kind(s.Fault)
		e.longest[kind] = max(e.longest[kind], s.For)
		e.together[pairOf(kind, kind)] = true
		for _, other := range p[:i] {
			pair := pairOf(kind, nemesis.Kind(other.Fault))
			e.together[pair] = true
			if overlaps(s, other) {
				e.overlap[pair] = true
			}
		}
	}
}

// Holds reports whether a plan is within the envelope.
func (e *Envelope) Holds(p nemesis.Plan) bool {
	if len(p) > e.steps || p.Validate() != nil {
		return false
	}
	for i, s := range p {
		kind := nemesis.Kind(s.Fault)
		if s.At >= e.within || s.For > e.longest[kind] {
			return false
		}
		for _, other := range p[:i] {
			pair := pairOf(kind, nemesis.Kind(other.Fault))
			if !e.together[pair] || overlaps(s, other) && !e.overlap[pair] {
				return false
			}
		}
	}
	return true
}

// pairOf returns two kinds in an order that does not depend on which comes first.
func pairOf(a, b string) [2]string {
	pair := [2]string{a, b}
	slices.Sort(pair[:])
	return pair
}

// overlaps reports whether two steps are active at once.
func overlaps(a, b nemesis.Step) bool { return a.At < b.At+b.For && b.At < a.At+a.For }
