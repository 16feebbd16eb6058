package chainkv

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/systems/internal/fields"
)

// A state is what a node has applied: of each key the newest committed version and
// all that came after it, and for each session the last write with its answer, by which a
// retry is known.
type state struct {
	Versions map[string][]version // the oldest first
	Sessions []last               // sorted by session: a state is copied and encoded more often than a session begins

	encoded []byte // the snapshot, until the state changes
}

// A version is the value that the write of that index gave a key.
type version struct {
	Index uint64
	Value int
}

type last struct {
	Session, Number, Index uint64
	Answer                 int
}

// A write is a request on its way down the chain.
type write struct {
	Session, Number uint64
	Key             string
	CAS             bool
	Old, Value      int
}

// An entry is a write at its place in the order of all.
type entry struct {
	Index uint64
	Via   string // the node that waits for the answer
	Write write
}

func newState() *state { return &state{Versions: map[string][]version{}} }

// clone returns a copy.
func (s *state) clone() *state {
	c := &state{maps.Clone(s.Versions), slices.Clone(s.Sessions), s.encoded}
	for key, v := range c.Versions { // order: each key on its own
		c.Versions[key] = slices.Clone(v)
	}
	return c
}

// newest returns the newest version of a key; the zero version if it has none.
func (s *state) newest(key string) version {
	if v := s.Versions[key]; len(v) > 0 {
		return v[len(v)-1]
	}
	return version{}
}

// at returns the newest version of a key that is no newer than index.
func (s *state) at(key string, index uint64) (found version) {
	for _, v := range s.Versions[key] {
		if v.Index <= index {
			found = v
		}
	}
	return found
}

// apply carries out a write and returns its answer; a retry gets the first one's.
func (s *state) apply(e entry) int {
	w := e.Write
	at, known := slices.BinarySearchFunc(s.Sessions, w.Session, func(l last, id uint64) int { return cmp.Compare(l.Session, id) })
	if known && s.Sessions[at].Number >= w.Number {
		return s.Sessions[at].Answer
	}
	s.encoded = nil
	answer := 0
	if w.CAS {
		answer = s.newest(w.Key).Value
	}
	if !w.CAS || answer == w.Old {
		s.Versions[w.Key] = append(s.Versions[w.Key], version{e.Index, w.Value})
	}
	if !known {
		s.Sessions = slices.Insert(s.Sessions, at, last{})
	}
	s.Sessions[at] = last{w.Session, w.Number, e.Index, answer}
	return answer
}

// commit forgets the versions of a key that are older than the newest committed one.
func (s *state) commit(key string, index uint64) {
	v := s.Versions[key]
	old := 0
	for old+1 < len(v) && v[old+1].Index <= index {
		old++
	}
	if old > 0 {
		s.Versions[key] = slices.Delete(v, 0, old)
		s.encoded = nil
	}
}

// truncate keeps one version of each key, the newest that is no newer than index, and
// drops all writes after that.
func (s *state) truncate(index uint64) {
	s.encoded = nil
	for key := range s.Versions { // order: each key on its own
		if v := s.at(key, index); v.Index > 0 {
			s.Versions[key] = []version{v}
		} else {
			delete(s.Versions, key)
		}
	}
	s.Sessions = slices.DeleteFunc(s.Sessions, func(l last) bool { return l.Index > index })
}

// snapshot returns the state as bytes, the same for equal states. They are shared, and must not be changed.
func (s *state) snapshot() []byte {
	if s.encoded == nil {
		s.encoded = s.encode()
	}
	return s.encoded
}

// encode appends the keys in their order, each with its versions, and then the sessions. Indexes are varints.
func (s *state) encode() []byte {
	b := binary.AppendUvarint(make([]byte, 0, 64*len(s.Versions)+24*len(s.Sessions)), uint64(len(s.Versions)))
	for _, key := range sorting.Keys(s.Versions) {
		b = binary.AppendUvarint(fields.AppendText(b, key), uint64(len(s.Versions[key])))
		for _, v := range s.Versions[key] {
			b = binary.AppendVarint(binary.AppendUvarint(b, v.Index), int64(v.Value))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(s.Sessions)))
	for _, l := range s.Sessions {
		b = binary.LittleEndian.AppendUint64(b, l.Session)
		b = binary.AppendVarint(binary.AppendUvarint(binary.AppendUvarint(b, l.Number), l.Index), int64(l.Answer))
	}
	return b
}

// restore returns the state of a snapshot; no data is the empty state.
func restore(data []byte) (*state, error) {
	s := newState()
	if len(data) == 0 {
		return s, nil
	}
	r := &fields.Reader{B: data}
	for range r.Count() {
		key := r.Text()
		for range r.Count() {
			s.Versions[key] = append(s.Versions[key], version{r.Uvarint(), int(r.Varint())})
		}
	}
	for range r.Count() {
		s.Sessions = append(s.Sessions, last{r.Fixed(), r.Uvarint(), r.Uvarint(), int(r.Varint())})
	}
	if r.Err == nil && len(r.B) > 0 {
		r.Err = fmt.Errorf("%d bytes are left", len(r.B))
	}
	if r.Err != nil {
		return nil, fmt.Errorf("decode snapshot: %w", r.Err)
	}
	return s, nil
}
