package quorumkv

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/capsize-go/capsize/internal/sorting"
)

// A Conflict is how a [Store] settles which of two writes stays.
type Conflict uint8

const (
	// Vectors keeps both if neither writer had seen the other's write: they are siblings
	// until somebody who has seen both writes again. Nothing that was acknowledged is lost.
	// Dots, and not plain version vectors, tell what was seen; see Almeida et al. 2014.
	Vectors Conflict = iota

	// HLC keeps the one with the later time on a hybrid logical clock, which never runs
	// behind what its node has seen; see Kulkarni et al. 2014. Of two concurrent
	// writes one is dropped in silence, though both were acknowledged.
	HLC

	// LWW keeps the one with the later time on the wall clock of its coordinator. Whoever's
	// clock is behind is acknowledged, and loses; see Kingsbury,
	// https://aphyr.com/posts/294-call-me-maybe-cassandra, 2013.
	LWW
)

var conflictNames = [...]string{"vectors", "hlc", "lww"}

// String returns vectors, hlc or lww.
func (c Conflict) String() string {
	if int(c) >= len(conflictNames) {
		return fmt.Sprintf("conflict(%d)", uint8(c))
	}
	return conflictNames[c]
}

// A sibling is one value of an object, and the write that it comes from.
type sibling struct {
	dot
	at    stamp // not with Vectors
	value int
}

// later compares siblings by time; those of the same time by who wrote.
func (s sibling) later(o sibling) bool {
	if c := s.at.compare(o.at); c != 0 {
		return c > 0
	}
	return s.dot.compare(o.dot) > 0
}

// An object is what a replica holds of a key. With [Vectors] it is a set of siblings and
// the dots that it has seen, theirs included: a dot that was seen and has no sibling was
// replaced. Otherwise it is one sibling. Objects are shared between hosts, and never changed.
type object struct {
	siblings []sibling // sorted by dot
	seen     dots
}

// merge returns what is known to a replica that has seen both. It is commutative,
// associative and idempotent, so it does not matter how often and in which order
// writes arrive.
func (c Conflict) merge(a, b object) object {
	if c == Vectors {
		return mergeSeen(a, b)
	}
	if len(a.siblings) == 0 || len(b.siblings) > 0 && b.siblings[0].later(a.siblings[0]) {
		return b
	}
	return a
}

// mergeSeen keeps a sibling unless the other side has seen it and has it no more.
func mergeSeen(a, b object) object {
	m := object{seen: a.seen.union(b.seen)}
	keep := func(s sibling, other object) {
		if !other.seen.has(s.dot) || other.find(s.dot) {
			m.siblings = append(m.siblings, s)
		}
	}
	for _, s := range a.siblings {
		keep(s, b)
	}
	for _, s := range b.siblings {
		if !a.find(s.dot) {
			keep(s, a)
		}
	}
	sorting.Func(m.siblings, func(s, t sibling) int { return s.dot.compare(t.dot) })
	return m
}

func (o object) find(d dot) bool {
	return slices.ContainsFunc(o.siblings, func(s sibling) bool { return s.dot == d })
}

func (o object) equal(p object) bool {
	return slices.Equal(o.siblings, p.siblings) && o.seen.equal(p.seen)
}

// tombstone is the value of a sibling that says that its key was deleted. It stays for good; see
// [ReapTombstones] for what comes of forgetting it.
const tombstone = 0

// values returns the siblings' values, sorted, each once, without tombstones.
func (o object) values() []int {
	var values []int
	for _, s := range o.siblings {
		if s.value != tombstone {
			values = append(values, s.value)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// latest returns the latest time of the siblings.
func (o object) latest() (at stamp) {
	for _, s := range o.siblings {
		if s.at.compare(at) > 0 {
			at = s.at
		}
	}
	return at
}

func (o object) encode(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(o.siblings)))
	for _, s := range o.siblings {
		b = binary.LittleEndian.AppendUint64(b, s.actor)
		b = binary.AppendUvarint(b, s.n)
		b = binary.AppendVarint(b, s.at.wall)
		b = binary.AppendUvarint(b, uint64(s.at.logical))
		b = binary.AppendVarint(b, int64(s.value))
	}
	return o.seen.encode(b)
}

func (r *reader) object() (o object) {
	for range r.count() {
		var s sibling
		s.actor, s.n = r.fixed(), r.uvarint()
		s.at = stamp{r.varint(), uint32(r.uvarint())}
		s.value = int(r.varint())
		o.siblings = append(o.siblings, s)
	}
	o.seen = r.dots()
	return o
}

// hash tells objects of keys apart.
func (o object) hash(key string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(o.encode(append([]byte(key), 0))) // a hash takes all
	return h.Sum64()
}
