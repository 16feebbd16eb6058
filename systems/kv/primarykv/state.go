package primarykv

import (
	"encoding/json"
	"fmt"
)

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

// snapshot returns the state as JSON, which sorts the keys of maps.
func (s *state) snapshot() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("primarykv: encode snapshot: %v", err)) // maps of integers
	}
	return b
}

// restore returns the state of a snapshot; no data is the empty state.
func restore(data []byte) (*state, error) {
	s := newState()
	if len(data) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("decode snapshot: %w", err)
	}
	return s, nil
}
