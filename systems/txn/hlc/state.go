package hlc

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/systems/internal/snapshot"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
)

// remembered is for how long a range knows how a transaction has ended, by the fastest clock that it has seen: no message of the transaction is on
// its way for as long, whichever clock it was begun by. Older versions of keys are kept for readable.
const (
	remembered = mostOffset + 60*time.Second
	readable   = 5 * time.Second
)

// A version is what a key held from a timestamp on.
type version struct {
	At   stamp
	Cell cell.Cell
}

// An intent is what a transaction that is not known to have ended wants to write in a range.
type intent struct {
	At     stamp // it will be no earlier
	Anchor int   // the range that has the record of the transaction
	Begun  int64 // the wall time of the transaction's first timestamp
	Keys   []string
	Cells  []cell.Cell
}

// A record says how a transaction has ended.
type record struct {
	Committed bool
	At        stamp
	Begun     int64
}

// A state is what the replicas of a range agree on.
type state struct {
	Versions map[string][]version
	Intents  map[string]*intent // by the id of the transaction
	Locks    map[string]string  // by key: the id of the transaction that has an intent there
	Records  map[string]record  // of transactions whose record is in this range
	Ended    map[string]int64   // transactions that may lay no intent any more, with when they began
	Ceiling  stamp              // no read above it was answered
	Wall     int64              // the latest wall time of all commands
	Oldest   stamp              // reads below it can't be answered any more, by this replica
}

func newState() *state {
	return &state{
		Versions: map[string][]version{}, Intents: map[string]*intent{}, Locks: map[string]string{}, Records: map[string]record{}, Ended: map[string]int64{},
	}
}

// A command is an entry in the log of a range.
type command struct {
	Kind   commandKind
	ID     string  `json:",omitempty"` // of the transaction
	At     stamp   // of a record or its resolution, when it was committed; of a ceiling, what it is
	Begun  int64   `json:",omitempty"`
	Commit bool    `json:",omitempty"`
	Intent *intent `json:",omitempty"`
}

type commandKind uint8

const (
	layIntent commandKind = 1 + iota
	writeRecord
	resolveIntent
	raiseCeiling
)

// apply carries out a command, and reports whether it took effect.
func (s *state) apply(c *command) bool {
	s.Wall = max(s.Wall, c.At.Wall)
	if c.Kind == raiseCeiling {
		s.Ceiling = later(s.Ceiling, c.At)
		return true
	}
	if c.Begun < s.Wall-int64(remembered) {
		return false // it is too late to know whether this was done before
	}
	switch c.Kind {
	case layIntent:
		return s.lay(c)
	case writeRecord:
		if _, ok := s.Records[c.ID]; ok {
			return false
		}
		s.Records[c.ID] = record{c.Commit, c.At, c.Begun}
	case resolveIntent:
		s.resolve(c)
	}
	return true
}

// lay lays down an intent, unless another one or a later version is in its way. The leader has seen to it that none is.
func (s *state) lay(c *command) bool {
	if _, ended := s.Ended[c.ID]; ended || s.Intents[c.ID] != nil {
		return false
	}
	for _, k := range c.Intent.Keys {
		if s.Locks[k] != "" || !s.newest(k).At.before(c.Intent.At) {
			return false
		}
	}
	s.Intents[c.ID] = c.Intent
	for _, k := range c.Intent.Keys {
		s.Locks[k] = c.ID
	}
	return true
}

// resolve turns the intent of a transaction into versions, or drops it.
func (s *state) resolve(c *command) {
	s.Ended[c.ID] = c.Begun
	in := s.Intents[c.ID]
	if in == nil {
		return
	}
	delete(s.Intents, c.ID)
	for i, k := range in.Keys {
		delete(s.Locks, k)
		if c.Commit {
			s.Versions[k] = append(s.Versions[k], version{c.At, in.Cells[i]})
		}
	}
}

// newest returns the last version of a key.
func (s *state) newest(key string) version {
	if all := s.Versions[key]; len(all) > 0 {
		return all[len(all)-1]
	}
	return version{}
}

// at returns the version of a key that a timestamp sees.
func (s *state) at(key string, t stamp) version {
	for _, v := range slices.Backward(s.Versions[key]) {
		if !t.before(v.At) {
			return v
		}
	}
	return version{}
}

// forget drops what is too old to be of use: it is called before a snapshot, and changes nothing that later commands depend on.
func (s *state) forget() {
	for _, k := range sorting.Keys(s.Versions) {
		all := s.Versions[k]
		for len(all) > 1 && all[1].At.Wall < s.Wall-int64(readable) {
			all = all[1:]
		}
		s.Versions[k] = slices.Clone(all)
	}
	s.Oldest = later(s.Oldest, stamp{Wall: s.Wall - int64(readable)})
	horizon := s.Wall - int64(remembered)
	for id, begun := range s.Ended { // order: each is looked at alone
		if begun < horizon {
			delete(s.Ended, id)
		}
	}
	for id, r := range s.Records { // order: each is looked at alone
		if r.Begun < horizon {
			delete(s.Records, id)
		}
	}
}

func (s *state) encode() []byte { return snapshot.Encode(s) }
