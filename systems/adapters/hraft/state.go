package hraft

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/capsize-go/capsize/cluster"
)

// A change is an entry of raft's log. A value of 0 deletes the key.
type change struct {
	Key   string
	Value int
	Swap  bool // only if the value is Old
	Old   int
	Sent  time.Time // by the clock of the node that proposed it
}

func (c change) encode() []byte {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // texts and numbers are always encoded
	}
	return b
}

// A state is the replicated state: what raft calls the FSM.
type state struct {
	h    *cluster.Host
	bugs Bug

	mu   sync.Mutex
	data map[string]int
}

func newState(h *cluster.Host, bugs Bug) *state {
	return &state{h: h, bugs: bugs, data: map[string]int{}}
}

func (s *state) get(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data[key]
}

// Apply applies a committed entry and returns the value that it found.
func (s *state) Apply(l *raft.Log) any {
	var c change
	if err := json.Unmarshal(l.Data, &c); err != nil {
		panic(fmt.Errorf("entry %d: %w", l.Index, err)) // the log is damaged: a node must not go on
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.data[c.Key]
	switch {
	case c.Swap && found != c.Old:
	case s.bugs&ClockInApply != 0 && s.h.Clock().Now().Sub(c.Sent) > patience:
	case c.Value == 0:
		delete(s.data, c.Key)
	default:
		s.data[c.Key] = c.Value
	}
	return found
}

// Snapshot copies the state. It is fast; Persist, which is not, runs beside Apply.
func (s *state) Snapshot() (raft.FSMSnapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return picture(maps.Clone(s.data)), nil
}

// Restore replaces the state by a snapshot.
func (s *state) Restore(r io.ReadCloser) error {
	defer r.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bugs&RestoreMerges == 0 {
		s.data = map[string]int{}
	}
	if err := json.NewDecoder(r).Decode(&s.data); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// A picture is a state at one entry of the log.
type picture map[string]int

// Persist writes the picture; package json sorts the keys.
func (p picture) Persist(sink raft.SnapshotSink) error {
	if err := json.NewEncoder(sink).Encode(p); err != nil {
		_ = sink.Cancel()
		return fmt.Errorf("snapshot: %w", err)
	}
	return sink.Close()
}

// Release has nothing to release.
func (picture) Release() {}
