package quorumkv

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/capsize-go/capsize/internal/sorting"
)

// A dot names one write: the n-th, from 1, of a key that an actor coordinated. An actor is
// one life of a node, by a number that is drawn when it boots: so no dot is ever used twice,
// whatever the disk forgot. The price is a span for each life that wrote a key.
type dot struct{ actor, n uint64 }

func (d dot) compare(e dot) int { return cmp.Or(cmp.Compare(d.actor, e.actor), cmp.Compare(d.n, e.n)) }

// Dots are a set of dots: a version vector with gaps. A plain version vector says "all
// writes of this actor up to that one", which is a claim too many for who has read the second
// but not the first; see Almeida et al. 2014, "Scalable and Accurate Causality Tracking for
// Eventually Consistent Stores". The set is sorted, has one form only, and is never changed.
type dots []span

// A span is all dots of an actor from one number to another. No two spans of a set touch.
type span struct{ actor, from, to uint64 }

func (x span) compare(y span) int {
	return cmp.Or(cmp.Compare(x.actor, y.actor), cmp.Compare(x.from, y.from))
}

func (s dots) has(d dot) bool {
	i, ok := slices.BinarySearchFunc(s, span{d.actor, d.n, d.n}, span.compare)
	return ok || i > 0 && s[i-1].actor == d.actor && d.n <= s[i-1].to
}

// with returns the set with one dot more.
func (s dots) with(d dot) dots { return s.union(dots{{d.actor, d.n, d.n}}) }

// all returns the set of all dots of an actor up to one.
func (d dot) all() dots { return dots{{d.actor, 1, d.n}} }

// last returns the last number of an actor in the set.
func (s dots) last(actor uint64) (n uint64) {
	for _, x := range s {
		if x.actor == actor {
			n = x.to
		}
	}
	return n
}

// union returns what is in either set.
func (s dots) union(o dots) dots {
	if len(s) == 0 {
		return o
	}
	if len(o) == 0 {
		return s
	}
	both := slices.Concat(s, o)
	sorting.Func(both, span.compare)
	u := both[:1]
	for _, x := range both[1:] {
		if last := &u[len(u)-1]; last.actor == x.actor && x.from <= last.to+1 {
			last.to = max(last.to, x.to)
		} else {
			u = append(u, x)
		}
	}
	return u
}

func (s dots) equal(o dots) bool { return slices.Equal(s, o) }

func (s dots) encode(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	for _, x := range s {
		b = binary.LittleEndian.AppendUint64(b, x.actor)
		b = binary.AppendUvarint(b, x.from)
		b = binary.AppendUvarint(b, x.to)
	}
	return b
}

// errShort is what a record ends with that holds less than it says.
var errShort = errors.New("a record is too short for what it says")

// A reader reads what was encoded. Once it has failed it yields zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fixed() uint64 {
	if len(r.b) < 8 {
		r.b, r.err = nil, errShort
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.err = nil, errShort
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.b, r.err = nil, errShort
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads how many of something follow: each takes a byte at least.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.b, r.err = nil, errShort
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.count()
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) dots() (s dots) {
	for range r.count() {
		s = append(s, span{r.fixed(), r.uvarint(), r.uvarint()})
	}
	return s
}
