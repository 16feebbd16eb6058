package isolation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/levels"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/scenarios"
)

// The labels of a card.
const (
	Kept   = "kept"   // every run kept the level that the system claims
	Broken = "broken" // some run did not
	Open   = "open"   // no run broke it, and some run could not be judged
)

// A Card is what a database claims and what it does, under one fault: the strongest levels that every run kept, the anomalies that
// were seen, and what transactions had to wait and how many were aborted. It is the [scenarios.Meter] of the scenario isolation.
type Card struct {
	Claimed   txn.Model
	Runs      int
	Held      []txn.Model    // the models that every run kept
	Failing   []txn.Model    // the models that some run broke
	Anomalies map[string]int // in how many runs an anomaly of each type was seen
	Healthy   Outcomes       // of the transactions that began before the fault
	During    Outcomes       // of those that began while it was active
	Seconds   []Outcomes     // of all, by the second in which they began

	keeper   *levels.Keeper
	from, to time.Duration // when the fault was active
	kept     int           // runs that kept the claim
	lost     int           // runs that broke it
}

// Outcomes count how transactions ended.
type Outcomes struct {
	Asked, Committed, Aborted int             // the rest is indeterminate
	Took                      []time.Duration // of those that committed
}

// Of returns a share of the transactions that were asked, from 0 to 1.
func (o *Outcomes) Of(n int) float64 { return float64(n) / float64(o.Asked) }

func (o *Outcomes) add(c history.Call) {
	o.Asked++
	switch c.Complete.Type {
	case history.OK:
		o.Committed++
		o.Took = append(o.Took, c.Complete.Time-c.Invoke.Time)
	case history.Fail:
		o.Aborted++
	}
}

// quantile returns the latency that a part q of the committed transactions did not exceed, from 0 to 1.
func (o *Outcomes) quantile(q float64) time.Duration {
	slices.Sort(o.Took)
	return o.Took[min(int(q*float64(len(o.Took))), len(o.Took)-1)]
}

// Add counts one run. The test's own checker has judged every model.
func (c *Card) Add(_ context.Context, r *capsize.Result) error {
	report := c.keeper.Report(r.History)
	if report == nil {
		return fmt.Errorf("isolation of seed %d: the history was not judged: %s", r.Test.Seed, r.Reason)
	}
	c.countModels(report)
	c.countOutcomes(r.History)
	return nil
}

// countModels leaves of the models that every run kept those that this one keeps.
func (c *Card) countModels(report *txn.Report) {
	held := map[txn.Model]bool{}
	for _, f := range report.Findings {
		held[f.Model] = f.Verdict == checker.Valid
		if f.Verdict == checker.Invalid && !slices.Contains(c.Failing, f.Model) {
			c.Failing = append(c.Failing, f.Model)
		}
		switch {
		case f.Model != c.Claimed:
		case f.Verdict == checker.Valid:
			c.kept++
		case f.Verdict == checker.Invalid:
			c.lost++
		}
	}
	if c.Runs == 0 {
		for _, f := range report.Findings {
			c.Held = append(c.Held, f.Model)
		}
	}
	c.Held = slices.DeleteFunc(c.Held, func(m txn.Model) bool { return !held[m] })
	c.Runs++
	if c.Anomalies == nil {
		c.Anomalies = map[string]int{}
	}
	seen := map[string]bool{}
	for _, a := range report.Anomalies {
		if !seen[a.Type] {
			seen[a.Type] = true
			c.Anomalies[a.Type]++
		}
	}
}

// warmup is when the system has a leader, if it needs one, and latencies mean something.
const warmup = 3 * time.Second

func (c *Card) countOutcomes(h *history.History) {
	c.from, c.to = duration, duration
	for f := range h.Faults() {
		if f.Invoke.Time >= before { // the latency is there from the beginning
			c.from, c.to = min(c.from, f.Invoke.Time), f.Complete.Time
		}
	}
	for call := range h.Calls() {
		at := call.Invoke.Time
		for len(c.Seconds) <= int(at/time.Second) {
			c.Seconds = append(c.Seconds, Outcomes{})
		}
		c.Seconds[at/time.Second].add(call)
		switch {
		case at > warmup && call.Complete.Time < c.from:
			c.Healthy.add(call)
		case at >= c.from && at <= c.to:
			c.During.add(call)
		}
	}
}

// Fill writes the metrics of capsize isolation --json.
func (c *Card) Fill(row *scenarios.Row) {
	m := row.Metrics
	if c.Healthy.Asked > 0 {
		m["committed"], m["aborted"] = c.Healthy.Of(c.Healthy.Committed), c.Healthy.Of(c.Healthy.Aborted)
	}
	if len(c.Healthy.Took) > 0 {
		m["p50_ns"], m["p99_ns"] = float64(c.Healthy.quantile(0.5)), float64(c.Healthy.quantile(0.99))
	}
	if c.During.Asked > 0 {
		m["committed_during"], m["aborted_during"] = c.During.Of(c.During.Committed), c.During.Of(c.During.Aborted)
	}
	if len(c.During.Took) > 0 {
		m["p99_during_ns"] = float64(c.During.quantile(0.99))
	}
	for name, n := range c.Anomalies { // order: into a map
		m["runs_with_"+name] = float64(n)
	}
	row.Claimed, row.Model, row.Label = string(c.Claimed), c.Measured(), c.Label()
}

// Measured names the strongest models that every run kept.
func (c *Card) Measured() string {
	var names []string
	for _, m := range txn.Strongest(c.Held) {
		names = append(names, string(m))
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, " + ")
}

// Label says whether the level that the system claims was kept.
func (c *Card) Label() string {
	switch {
	case c.lost > 0:
		return Broken
	case c.kept == c.Runs && c.Runs > 0:
		return Kept
	}
	return Open
}

// seen lists the types of anomalies that were seen, with how many runs had each.
func (c *Card) seen() string {
	var all []string
	for _, name := range sorting.Keys(c.Anomalies) {
		all = append(all, fmt.Sprintf("%s in %d", name, c.Anomalies[name]))
	}
	return strings.Join(all, ", ")
}
