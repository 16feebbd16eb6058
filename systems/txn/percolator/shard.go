package percolator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/systems/internal/snapshot"
)

// A value is what a key holds: a list, or the value of a register.
type value struct {
	List     []int `json:",omitempty"`
	Register int   `json:",omitempty"`
}

// A write is a key with its new value.
type write struct {
	Key   string
	Value value
}

// A command is what the log of a shard, or of the oracle, holds.
type command struct {
	Kind        kind
	Start       uint64   `json:",omitempty"` // the transaction, by the timestamp of its snapshot
	Primary     string   `json:",omitempty"`
	Writes      []write  `json:",omitempty"` // of prewrite
	Key         string   `json:",omitempty"` // of all others
	Commit      uint64   `json:",omitempty"` // of commit and settle; of settle, 0 is for a rollback
	Expired     bool     `json:",omitempty"` // of check: the lock is old
	Dead        bool     `json:",omitempty"` // of check: the transaction is to be rolled back, unless it has committed
	MinCommit   uint64   `json:",omitempty"` // of async prewrite: the least timestamp that the commit may have
	Secondaries []string `json:",omitempty"` // of async prewrite: the keys beside the primary
	Bound       uint64   `json:",omitempty"` // of the oracle: all timestamps below may have been given out
}

type kind uint8

const (
	prewrite kind = 1 + iota
	commit        // turns the lock at a primary into a version
	settle        // does to a lock what its primary decided
	check         // asks a primary what happened to its transaction, and decides it if the lock has expired
	checkSecondary
	extend // has the oracle save a bound
)

var kindNames = [...]string{"none", "prewrite", "commit", "settle", "check", "check secondary", "extend"}

// String formats the command for the report of messages.
func (c *command) String() string {
	switch c.Kind {
	case extend:
		return fmt.Sprintf("extend to %d", c.Bound)
	case prewrite:
		var all []string
		for _, w := range c.Writes {
			all = append(all, w.String())
		}
		return fmt.Sprintf("prewrite of %d: %s; primary %s", c.Start, strings.Join(all, ", "), c.Primary)
	}
	return fmt.Sprintf("%s %s of %d at %d", kindNames[c.Kind], c.Key, c.Start, c.Commit)
}

// String formats the write: "x=[1 2]".
func (w write) String() string { return w.Key + "=" + w.Value.String() }

// String formats the value: "[1 2]", or "3".
func (v value) String() string {
	if v.List != nil {
		return fmt.Sprint(v.List)
	}
	return fmt.Sprint(v.Register)
}

// A lock is a write that has not committed yet.
type lock struct {
	Start       uint64
	Primary     string
	Value       value
	MinCommit   uint64   `json:",omitempty"` // of an async commit; else 0
	Secondaries []string `json:",omitempty"` // likewise, at the primary
}

// A version is a value since a timestamp, or the record of a rollback, which keeps late messages of the transaction out.
type version struct {
	Start, Commit uint64
	Value         *value `json:",omitempty"`
}

// A row is all that is known of a key. Its versions are in the order of Commit.
type row struct {
	Lock     *lock `json:",omitempty"`
	Versions []version
}

// A shard is the state that a log drives.
type shard struct {
	bugs  Bug
	now   func() time.Duration
	seen  map[string]time.Duration // when the node saw the lock at a key first
	rows  map[string]*row
	bound uint64 // of the oracle
}

func newShard(bugs Bug, now func() time.Duration) *shard {
	return &shard{bugs: bugs, now: now, rows: map[string]*row{}, seen: map[string]time.Duration{}}
}

type shardImage struct {
	Rows  map[string]*row
	Bound uint64
}

// Snapshot returns the state as bytes.
func (s *shard) Snapshot() []byte { return snapshot.Encode(&shardImage{s.rows, s.bound}) }

// Restore sets the state to that of a snapshot.
func (s *shard) Restore(data []byte) error {
	image, err := snapshot.Decode(data, &shardImage{Rows: map[string]*row{}})
	if err != nil {
		return err
	}
	s.rows, s.bound = image.Rows, image.Bound
	clear(s.seen)
	return nil
}

// A fate is what is known of a transaction, or of a step of it.
type fate uint8

const (
	ok         fate = iota // what was asked is done
	committed              // it has committed
	rolledBack             // it has not, and never will
	locked                 // its lock is there
	conflict               // another has written the key since
)

// An answer is what a command ends with.
type answer struct {
	fate   fate
	commit uint64 // of one that has committed; of an async prewrite, the least timestamp that it may have
	key    string // of a prewrite that meets a lock: where
	lock   *lock  // the lock that was met

	expired bool // the lock is old, and its transaction may be dead
}

