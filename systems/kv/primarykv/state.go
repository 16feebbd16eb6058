package primarykv

import "github.com/capsize-go/capsize/systems/internal/snapshot"

// A state is what a node has applied: the values, and for each session the last
// request with its answer, by which a retry is known.
type state struct {
	Values   map[string]int
	Sessions map[uint64]last
}

type last struct {
	Number uint64
	Answer int
}

// A write is a request as it stands in the log. The zero write begins an epoch.
type write struct {
	Op         op
	Session    uint64
	Number     uint64
	Key        string
	Old, Value int
}

func newState() *state { return &state{map[string]int{}, map[uint64]last{}} }

// apply carries out a write and returns its answer; a retry gets the first one's.
func (s *state) apply(w write) int {
	if w.Op == 0 {
		return 0
	}
	if l, ok := s.Sessions[w.Session]; ok && l.Number >= w.Number {
		return l.Answer
	}
	answer := 0
	if w.Op == opCAS {
		answer = s.Values[w.Key]
	}
	if w.Op == opPut || answer == w.Old {
		s.Values[w.Key] = w.Value
	}
	s.Sessions[w.Session] = last{w.Number, answer}
	return answer
}

// snapshot returns the state as bytes, the same for equal states.
func (s *state) snapshot() []byte { return snapshot.Encode(s) }

// restore returns the state of a snapshot; no data is the empty state.
func restore(data []byte) (*state, error) { return snapshot.Decode(data, newState()) }
