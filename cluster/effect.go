package cluster

import (
	"cmp"

	"github.com/capsize-go/capsize/internal/sorting"
)

// An Effect is what a fault did to a cluster, of one kind: it shows that the
// fault did not only strike but also bit.
type Effect struct {
	Fault string `json:"fault"` // the name given to [Cluster.As]; empty for what was done without one
	What  string `json:"what"`  // "messages cut", "bytes lost at a crash"
	Count int64  `json:"count"`
}

// A bite is a kind of effect.
type bite uint8

const (
	biteCut bite = iota
	biteLost
	biteDelayed
	biteDoubled
	biteReordered
	biteDamaged
	biteCrash
	biteUnheard
	biteBytes
	biteTorn
	biteHeld
	biteBusy
	biteLied
	biteSyncFailed
	biteSyncSlow
	biteFailed
	biteFull
	biteRot
	biteMisdirected
	biteClock
	biteClockError
	biteTimer
	biteMembers
	biteReadOnly
	biteName
	biteNameSlow
	bites
)

var biteNames = [bites]string{
	"messages cut", "messages lost", "messages delayed", "messages duplicated", "messages reordered", "messages corrupted",
	"hosts crashed", "messages to hosts that were down", "bytes lost at a crash", "writes torn",
	"events held", "events slowed",
	"fsyncs that lied", "fsyncs that failed", "fsyncs delayed", "disk operations failed", "writes without space",
	"reads that hit rot", "writes misdirected", "clock readings off", "µs of clock error, at most", "timers off", "nodes that changed their members",
	"disk changes refused", "name lookups answered wrongly", "name lookups delayed",
}

// A tally counts what was done in the name of one fault.
type tally struct {
	name string
	n    [bites]int64
}

func (t *tally) add(b bite, n int64) {
	if t != nil {
		t.n[b] += n
	}
}

// As returns the cluster as a fault of that name handles it: whatever the fault
// does to it is booked under the name, and is told by [Cluster.Effects]. Random
// draws of what the fault does later, as which messages it loses, are keyed by
// the name too, so that they do not depend on other faults.
func (c *Cluster) As(fault string) *Cluster {
	c.lock()
	defer c.unlock()
	return &Cluster{world: c.world, by: c.tally(fault)}
}

func (w *world) tally(fault string) *tally {
	t := w.tallies[fault]
	if t == nil {
		t = &tally{name: fault}
		w.tallies[fault] = t
	}
	return t
}

// Effects returns what faults did so far, by fault and kind. What did not happen
// is left out: a fault that is not named did not bite.
func (c *Cluster) Effects() []Effect {
	c.lock()
	defer c.unlock()
	var all []Effect
	for _, t := range c.tallies { // order: sorted below
		for b, n := range t.n {
			if n > 0 {
				all = append(all, Effect{t.name, biteNames[b], n})
			}
		}
	}
	sorting.Func(all, func(a, b Effect) int {
		return cmp.Or(cmp.Compare(a.Fault, b.Fault), cmp.Compare(a.What, b.What))
	})
	return all
}
