package hraft

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"sync"

	"github.com/hashicorp/raft"
)

// A state is the replicated state: what raft calls the FSM.
type state struct {
	mu   sync.Mutex
	data map[string]int
}

func newState() *state { return &state{data: map[string]int{}} }

func (s *state) get(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data[key]
}

// encode returns a write as the data of an entry of the log.
func encode(p Pair) []byte {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // a string and an int are always encoded
	}
	return b
}

// Apply applies a committed entry.
func (s *state) Apply(l *raft.Log) any {
	var p Pair
	if err := json.Unmarshal(l.Data, &p); err != nil {
		panic(fmt.Errorf("entry %d: %w", l.Index, err)) // the log is damaged: a node must not go on
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[p.Key] = p.Value
	return nil
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
	data := map[string]int{}
	if err := json.NewDecoder(r).Decode(&data); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
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
