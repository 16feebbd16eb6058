// Package report shows the result of a run: as text for a terminal, as a picture
// of the whole run, and as one page of HTML that needs no network.
//
// It judges nothing and runs nothing. A [Run] is plain data, so that the report
// of a recorded history looks like that of a run, and
// the same Run always gives the same bytes.
package report

import (
	"iter"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
)

// A Run is the data of a report. Every field is optional: what
// is missing is not shown.
type Run struct {
	Title    string // name of the test
	System   string
	Workload string
	Nemesis  string // the nemesis and its parameters
	Bug      string // the bug that was switched on, if one was

	Seed    uint64
	Nodes   int
	Clients int
	Virtual time.Duration // how long the run was
	// Recorded says that the history was recorded elsewhere: it has no seed, and its time may
	// be virtual or not.
	Recorded bool
	// Start is the time of the first op, if the history was recorded with times of the wall
	// clock. The times of the history count from it.
	Start time.Time
	// Ordered says that the history has an order and no times: the Time of an op is its
	// position, and no durations are shown.
	Ordered bool
	// Notes say how the history was read, such as what was assumed of it.
	Notes []string
	Wall  time.Duration // how long it took; 0 keeps reports of one seed alike
	CPU   time.Duration

	Verdict checker.Verdict
	Expect  checker.Verdict // what the test wants the verdict to be
	Stopped string          // why the run was cut short, if it was
	Checks  []checker.Result
	History *history.History
	Phases  []Phase

	Exercised []Row
	Metrics   []Metric          // the test's own
	Trace     *trace.Trace      // what happened on the network and on the hosts around the counterexample; nil if it was not recorded
	Log       iter.Seq[LogLine] // in order of time; nil if no host logged anything
	Snapshot  string            // the state of a run that was stopped on purpose
	Findings  []Finding
	Plan      []Step
	Params    []KV

	Rerun      string // the command that runs this again, from the module's root
	Repeats    string // the result of running the seed again; empty if that was not done
	Shrunk     Shrunk // from what the run was made, if it is a small one that was made from another
	Schedule   string // in which order goroutines took their turns, if a deterministic runtime decided that
	Note       string // anything else, as that this is not the run that was saved; its lines are kept
	ReportPath string // where the page is
	Index      string // the address of the index of all runs, relative to the page: "../index.html"; empty if there is none
	SavedPath  string // where the failure is kept for the next time
	Signature  string // which kind of failure it is: alike for runs that fail by one bug
	Digest     string // of the history
}

// Shrunk says from what a small run was made. It is empty for any other run.
type Shrunk struct {
	Seed  uint64   // of the run that it was made from; 0 for a run that was not minimised
	How   string   // what was cut: "from 6 faults, 707 calls, 5 nodes to 1 fault, 3 calls, 3 nodes in 61 runs"
	Needs []string // what happens without its parts: "without fault 1: it passes"
	Whole string   // the command that runs the seed as it was
}

// A Row is one thing that a run exercised, or should have.
type Row struct {
	OK         bool
	What, Note string
}

// A Finding is misbehaviour of user code: a panic, a goroutine that outlived its host.
type Finding struct {
	Host  string        // where; empty if it belongs to no host
	What  string        // one sentence
	Stack string        // of the goroutine, where there is one
	At    time.Duration // since the run began; 0 if it is not known
}

// String formats the finding on one line, without its stack.
func (f Finding) String() string {
	if f.Host == "" {
		return f.What
	}
	return f.Host + ": " + f.What
}

// furtherFindings returns the findings without the one that is the reason of the verdict,
// unless it has a stack.
func (r Run) furtherFindings() (all []Finding) {
	c, _ := r.decisive()
	for _, f := range r.Findings {
		if f.Stack != "" || f.String() != c.Reason {
			all = append(all, f)
		}
	}
	return all
}

// A Step is one row of the nemesis's plan. What it did is in the history,
// under the key "step " and ID.
type Step struct {
	ID    int
	At    time.Duration // since the faults began
	For   time.Duration
	Fault string
	Note  string
}

// A Phase is a part of the run, up to the next one.
type Phase struct {
	Name string
	At   time.Duration // since the run began
}

// A KV is a parameter with its value.
type KV struct{ Name, Value string }

// history returns the run's history, never nil.
func (r Run) history() *history.History {
	if r.History == nil {
		return new(history.History)
	}
	return r.History
}

// end returns the right edge of the run's time axis.
func (r Run) end() time.Duration {
	return max(r.Virtual, r.history().End(), 0)
}

// decisive returns the check that decides the verdict: the first of the worst,
// and of those the first that has a counterexample.
func (r Run) decisive() (checker.Result, bool) {
	var best checker.Result
	found := false
	for _, c := range flatten(r.Checks) {
		worse := c.Verdict > best.Verdict
		shows := c.Verdict == best.Verdict && whyOf(best) == nil && whyOf(c) != nil
		if !found || worse || shows {
			best, found = c, true
		}
	}
	return best, found
}

// why returns the counterexample of the run, or nil.
func (r Run) why() *checker.Counterexample {
	c, _ := r.decisive()
	w := whyOf(c)
	if c.Verdict == checker.Valid || w == nil || len(w.Calls) == 0 {
		return nil
	}
	return w
}

// whyOf returns the counterexample of a result, or of the first of its parts
// that has one and the same verdict.
func whyOf(c checker.Result) *checker.Counterexample {
	if c.Counterexample != nil {
		return c.Counterexample
	}
	for _, p := range c.Parts {
		if w := whyOf(p); w != nil && p.Verdict == c.Verdict {
			return w
		}
	}
	return nil
}

// flatten replaces each result that only combines others, as that of
// [checker.All], by these.
func flatten(checks []checker.Result) []checker.Result {
	var flat []checker.Result
	for _, c := range checks {
		if c.Checker == "all" && len(c.Parts) > 0 {
			flat = append(flat, flatten(c.Parts)...)
			continue
		}
		flat = append(flat, c)
	}
	return flat
}
