package cluster

import (
	"cmp"

	"github.com/capsize-go/capsize/internal/sorting"
)

// An Effect is what a fault did to a cluster, of one kind. A fault without effects was
// injected and tested nothing.
type Effect struct {
	Fault string `json:"fault"` // the name given to [Cluster.As]; empty for what was done without one
	What  string `json:"what"`  // "messages cut", "bytes lost at a crash"
	Count int64  `json:"count"`
}

// An effectKind says what an effect is: messages cut, bytes lost.
type effectKind uint8

const (
	effectCut effectKind = iota
	effectLost
	effectDelayed
	effectDoubled
	effectReordered
	effectDamaged
	effectCrash
	effectHostDown
	effectBytesLost
	effectTorn
	effectHeld
	effectSlowed
	effectSyncLied
	effectSyncFailed
	effectSyncSlow
	effectDiskFailed
	effectDiskFull
	effectRotRead
	effectMisdirected
	effectClockRead
	effectClockError
	effectTimer
	effectMembers
	effectReadOnly
	effectName
	effectNameSlow
	effectDegraded
	effectKinds
)

var effectNames = [effectKinds]string{
	"messages cut", "messages lost", "messages delayed", "messages duplicated", "messages reordered", "messages corrupted",
	"hosts crashed", "messages to hosts that were down", "bytes lost at a crash", "writes torn",
	"events held", "events slowed",
	"fsyncs that lied", "fsyncs that failed", "fsyncs delayed", "disk operations failed", "writes without space",
	"reads that hit rot", "writes misdirected", "clock readings off", "µs of clock error, at most", "timers off", "nodes that changed their members",
	"disk changes refused", "name lookups answered wrongly", "name lookups delayed",
	"times that a service was degraded",
}

// A tally counts the effects of one fault.
type tally struct {
	name string
	n    [effectKinds]int64
}

func (t *tally) add(k effectKind, n int64) {
	if t != nil {
		t.n[k] += n
	}
}

// As returns a handle of the cluster for a fault of that name: what is done through it is
// attributed to the name in [Cluster.Effects]. The draws of the fault, as of which messages
// it loses, are keyed by the name too, so that they do not depend on other faults.
func (c *Cluster) As(fault string) *Cluster {
	c.lock()
	defer c.unlock()
	return &Cluster{simulation: c.simulation, by: c.tally(fault)}
}

func (w *simulation) tally(fault string) *tally {
	t := w.tallies[fault]
	if t == nil {
		t = &tally{name: fault}
		w.tallies[fault] = t
	}
	return t
}

// Effects returns what faults did so far, by fault and kind. Counts of zero are
// left out: a fault that is not named had no effect.
func (c *Cluster) Effects() []Effect {
	c.lock()
	defer c.unlock()
	var all []Effect
	for _, t := range c.tallies { // order: sorted below
		for k, n := range t.n {
			if n > 0 {
				all = append(all, Effect{t.name, effectNames[k], n})
			}
		}
	}
	sorting.Func(all, func(a, k Effect) int {
		return cmp.Or(cmp.Compare(a.Fault, k.Fault), cmp.Compare(a.What, k.What))
	})
	return all
}
