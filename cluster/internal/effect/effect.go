// Package effect counts what faults do to a cluster.
package effect

import (
	"cmp"

	"github.com/capsize-go/capsize/internal/sorting"
)

// A Kind says what an effect is: messages cut, bytes lost.
type Kind uint8

// What is counted; String says it in words.
const (
	Cut Kind = iota
	Lost
	Delayed
	Doubled
	Reordered
	Damaged
	Crash
	HostDown
	BytesLost
	Torn
	Held
	Slowed
	SyncLied
	SyncFailed
	SyncSlow
	DiskFailed
	DiskFull
	RotRead
	Misdirected
	ClockRead
	ClockError
	Timer
	Members
	ReadOnly
	Name
	NameSlow
	Degraded
	kinds
)

var names = [kinds]string{
	"messages cut", "messages lost", "messages delayed", "messages duplicated", "messages reordered", "messages corrupted",
	"hosts crashed", "messages to hosts that were down", "bytes lost at a crash", "writes torn",
	"events held", "events slowed",
	"fsyncs that lied", "fsyncs that failed", "fsyncs delayed", "disk operations failed", "writes without space",
	"reads that hit rot", "writes misdirected", "clock readings off", "µs of clock error, at most", "timers off", "nodes that changed their members",
	"disk changes refused", "name lookups answered wrongly", "name lookups delayed",
	"times that a service was degraded",
}

// String says what is counted: "messages cut".
func (k Kind) String() string { return names[k] }

// A Tally counts the effects of one fault. A nil one counts nothing.
type Tally struct {
	Name string
	n    [kinds]int64
}

// Title returns the name of the fault; "" for a nil one.
func (t *Tally) Title() string {
	if t == nil {
		return ""
	}
	return t.Name
}

// Add counts n more.
func (t *Tally) Add(k Kind, n int64) {
	if t != nil {
		t.n[k] += n
	}
}

// Raise raises a count to n.
func (t *Tally) Raise(k Kind, n int64) {
	if t != nil {
		t.n[k] = max(t.n[k], n)
	}
}

// All yields each count that is not zero.
func (t *Tally) All(yield func(Kind, int64) bool) {
	for k, n := range t.n {
		if n > 0 && !yield(Kind(k), n) {
			return
		}
	}
}

// CountFlipRead counts a read of a bit that the fault flipped.
func (t *Tally) CountFlipRead() { t.Add(RotRead, 1) }

// Tallies are those of all faults, by name.
type Tallies map[string]*Tally

// Of returns the tally of a fault, a new one if there is none.
func (t Tallies) Of(fault string) *Tally {
	if t[fault] == nil {
		t[fault] = &Tally{Name: fault}
	}
	return t[fault]
}

// A Count is what a fault did, of one kind. It has the fields of cluster.Effect.
type Count struct {
	Fault string `json:"fault"`
	What  string `json:"what"`
	Count int64  `json:"count"`
}

// Counts returns the counts that are not zero, by fault and kind.
func (t Tallies) Counts() (all []Count) {
	for _, x := range t { // order: sorted below
		for k, n := range x.All {
			all = append(all, Count{x.Name, k.String(), n})
		}
	}
	sorting.Func(all, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Fault, b.Fault), cmp.Compare(a.What, b.What))
	})
	return all
}
