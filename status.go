package capsize

import (
	"time"

	"github.com/capsize-go/capsize/history"
)

// A Status says how far a run is; see [Test.Progress].
type Status struct {
	Phase    string        // setup, faults, heal, settle, final, end, and "checking" with the checker
	Virtual  time.Duration // since the run began
	Expected time.Duration // about how long the run will be; a system that settles late takes longer
	Calls    int           // that were invoked
	Faults   int           // that are active now
}

// report calls the test's Progress, if it has one.
func (t Test) report(s Status) {
	if t.Progress != nil {
		t.Progress(s)
	}
}

// checking says that a checker begins.
func (r *Result) checking(what string) {
	calls := 0
	if r.Test.Progress != nil {
		for i := range r.History.Len() {
			if op := r.History.At(i); op.Type == history.Invoke && op.Process != history.Nemesis {
				calls++
			}
		}
	}
	r.Test.report(Status{Phase: "checking " + what, Virtual: r.Virtual, Expected: r.Virtual, Calls: calls})
}
