package galera

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/systems/internal/snapshot"
)

// A value is what a key holds: a list, or the value of a register.
type value struct {
	List     []int `json:",omitempty"`
	Register int   `json:",omitempty"`
}

// A writeSet is what a transaction wrote.
type writeSet struct {
	ID        uint64 // of the transaction, at the node that it comes from
	Seen      uint64 // the place in the order that it read from
	Certified bool   `json:",omitempty"` // by its node alone: with a bug only
	Writes    []write
}

type write struct {
	Key   string
	Value value
}

// String formats the write set for the report of messages.
func (w *writeSet) String() string {
	var all []string
	for _, x := range w.Writes {
		if x.Value.List != nil {
			all = append(all, fmt.Sprintf("%s=%v", x.Key, x.Value.List))
		} else {
			all = append(all, fmt.Sprintf("%s=%d", x.Key, x.Value.Register))
		}
	}
	return fmt.Sprintf("write set of a snapshot at %d: %s", w.Seen, strings.Join(all, ", "))
}

// A row is the value of a key, and the place in the order where it was written.
type row struct {
	Value value
	Since uint64
}

// A database is a copy of all keys.
type database struct {
	rows    map[string]row
	applied func(*writeSet, bool) // is called with each write set and whether it committed
	skipped func()                // is called when a copy from elsewhere stands for write sets that were not applied one by one
}

// Apply certifies a write set, and applies it if nothing that it writes was written since its snapshot.
func (d *database) Apply(index uint64, w *writeSet) any {
	won := w.Certified || d.certify(w)
	if won {
		for _, x := range w.Writes {
			d.rows[x.Key] = row{x.Value, index}
		}
	}
	d.applied(w, won)
	return won
}

// certify reports whether nothing that a write set writes was written since its snapshot.
func (d *database) certify(w *writeSet) bool {
	for _, x := range w.Writes {
		if d.rows[x.Key].Since > w.Seen {
			return false
		}
	}
	return true
}

// Snapshot returns the copy as bytes.
func (d *database) Snapshot() []byte { return snapshot.Encode(d.rows) }

// Restore sets the copy to that of a snapshot.
func (d *database) Restore(data []byte) error {
	rows, err := snapshot.Decode(data, &map[string]row{})
	if err != nil {
		return err
	}
	d.rows = *rows
	if d.skipped != nil {
		d.skipped()
	}
	return nil
}
