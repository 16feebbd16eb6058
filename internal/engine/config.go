package engine

import (
	"time"

	"github.com/capsize-go/capsize/internal/sorting"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/workloads"
)

// What the draws of a run are for. These are parts of their keys: another text is another
// history of every seed.
const (
	drawPace = "pace" // when a client invokes its next operation
	drawNext = "next" // what the workload draws for it
	drawCore = "core" // which nodes are isolated after the faults, and how
)

// A Config says what is run. Nothing in it has a default.
type Config struct {
	System   cluster.System
	Workload workloads.Workload // its checker is of no interest here
	Plan     nemesis.Plan
	Seed     uint64            // of every draw
	Calm     cluster.Calm      // when links take a constant time
	Script   workloads.Script  // what the clients invoke, if it is not nil: then the workload draws nothing
	Schedule schedule.Schedule // which goroutine runs next, if the runtime lets one decide

	Nodes    int
	Clients  int
	Rate     float64       // operations a second, of all clients together; +Inf for clients without a pace
	Duration time.Duration // of the phase with faults
	Timeout  time.Duration // of one operation
	Settle   time.Duration // of the phase after the faults
	Core     bool          // whether the last phases have a majority of the nodes only, and the others are isolated
	Stall    time.Duration // of wall time in which nothing happens before the run is given up

	StopAt time.Duration // the instant of virtual time to stop at; 0: nowhere
	Wait   bool          // wait there for a debugger, and go on after it

	Progress func(Status)     // is called now and then with how far the run is; optional
	Record   func(history.Op) // is called with each op as it is recorded; optional
	Window   trace.Window     // of which the messages and events are recorded; optional

	KeepScript bool // whether to record which operations the clients were to invoke, and when
}

// A Status says how far a run is.
type Status struct {
	Phase    string        // setup, faults, heal, settle, final, end
	Virtual  time.Duration // since the run began
	Expected time.Duration // about how long the run will be
	Calls    int           // that were invoked
	Faults   int           // that are active now
}

// A Record is what a run left behind, before anything judges it. Of a run that was given
// up it has no more than history, phases, findings and refusals.
type Record struct {
	History  *history.History
	Phases   []Phase // in the order in which they began
	Findings []cluster.Finding
	Refusals map[int]Refusal  // of the clients that did not get through in the end, by client
	Stopped  error            // why the run was cut short; nil if it was not
	Snapshot string           // what the run was doing at StopAt; empty if it did not come to that
	Held     bool             // it waited at StopAt for a debugger
	Log      *cluster.Log     // what the hosts logged; nil if the run did not begin
	Messages *trace.Trace     // what happened in Config.Window; nil if that is off, or the run did not begin
	Script   workloads.Script // what the clients were to invoke, if Config.KeepScript is set
	Virtual  time.Duration    // how long the run was

	Healed    time.Duration    // when all faults were healed
	Core      *Core            // the nodes that had to make progress then; nil if the run did not come to its end
	Skipped   int              // faults that met no occasion, or no node that they may harm
	Resolved  nemesis.Plan     // Config.Plan with what the faults chose
	Trace     uint64           // hash of all that happened in the cluster
	Decisions *schedule.Trace  // of the scheduler; nil if the runtime decided by chance
	Stats     cluster.Stats    // what the cluster counted
	Effects   []cluster.Effect // of the faults
	Marks     map[string]int   // how often a node came by, by the marks that it sets
	Missed    []string         // marks that were never reached
}

// A Phase of a run has a name and an instant at which it began.
type Phase struct {
	Name string
	At   time.Duration
}

// A Refusal is what Open said at a node.
type Refusal struct{ Node, Said string }

// RefusalAt returns what Open said to the first client of a node that did not get through in
// the end, or of any node for "".
func (r *Record) RefusalAt(node string) (Refusal, bool) {
	for _, id := range sorting.Keys(r.Refusals) {
		if x := r.Refusals[id]; node == "" || x.Node == node {
			return x, true
		}
	}
	return Refusal{}, false
}
