package capsize

import (
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/engine"
	"github.com/capsize-go/capsize/nemesis"
)

// Exercised says what a run put to the test. A verdict is worth as much as what was exercised: a plan whose faults met no
// operation proves nothing.
type Exercised struct {
	OK   int `json:"ok"`   // calls by their outcome
	Fail int `json:"fail"` //
	Info int `json:"info"` //

	Faults        map[string]int `json:"faults"`         // that were injected, by name
	Overlapped    int            `json:"overlapped"`     // calls during which some fault was active
	LeaderChanges int            `json:"leader_changes"` // from one node to another
	Crashes       int            `json:"crashes"`        // of nodes
	Sent          int            `json:"sent"`           // messages and segments
	Cut           int            `json:"cut"`            // of these, lost to a cut link,
	Lost          int            `json:"lost"`           // to a lossy one,
	Dead          int            `json:"dead"`           // to a host that was down
	Syncs         int            `json:"syncs"`          // of disks
	BytesLost     int64          `json:"bytes_lost"`     // written, and not synced before a crash

	Planned   int              `json:"planned"`          // faults of the plan
	Idle      int              `json:"idle,omitempty"`   // of these, met no occasion or no node that they may harm, and were not injected
	Effects   []cluster.Effect `json:"effects"`          // what the faults did, by fault and kind
	Elections int              `json:"elections"`        // how often a node became leader
	Marks     map[string]int   `json:"marks,omitempty"`  // how often a node came by, by the marks that it sets
	Missed    []string         `json:"missed,omitempty"` // marks that were to be reached and never were
}

// exercisedBy sums up what the cluster counted and what the history shows.
func exercisedBy(rec *engine.Record, plan nemesis.Plan) Exercised {
	s, h := rec.Stats, rec.History
	x := Exercised{
		Faults:        map[string]int{},
		LeaderChanges: int(s.LeaderChanges), Crashes: int(s.Crashes),
		Sent: int(s.Sent), Cut: int(s.LostToCut), Lost: int(s.LostToChance), Dead: int(s.LostToCrash),
		Syncs: int(s.Syncs), BytesLost: s.BytesLost,
	}
	x.Planned, x.Idle, x.Elections = len(plan), rec.Skipped, int(s.Elections)
	x.Effects, x.Marks, x.Missed = rec.Effects, rec.Marks, rec.Missed
	names := map[string]string{}
	for _, step := range plan {
		names[engine.StepKey(step)] = step.Fault.String()
	}
	var windows []history.Call
	for f := range h.Faults() {
		if f.Complete.Type != history.Fail {
			x.Faults[names[f.Invoke.Key]]++
			windows = append(windows, f)
		}
	}
	for c := range h.Calls() {
		// Later calls begin later: what has ended by now overlaps none of them.
		for len(windows) > 0 && windows[0].Complete.Time < c.Invoke.Time {
			windows = windows[1:]
		}
		switch c.Complete.Type {
		case history.OK:
			x.OK++
		case history.Fail:
			x.Fail++
		default:
			x.Info++
		}
		if overlaps(c, windows) {
			x.Overlapped++
		}
	}
	return x
}

func overlaps(c history.Call, windows []history.Call) bool {
	for _, w := range windows {
		if w.Invoke.Time > c.Complete.Time {
			return false // and so do those after it
		}
		if c.Invoke.Time <= w.Complete.Time {
			return true
		}
	}
	return false
}
