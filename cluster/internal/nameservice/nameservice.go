// Package nameservice is the name service of a cluster: records of names, and what faults make of the answers.
package nameservice

import (
	"net"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/effect"
)

// A Record is the record of a name.
type Record struct {
	Hosts []string
	TTL   time.Duration
}

// DefaultTTL is the time for which an answer may be kept unless its record says otherwise.
const DefaultTTL = 5 * time.Second

// What can be wrong with an answer.
const (
	Stale   = "stale"   // it is the record of the time when the fault began
	Wrong   = "wrong"   // it is a node that the name does not stand for
	Missing = "missing" // there is no such name
	Failing = "failing" // the server failed
)

// A Fault is what one fault does to the lookups of one machine.
type Fault struct {
	What string
	By   *effect.Tally
	Old  map[string]Record // the records when it began
}

// Records are the records by name.
type Records map[string]Record

// Set sets a record, with the TTL of the record before it unless it has its own. An empty record removes the name.
func (r Records) Set(name string, record Record) {
	if len(record.Hosts) == 0 {
		delete(r, name)
		return
	}
	if record.TTL <= 0 {
		record.TTL = DefaultTTL
		if was, ok := r[name]; ok {
			record.TTL = was.TTL
		}
	}
	record.Hosts = slices.Clone(record.Hosts)
	r[name] = record
}

// Query returns the record of a name as a machine with faults gets it. Other draws a node that is none of those that it gets.
func (r Records) Query(name string, faults []*Fault, other func(than []string, by *effect.Tally) string) (Record, error) {
	record, ok := r[name]
	for _, x := range faults {
		switch x.What {
		case Stale:
			old, was := x.Old[name]
			if was != ok || !slices.Equal(old.Hosts, record.Hosts) {
				x.By.Add(effect.Name, 1)
			}
			record, ok = old, was
		case Wrong:
			if ok {
				x.By.Add(effect.Name, 1)
				record.Hosts = []string{other(record.Hosts, x.By)}
			}
		case Missing:
			if ok {
				x.By.Add(effect.Name, 1)
			}
			ok = false
		case Failing:
			x.By.Add(effect.Name, 1)
			return record, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
		}
	}
	if !ok {
		return record, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return record, nil
}
