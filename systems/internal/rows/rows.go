// Package rows is the database behind the systems of caches: a table that numbers the versions of its rows, keeps them on
// the disk of its host, and remembers when it was read. What matters of a copy is how old it is, so a row has no more
// than its version.
package rows

import (
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/journal"
)

// A Change is a version that a row was given.
type Change struct {
	Key     string
	Version int           // 1, 2, … of the key
	At      time.Duration // when, by the host's oscillator; 0 if it was in an earlier life
}

// A Table is used from the handler and timers of a host.
type Table struct {
	h        *cluster.Host
	disk     *journal.Journal // a record for each change
	log      []Change
	versions map[string]int
	loads    map[string][]time.Duration
}

// ErrDamaged is wrapped by the error of a table that has lost what was acknowledged.
var ErrDamaged = errors.New("the disk lost rows that were acknowledged")

const recordChange = 'c'

// Open returns the table on the disk of a host.
func Open(h *cluster.Host) (*Table, error) {
	disk, records, damaged, err := journal.Open(h, "rows")
	switch {
	case err != nil:
		return nil, fmt.Errorf("rows: %w", err)
	case damaged:
		return nil, fmt.Errorf("rows: %w", ErrDamaged)
	}
	t := &Table{h: h, disk: disk, versions: map[string]int{}, loads: map[string][]time.Duration{}}
	for _, rec := range records {
		t.add(string(rec[1:]), 0)
	}
	return t, nil
}

// Wake says that a handler or timer of the host runs; see [journal.Journal.Wake].
func (t *Table) Wake() { t.disk.Wake() }

func (t *Table) add(key string, at time.Duration) Change {
	t.versions[key]++
	c := Change{key, t.versions[key], at}
	t.log = append(t.log, c)
	return c
}

// Next gives a row its next version. It is durable before anything leaves the host. A node can't continue after its disk
// has failed, so Next panics with an error that wraps [cluster.ErrDisk].
func (t *Table) Next(key string) Change {
	err := t.disk.Append(append([]byte{recordChange}, key...))
	if err == nil {
		err = t.disk.Sync()
	}
	if err != nil {
		panic(fmt.Errorf("rows: write %s: %w", key, err))
	}
	return t.add(key, t.h.Clock().Monotonic())
}

// Load reads a row, and records the load. A row that does not exist has version 0.
func (t *Table) Load(key string) (version int, now time.Duration) {
	now = t.h.Clock().Monotonic()
	t.loads[key] = append(t.loads[key], now)
	return t.versions[key], now
}

// Loads returns when a row was read in this life.
func (t *Table) Loads(key string) []time.Duration { return append([]time.Duration{}, t.loads[key]...) }

// Changes returns all changes, in their order. They must not be modified.
func (t *Table) Changes() []Change { return t.log[:len(t.log):len(t.log)] }
