package crdtkv

import (
	"slices"

	"github.com/capsize-go/capsize/systems/internal/dots"
)

// A state is all that a replica has: a product of types that merge, which merges by its
// parts. A delta is a state too: a small one, that says what an operation changed.
type state struct {
	counters  table[pncounter]
	sets      table[bag]
	registers table[bag]
	seen      dots.Set // the dots of all adds and writes that it knows of, also of those that are gone
}

// empty reports whether the state says nothing.
func (s *state) empty() bool {
	return len(s.counters) == 0 && len(s.sets) == 0 && len(s.registers) == 0 && len(s.seen) == 0
}

// clone returns a copy.
func (s *state) clone() *state {
	return &state{slices.Clone(s.counters), slices.Clone(s.sets), slices.Clone(s.registers), s.seen}
}

// merge joins d into s, and returns the least delta that makes s as much greater: what is in d and is new to s, which
// is all that others need who have what s had (Enes, Almeida, Baquero and Leitão, Efficient synchronization of
// state-based CRDTs, ICDE 2019, §IV: to forward all of d would be to forward the same again and again). It is nil if d
// says nothing new.
func (s *state) merge(d *state, bugs Bug) (news *state) {
	news = &state{}
	for _, r := range d.counters {
		own := s.counters.get(r.key)
		p, freshP := own.p.merge(r.value.p, bugs)
		n, freshN := own.n.merge(r.value.n, bugs)
		if freshP != nil || freshN != nil {
			s.counters.set(r.key, pncounter{p, n})
			news.counters = append(news.counters, row[pncounter]{r.key, pncounter{freshP, freshN}})
		}
	}
	fresh := d.seen.Minus(s.seen)
	news.seen = fresh
	if len(d.seen) > 0 {
		s.mergeBags(&s.sets, d.sets, d, &news.sets, &news.seen, bugs)
		s.mergeBags(&s.registers, d.registers, d, &news.registers, &news.seen, bugs)
		s.seen = s.seen.Union(fresh)
	}
	if news.empty() {
		return nil
	}
	return news
}

// mergeBags merges sets or registers of d by key. A key that d does not have is merged with an empty
// bag, since d may say that its values were removed. Empty bags are dropped.
func (s *state) mergeBags(own *table[bag], others table[bag], d *state, news *table[bag], newsSeen *dots.Set, bugs Bug) {
	for i := len(*own) - 1; i >= 0; i-- { // from the last one, as some are dropped
		r := &(*own)[i]
		merged, gone, fresh := r.value.merge(s.seen, others.get(r.key), d.seen, bugs)
		if gone == nil && fresh == nil {
			continue
		}
		for _, t := range gone {
			*newsSeen = newsSeen.With(t.dot)
		}
		if fresh != nil {
			news.set(r.key, fresh)
		}
		if r.value = merged; len(merged) == 0 {
			own.remove(r.key)
		}
	}
	for _, o := range others {
		if _, ok := own.find(o.key); ok {
			continue
		}
		if merged, _, fresh := bag(nil).merge(s.seen, o.value, d.seen, bugs); len(merged) > 0 {
			own.set(o.key, merged)
			news.set(o.key, fresh)
		}
	}
}

// Each operation returns the delta that carries it out, and changes nothing.

// count adds n to a counter, or takes -n away.
func (s *state) count(replica uint64, key string, n int) *state {
	c := s.counters.get(key)
	if n >= 0 {
		c = pncounter{p: gcounter{{replica, c.p.of(replica) + uint64(n)}}}
	} else {
		c = pncounter{n: gcounter{{replica, c.n.of(replica) + uint64(-n)}}}
	}
	return &state{counters: table[pncounter]{{key, c}}}
}

// add puts an element into a set, under a dot that nothing else has.
func (s *state) add(at dot, key string, element int) *state {
	return &state{sets: table[bag]{{key, bag{{at, element}}}}, seen: dots.Of(at)}
}

// remove takes away what this replica has seen of an element.
func (s *state) remove(key string, element int) (d *state, removed []dot) {
	removed = s.sets.get(key).dots(element)
	return &state{seen: dots.Of(removed...)}, removed
}

// write puts a value into a register, in the place of those that the writer has seen.
func (s *state) write(at dot, key string, value int, seen []dot) *state {
	return &state{registers: table[bag]{{key, bag{{at, value}}}}, seen: dots.Of(seen...).With(at)}
}

// alive returns the dots of what is there.
func (s *state) alive() dots.Set {
	var all []dot
	for _, bags := range []table[bag]{s.sets, s.registers} {
		for _, r := range bags {
			for _, t := range r.value {
				all = append(all, t.dot)
			}
		}
	}
	return dots.Of(all...)
}
