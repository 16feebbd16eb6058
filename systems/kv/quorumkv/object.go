package quorumkv

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/capsize-go/capsize/systems/internal/dots"
	"github.com/capsize-go/capsize/systems/internal/fields"
)

// A Conflict is how a [Store] resolves concurrent writes.
type Conflict uint8

const (
	// Vectors keeps both if neither writer had seen the other's write: they are siblings
	// until a client that has seen both writes again. No acknowledged write is lost.
	// Dots, and not plain version vectors, record what was seen; see Almeida et al. 2014.
	Vectors Conflict = iota

	// HLC keeps the one with the later time on a hybrid logical clock, which never runs
	// behind what its node has seen; see Kulkarni et al. 2014. Of two concurrent
	// writes one is lost, though both were acknowledged.
	HLC

	// LWW keeps the one with the later time on the wall clock of its coordinator. A write of a
	// coordinator whose clock is behind is acknowledged, and lost; see Kingsbury,
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
	return s.dot.Compare(o.dot) > 0
}

// An object is what a replica holds of a key. With [Vectors] it is a set of siblings and
// the dots that it has seen, theirs included: a dot that was seen and has no sibling was
// replaced. Otherwise it is one sibling. Objects are shared between hosts, and never changed.
type object struct {
	siblings []sibling // sorted by dot
	seen     dots.Set
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

// mergeSeen keeps a sibling unless the other side has seen it and has it no more. If one side has all that there is to know, it is that
// one.
func mergeSeen(a, b object) object {
	switch {
	case a.covers(b):
		return a
	case b.covers(a):
		return b
	}
	m := object{make([]sibling, 0, len(a.siblings)+len(b.siblings)), a.seen.Union(b.seen)}
	for _, s := range a.siblings {
		if !b.replaces(s) {
			m.siblings = append(m.siblings, s)
		}
	}
	for _, s := range b.siblings {
		if !a.find(s.dot) && !a.replaces(s) {
			m.siblings = append(m.siblings, s)
		}
	}
	slices.SortFunc(m.siblings, func(s, t sibling) int { return s.dot.Compare(t.dot) })
	return m
}

// replaces reports whether the object has seen a sibling and has it no more.
func (o object) replaces(s sibling) bool { return o.seen.Has(s.dot) && !o.find(s.dot) }

// covers reports whether the object says nothing else when it is merged with p.
func (o object) covers(p object) bool {
	if !o.seen.Covers(p.seen) || slices.ContainsFunc(o.siblings, p.replaces) {
		return false
	}
	return !slices.ContainsFunc(p.siblings, func(s sibling) bool { return !slices.Contains(o.siblings, s) && !o.replaces(s) })
}

func (o object) find(d dot) bool {
	return slices.ContainsFunc(o.siblings, func(s sibling) bool { return s.dot == d })
}

func (o object) equal(p object) bool {
	return slices.Equal(o.siblings, p.siblings) && o.seen.Equal(p.seen)
}

// tombstone is the value of a sibling that says that its key was deleted. It is never removed; see
// [ReapTombstones] for the consequences of removing it.
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

// encode appends the object in the format of the log.
func (o object) encode(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(o.siblings)))
	for _, s := range o.siblings {
		b = binary.LittleEndian.AppendUint64(b, s.Actor)
		b = binary.AppendUvarint(b, s.N)
		b = binary.AppendVarint(b, s.at.wall)
		b = binary.AppendUvarint(b, uint64(s.at.logical))
		b = binary.AppendVarint(b, int64(s.value))
	}
	return o.seen.Append(b)
}

// readObject reads what [object.encode] wrote.
func readObject(r *fields.Reader) (o object) {
	for range r.Count() {
		var s sibling
		s.Actor, s.N = r.Fixed(), r.Uvarint()
		s.at = stamp{r.Varint(), uint32(r.Uvarint())}
		s.value = int(r.Varint())
		o.siblings = append(o.siblings, s)
	}
	o.seen = dots.Read(r)
	return o
}

// hash returns a hash of the object and its key.
func (o object) hash(key string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(o.encode(append([]byte(key), 0))) // a hash takes all
	return h.Sum64()
}
