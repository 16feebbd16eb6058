package ssi

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/systems/internal/snapshot"
)

// A value is what a key holds: a list, the value of a register, or that of a row, which is 0 if there is none.
type value struct {
	List     []int `json:",omitempty"`
	Register int   `json:",omitempty"`
	Row      int   `json:",omitempty"`
}

// number returns the value of a register or row.
func (v value) number() int { return max(v.Register, v.Row) }

// A commit is what a transaction wrote, as it stands in the log.
type commit struct{ Writes []write }

type write struct {
	Key   string
	Value value
}

// String formats the commit for the report of messages.
func (c *commit) String() string {
	var all []string
	for _, w := range c.Writes {
		if w.Value.List != nil {
			all = append(all, fmt.Sprintf("%s=%v", w.Key, w.Value.List))
		} else {
			all = append(all, fmt.Sprintf("%s=%d", w.Key, w.Value.number()))
		}
	}
	return "commit " + strings.Join(all, ", ")
}

// A version is a value since a place in the log.
type version struct {
	Value value
	Since uint64
}

// keep is how many versions a node has of a key. A transaction whose snapshot is older than all of them is aborted.
const keep = 32

// A database holds the last versions of all keys, the oldest first.
type database struct{ rows map[string][]version }

// Apply makes a commit a part of the database.
func (d *database) Apply(index uint64, c *commit) any {
	for _, w := range c.Writes {
		versions := append(d.rows[w.Key], version{w.Value, index})
		if len(versions) > 2*keep {
			versions = append([]version(nil), versions[keep:]...)
		}
		d.rows[w.Key] = versions
	}
	return nil
}

// at returns the value of a key in a snapshot, or false if that version is not kept any more.
func (d *database) at(key string, s *snap) (value, bool) {
	versions := d.rows[key]
	for i := len(versions) - 1; i >= 0; i-- {
		if s.has(versions[i].Since) {
			return versions[i].Value, true
		}
	}
	return value{}, len(versions) < keep
}

// Snapshot returns the database as bytes.
func (d *database) Snapshot() []byte { return snapshot.Encode(d.rows) }

// Restore sets the database to that of a snapshot.
func (d *database) Restore(data []byte) error {
	rows, err := snapshot.Decode(data, &map[string][]version{})
	if err != nil {
		return err
	}
	d.rows = *rows
	return nil
}

// A snap is what a transaction sees: all up to a place in the log, but for some that are not visible yet on a primary with a bug.
type snap struct {
	upTo   uint64
	hidden map[uint64]bool
}

func (s *snap) has(index uint64) bool { return index <= s.upTo && !s.hidden[index] }
