package replication

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/scenarios"
)

// A Card is what CAP is about, of one variant under one fault: who was answered, and whether
// the answers were right. It is the [Meter] of the scenario cap.
type Card struct {
	Shares  map[string]*Share // of requests answered, by side and kind: "majority read", "cut off write"
	Healthy []time.Duration   // how long the answers before the fault took
	Stale   int               // reads that certainly saw what had been replaced
	Age     time.Duration     // the longest since it had been, at worst
	Behind  int               // the most versions that a read was behind
	Lost    int               // writes that were acknowledged and are gone
	Recover time.Duration     // from the heal until all sides were answered reads and writes, at worst
	Never   int               // runs in which they were not

	ran, right int      // how many runs there were, and how many were linearizable
	held       []string // the models that held in every run
	judge      judge
	window     window // of the fault, as the last run had it
}

// A Share counts requests that were asked during the fault, and those of them that were answered; and all, by the
// second in which they were asked.
type Share struct {
	Asked, OK int
	First     time.Duration // from the cut until the first of them was answered, at worst of the runs in which one was
	Seconds   []struct{ Asked, OK int }
}

// Of returns the part that was answered, from 0 to 1.
func (s *Share) Of() float64 { return float64(s.OK) / float64(s.Asked) }

// A judge says what a history of some workload is worth, beside its verdict.
type judge interface {
	// kind says whether an input is a read or a write.
	kind(in any) string

	// models lists the models that a history may satisfy, the strongest first, and holds judges one of them.
	models() []string
	holds(ctx context.Context, r *capsize.Result, model string) (bool, error)

	// losses counts stale reads and lost writes.
	losses(r *capsize.Result, c *Card) error
}

// A window is when the fault was there, and which node was on which side.
type window struct {
	from, to time.Duration
	of       map[string]side
	until    time.Duration // requests up to then had the time to be answered before the fault was healed
}

// Add counts one run.
func (c *Card) Add(ctx context.Context, r *capsize.Result) error {
	fault, of, err := findCut(r.History)
	if err != nil {
		return err
	}
	w := window{from: fault.Invoke.Time, to: fault.Complete.Time, of: of}
	w.until = w.to - r.Test.Timeout
	c.window = w
	c.countAnswers(r.History, w)
	if err := c.judge.losses(r, c); err != nil {
		return err
	}
	return c.countModels(ctx, r)
}

// warmup is when the cluster has a leader, and latencies mean something.
const warmup = 3 * time.Second

func (c *Card) countAnswers(h *history.History, w window) {
	first, again := firsts{}, firsts{}
	for call := range h.Calls() {
		at, done := call.Invoke.Time, call.Complete.Time
		ok := call.Complete.Type == history.OK
		group := string(w.of[call.Invoke.Node]) + " " + c.judge.kind(call.Invoke.Input)
		c.share(group).addSecond(at, ok)
		switch {
		case at > warmup && done < w.from && ok:
			c.Healthy = append(c.Healthy, done-at)
		case w.from <= at && at <= w.until:
			c.share(group).add(ok)
			first.note(group, done-w.from, ok)
		case at >= w.to:
			again.note(group, done-w.to, ok)
		}
	}
	for group, d := range first { // order: each on its own
		s := c.share(group)
		s.First = max(s.First, d)
	}
	recovered := true
	for _, d := range again { // order: a maximum
		recovered = recovered && d != never
		c.Recover = max(c.Recover, d)
	}
	if !recovered {
		c.Never++
	}
}

// firsts are when each kind of request was first answered; never if it was asked in vain.
type firsts map[string]time.Duration

const never = time.Duration(-1)

func (f firsts) note(group string, d time.Duration, ok bool) {
	switch before, known := f[group]; {
	case !ok && !known:
		f[group] = never
	case ok && (!known || before == never || d < before):
		f[group] = d
	}
}

func (c *Card) share(group string) *Share {
	if c.Shares == nil {
		c.Shares = map[string]*Share{}
	}
	if c.Shares[group] == nil {
		c.Shares[group] = &Share{}
	}
	return c.Shares[group]
}

func (s *Share) add(ok bool) {
	s.Asked++
	if ok {
		s.OK++
	}
}

func (s *Share) addSecond(at time.Duration, ok bool) {
	i := int(at / time.Second)
	for len(s.Seconds) <= i {
		s.Seconds = append(s.Seconds, struct{ Asked, OK int }{})
	}
	s.Seconds[i].Asked++
	if ok {
		s.Seconds[i].OK++
	}
}

// countModels leaves of the models that held so far those that hold here. What follows from one that
// does is not judged.
func (c *Card) countModels(ctx context.Context, r *capsize.Result) error {
	if c.ran++; c.ran == 1 {
		c.held = c.judge.models()
	}
	if verdict(r, "linearizable") == checker.Valid {
		c.right++
		return nil
	}
	var held []string
	for _, model := range c.held[max(0, slices.Index(c.held, "linearizable")+1):] {
		implied := len(held) > 0 && held[0] == "sequential" && model != "convergent"
		if !implied {
			ok, err := c.judge.holds(ctx, r, model)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
		}
		held = append(held, model)
	}
	c.held = held
	return nil
}

// verdict returns what one checker found, whatever else was wrong.
func verdict(r *capsize.Result, name string) checker.Verdict {
	for _, c := range r.Checks {
		if c.Checker == name {
			return c.Verdict
		}
	}
	return checker.Unknown
}

// Fill writes the metrics of capsize cap --json.
func (c *Card) Fill(row *scenarios.Row) {
	m := row.Metrics
	for group, s := range c.Shares { // order: into a map
		if s.Asked > 0 {
			name := strings.ReplaceAll(group, " ", "_")
			m[name] = s.Of()
			if s.OK > 0 {
				m[name+"_first_ns"] = float64(s.First)
			}
		}
	}
	m["stale_reads"], m["stale_worst_ns"], m["stale_behind"] = float64(c.Stale), float64(c.Age), float64(c.Behind)
	m["lost_acked"] = float64(c.Lost)
	m["recover_ns"], m["never_recovered"] = float64(c.Recover), float64(c.Never)
	slices.Sort(c.Healthy)
	if n := len(c.Healthy); n > 0 {
		m["p50_ns"], m["p99_ns"] = float64(c.Healthy[n/2]), float64(c.Healthy[n*99/100])
	}
	row.Model = strongest(c.held)
	row.Label = c.Label()
}

// The labels of a card.
const (
	Consistent = "C"       // every run was linearizable
	Available  = "A"       // every request was answered, and not every run was linearizable
	Neither    = "neither" // and it is common
)

// Label applies the definitions of Gilbert and Lynch, Brewer's Conjecture and the Feasibility of Consistent,
// Available, Partition-Tolerant Web Services (2002): consistent is linearizable, and available is that
// every request was answered, on every side.
func (c *Card) Label() string {
	switch {
	case c.consistent():
		return Consistent
	case c.available():
		return Available
	}
	return Neither
}

// Refutes reports whether the card is what Gilbert and Lynch proved impossible: some node was cut off from the
// majority, and yet everybody was answered, and rightly. Where no node is, as under a bridge, that can be had.
func (c *Card) Refutes() bool {
	divided := false
	for group, s := range c.Shares { // order: one is enough
		divided = divided || s.Asked > 0 && !strings.HasPrefix(group, string(majority))
	}
	return divided && c.consistent() && c.available()
}

func (c *Card) consistent() bool { return c.ran > 0 && c.right == c.ran }

func (c *Card) available() bool {
	for _, s := range c.Shares { // order: all must be whole
		if s.OK < s.Asked {
			return false
		}
	}
	return true
}