// Apply carries out a command.
func (s *shard) Apply(_ uint64, c *command) any {
	switch c.Kind {
	case prewrite:
		return s.prewrite(c)
	case commit:
		return s.commit(c)
	case settle:
		s.settle(c.Key, c.Start, c.Commit)
		return answer{}
	case check, checkSecondary:
		return s.check(c)
	case extend:
		s.bound = max(s.bound, c.Bound)
	}
	return answer{}
}

func (s *shard) row(key string) *row {
	r := s.rows[key]
	if r == nil {
		r = &row{}
		s.rows[key] = r
	}
	return r
}

// prewrite places locks at all keys of a transaction that are in this shard, or at none.
func (s *shard) prewrite(c *command) answer {
	for _, w := range c.Writes {
		r := s.row(w.Key)
		if v := r.of(c.Start); v != nil {
			if v.Value == nil {
				return answer{fate: rolledBack}
			}
			return answer{commit: v.Commit}
		}
		if r.Lock != nil && r.Lock.Start != c.Start {
			return answer{fate: locked, key: w.Key, lock: r.Lock}
		}
		if r.newest() > c.Start {
			return answer{fate: conflict, key: w.Key}
		}
	}
	a := answer{commit: c.MinCommit}
	for _, w := range c.Writes {
		r := s.row(w.Key)
		if r.Lock != nil {
			a.commit = r.Lock.MinCommit
			continue
		}
		r.Lock = &lock{c.Start, c.Primary, w.Value, c.MinCommit, nil}
		if w.Key == c.Primary {
			r.Lock.Secondaries = c.Secondaries
		}
		s.seen[w.Key] = s.now()
	}
	return a
}

// commit commits a transaction at its primary, unless that was rolled back.
func (s *shard) commit(c *command) answer {
	r := s.row(c.Key)
	if v := r.of(c.Start); v != nil {
		if v.Value == nil {
			return answer{fate: rolledBack}
		}
		return answer{fate: committed, commit: v.Commit}
	}
	if r.Lock == nil || r.Lock.Start != c.Start {
		if s.bugs&RollBackLive != 0 {
			return answer{fate: committed, commit: c.Commit}
		}
		return answer{fate: rolledBack}
	}
	s.settle(c.Key, c.Start, c.Commit)
	return answer{fate: committed, commit: c.Commit}
}

// settle turns the lock of a transaction at a key into a version, or, if commit is 0, into the record of a rollback.
func (s *shard) settle(key string, start, commit uint64) {
	r := s.row(key)
	held := r.Lock != nil && r.Lock.Start == start
	switch {
	case r.of(start) != nil:
	case held && commit != 0:
		v := r.Lock.Value
		r.insert(version{start, commit, &v})
	case commit == 0 && s.bugs&RollBackLive == 0:
		r.insert(version{Start: start, Commit: start})
	}
	if held {
		r.Lock = nil
		delete(s.seen, key)
	}
}

// check says what happened to a transaction at its primary, or at a secondary of an async commit. One whose lock is not there
// is rolled back, and so is one whose lock has expired, unless the locks of all its keys decide: that is so of an async commit.
func (s *shard) check(c *command) answer {
	r := s.row(c.Key)
	if v := r.of(c.Start); v != nil {
		if v.Value == nil {
			return answer{fate: rolledBack}
		}
		return answer{fate: committed, commit: v.Commit}
	}
	if r.Lock != nil && r.Lock.Start == c.Start && !c.Dead && (!c.Expired || r.Lock.MinCommit > 0) {
		return answer{fate: locked, commit: r.Lock.MinCommit, lock: r.Lock, expired: c.Expired}
	}
	s.settle(c.Key, c.Start, 0)
	return answer{fate: rolledBack}
}

// age returns for how long the node has seen the lock at a key.
func (s *shard) age(key string) time.Duration {
	at, known := s.seen[key]
	if !known {
		at = s.now()
		s.seen[key] = at
	}
	return s.now() - at
}

// of returns what a transaction left at the row, other than a lock.
func (r *row) of(start uint64) *version {
	for i := range r.Versions {
		if r.Versions[i].Start == start {
			return &r.Versions[i]
		}
	}
	return nil
}

// newest returns the timestamp of the newest value.
func (r *row) newest() uint64 {
	for _, v := range slices.Backward(r.Versions) {
		if v.Value != nil {
			return v.Commit
		}
	}
	return 0
}

// at returns the value as of a timestamp.
func (r *row) at(t uint64) value {
	for _, v := range slices.Backward(r.Versions) {
		if v.Value != nil && v.Commit <= t {
			return *v.Value
		}
	}
	return value{}
}

func (r *row) insert(v version) {
	at, _ := slices.BinarySearchFunc(r.Versions, v, func(a, b version) int { return cmp.Compare(a.Commit, b.Commit) })
	r.Versions = slices.Insert(r.Versions, at, v)
}
