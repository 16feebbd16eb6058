package chainkv

import (
	"maps"
	"slices"

	"github.com/capsize-go/capsize/systems/internal/snapshot"
)

// A state is what a node has applied: of each key the newest committed version and
// all that came after it, and for each session the last write with its answer, by which a
// retry is known.
type state struct {
	Versions map[string][]version // the oldest first
	Sessions map[uint64]last

	encoded []byte // the snapshot, until the state changes
}

// A version is the value that the write of that index gave a key.
type version struct {
	Index uint64
	Value int
}

type last struct {
	Number, Index uint64
	Answer        int
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

func newState() *state { return &state{Versions: map[string][]version{}, Sessions: map[uint64]last{}} }

// clone returns a copy.
func (s *state) clone() *state {
	c := &state{maps.Clone(s.Versions), maps.Clone(s.Sessions), s.encoded}
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
	if l, ok := s.Sessions[w.Session]; ok && l.Number >= w.Number {
		return l.Answer
	}
	s.encoded = nil
	answer := 0
	if w.CAS {
		answer = s.newest(w.Key).Value
	}
	if !w.CAS || answer == w.Old {
		s.Versions[w.Key] = append(s.Versions[w.Key], version{e.Index, w.Value})
	}
	s.Sessions[w.Session] = last{w.Number, e.Index, answer}
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
	for session, l := range s.Sessions { // order: each session on its own
		if l.Index > index {
			delete(s.Sessions, session)
		}
	}
}

// snapshot returns the state as bytes, the same for equal states. They are shared, and must not be changed.
func (s *state) snapshot() []byte {
	if s.encoded == nil {
		s.encoded = snapshot.Encode(s)
	}
	return s.encoded
}

// restore returns the state of a snapshot; no data is the empty state.
func restore(data []byte) (*state, error) { return snapshot.Decode(data, newState()) }
