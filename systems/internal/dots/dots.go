// Package dots has sets of events that are named by who caused them and which one of theirs they are: what replicas have seen of
// each other's writes. A plain version vector says "all of this actor's writes up to that one", which is wrong for who has seen
// the second but not the first: so these sets have gaps. See Almeida et al., Scalable and Accurate Causality Tracking for Eventually
// Consistent Stores (DAIS 2014), and Almeida, Shoker and Baquero, Delta state replicated data types (JPDC 2018), §7.2.
package dots

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/capsize-go/capsize/systems/internal/fields"
)

// A Dot names one event: the N-th, from 1, that an actor caused.
type Dot struct{ Actor, N uint64 }

// Compare orders dots by actor, and those of one actor by number.
func (d Dot) Compare(e Dot) int {
	if d.Actor != e.Actor {
		return cmp.Compare(d.Actor, e.Actor)
	}
	return cmp.Compare(d.N, e.N)
}

// All returns the set of all dots of the actor up to this one.
func (d Dot) All() Set { return Set{{d.Actor, 1, d.N}} }

// A Set is a set of dots. It is sorted, has one form only, and is never changed: sets share what they have in common.
// Its methods take time linear in the number of spans, which is a few for each actor.
type Set []Span

// A Span is all dots of an actor from one number to another. No two spans of a set touch.
type Span struct{ Actor, From, To uint64 }

// before reports whether a span begins before another.
func (x Span) before(y Span) bool {
	return x.Actor < y.Actor || x.Actor == y.Actor && x.From < y.From
}

// Of returns the set of some dots, in any order.
func Of(all ...Dot) (s Set) {
	if !slices.IsSortedFunc(all, Dot.Compare) {
		all = slices.Clone(all)
		slices.SortFunc(all, Dot.Compare)
	}
	for _, d := range all {
		if n := len(s); n > 0 && s[n-1].Actor == d.Actor && d.N <= s[n-1].To+1 {
			s[n-1].To = d.N
		} else {
			s = append(s, Span{d.Actor, d.N, d.N})
		}
	}
	return s
}

// Has reports whether a dot is in the set.
func (s Set) Has(d Dot) bool {
	for i := len(s) - 1; i >= 0; i-- {
		if x := &s[i]; x.Actor < d.Actor || x.Actor == d.Actor && x.From <= d.N {
			return x.Actor == d.Actor && d.N <= x.To
		}
	}
	return false
}

// Last returns the last number of an actor in the set, 0 if it has none.
func (s Set) Last(actor uint64) (n uint64) {
	for _, x := range s {
		if x.Actor == actor {
			n = x.To
		}
	}
	return n
}

// With returns the set with one dot more.
func (s Set) With(d Dot) Set { return s.Union(Set{{d.Actor, d.N, d.N}}) }

// Union returns what is in either set. If that is one of the two, it is that one.
func (s Set) Union(o Set) Set {
	switch {
	case s.Covers(o):
		return s
	case o.Covers(s):
		return o
	}
	u := make(Set, 0, len(s)+len(o))
	for len(s) > 0 || len(o) > 0 {
		var x Span
		if len(o) == 0 || len(s) > 0 && s[0].before(o[0]) {
			x, s = s[0], s[1:]
		} else {
			x, o = o[0], o[1:]
		}
		if n := len(u); n > 0 && u[n-1].Actor == x.Actor && x.From <= u[n-1].To+1 {
			u[n-1].To = max(u[n-1].To, x.To)
		} else {
			u = append(u, x)
		}
	}
	return u
}

// Covers reports whether all of another set is in this one.
func (s Set) Covers(o Set) bool {
	for _, y := range o {
		for len(s) > 0 && (s[0].Actor < y.Actor || s[0].Actor == y.Actor && s[0].To < y.From) {
			s = s[1:]
		}
		if len(s) == 0 || s[0].Actor != y.Actor || s[0].From > y.From || s[0].To < y.To {
			return false
		}
	}
	return true
}

// Minus returns what is in this set and not in the other. If that is all, it is this set.
func (s Set) Minus(o Set) (m Set) {
	cut := false
	for at, x := range s {
		for len(o) > 0 && (o[0].Actor < x.Actor || o[0].Actor == x.Actor && o[0].To < x.From) {
			o = o[1:]
		}
		for rest := o; len(rest) > 0 && rest[0].Actor == x.Actor && rest[0].From <= x.To && x.From <= x.To; rest = rest[1:] {
			if !cut {
				m, cut = slices.Clone(s[:at]), true
			}
			if x.From < rest[0].From {
				m = append(m, Span{x.Actor, x.From, rest[0].From - 1})
			}
			x.From = rest[0].To + 1
		}
		if cut && x.From <= x.To {
			m = append(m, x)
		}
	}
	if !cut {
		return s
	}
	return m
}

// Equal reports whether two sets have the same dots.
func (s Set) Equal(o Set) bool { return slices.Equal(s, o) }

// Append appends the set in the form that [Read] reads.
func (s Set) Append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	for _, x := range s {
		b = binary.LittleEndian.AppendUint64(b, x.Actor)
		b = binary.AppendUvarint(b, x.From)
		b = binary.AppendUvarint(b, x.To)
	}
	return b
}

// Read reads a set.
func Read(r *fields.Reader) (s Set) {
	for range r.Count() {
		s = append(s, Span{r.Fixed(), r.Uvarint(), r.Uvarint()})
	}
	return s
}
