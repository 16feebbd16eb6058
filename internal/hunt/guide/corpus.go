package guide

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/nemesis"
)

// Options say how a hunt is guided. The zero value of a field stands for its default.
type Options struct {
	Seed   uint64  // of all draws of the guidance; default 1
	First  uint64  // the first fresh seed; the others count from there. Default 1
	Share  float64 // of the runs that are mutated, from 0 to 1; default 0.3. Negative: none
	Signal Signal  // what a run is judged by; default [History]
	Most   int     // plans of the corpus; default 256
}

// The defaults of [Options].
const (
	DefaultShare = 0.3
	DefaultMost  = 256
)

// mostSeen is how many features are counted: what comes after them is not new. They take about 40 MB.
const mostSeen = 1 << 20

// rareShare is from which share of the runs on a feature is not rare: one divided by the number.
const rareShare = 100

// contestants is how many entries are drawn for each parent.
const contestants = 4

// sameSeed is the chance that a mutated run has the seed of its parent: a near neighbour of a run that was valid is mostly valid.
const sameSeed = 0.125

func (o Options) complete() (Options, error) {
	o.Seed, o.First, o.Most = cmp.Or(o.Seed, 1), cmp.Or(o.First, 1), cmp.Or(o.Most, DefaultMost)
	o.Share, o.Signal = max(0, cmp.Or(o.Share, DefaultShare)), cmp.Or(o.Signal, History)
	switch {
	case o.Share > 1 || o.Share != o.Share:
		return o, fmt.Errorf("guidance: the share of mutated plans is %g, and must be from 0 to 1", o.Share)
	case o.Most < 1:
		return o, fmt.Errorf("guidance: a corpus of %d plans", o.Most)
	case !slices.Contains(Signals(), o.Signal):
		return o, fmt.Errorf("guidance: there is no signal %q; there are %s", o.Signal, strings.Trim(fmt.Sprint(Signals()), "[]"))
	}
	return o, nil
}

// A Corpus says what a hunt runs next. With one worker, which adds each run before it asks for the next one, a hunt is the same each time. It is not
// safe for concurrent use.
type Corpus struct {
	options  Options
	nemesis  nemesis.Nemesis
	duration time.Duration
	key      keyed.Key
	envelope *Envelope

	next    int    // index of the next run
	fresh   uint64 // seeds that were handed out
	entries []*entry
	seen    map[uint64]int // how many runs had each feature
}

// An entry is a run that joined the corpus.
type entry struct {
	Index   int
	Seed    uint64
	Plan    nemesis.Plan
	Moments []time.Duration
	Rich    int // how much the run did
}

// New returns an empty corpus for a nemesis and a length of the phase with faults.
func New(n nemesis.Nemesis, d time.Duration, o Options) (*Corpus, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if n == nil || d <= 0 {
		return nil, fmt.Errorf("guidance: there is nothing to mutate without a nemesis and a phase with faults (it lasts %v)", d)
	}
	return &Corpus{
		options: o, nemesis: n, duration: d, key: keyed.New(o.Seed, "guide"), envelope: NewEnvelope(n, d, o.Seed), seen: map[uint64]int{},
	}, nil
}

// A Run is what a hunt runs next.
type Run struct {
	Index   int // counts the runs of the hunt
	Seed    uint64
	Plan    nemesis.Plan // mutated; nil for a fresh seed, whose plan the nemesis makes
	Parents []int        // runs that the plan was made from; none for a fresh seed
	How     []string     // mutations, in their order

}

// Mutated reports whether the run has a mutated plan.
func (r Run) Mutated() bool { return r.Plan != nil }

// String describes the run on one line: "seed 7", or "seed 7 with the plan of run 12: near, drop".
func (r Run) String() string {
	if !r.Mutated() {
		return fmt.Sprintf("seed %d", r.Seed)
	}
	return fmt.Sprintf("seed %d with the plan of run %s: %s", r.Seed, strings.Join(strings.Fields(strings.Trim(fmt.Sprint(r.Parents), "[]")), " and "), strings.Join(r.How, ", "))
}

// Nemesis returns the nemesis of a run: its plan, or for a fresh seed that of the hunt. The run also has to record [Signal.Window].
func (c *Corpus) Nemesis(r Run) nemesis.Nemesis {
	if r.Mutated() {
		return r.Plan
	}
	return c.nemesis
}

// Next returns the next run of the hunt.
func (c *Corpus) Next() Run {
	k := c.key.Int(int64(c.next))
	r := Run{Index: c.next}
	c.next++
	if len(c.entries) == 0 || k.With("fresh").Float64() >= c.options.Share {
		r.Seed = c.options.First + c.fresh
		c.fresh++
		return r
	}
	parent := c.draw(k.With("parent"))
	other := c.draw(k.With("other"))
	m := &mutant{seed: parent.Seed, plan: slices.Clone(parent.Plan), at: parent.Moments, within: c.envelope}
	if k.With("same seed").Float64() >= sameSeed {
		m.reseed(k.With("reseeded"))
	}
	if other != parent {
		m.other = other
	}
	m.fresh = c.nemesis.Plan(seedOf(k.With("pool")), c.duration)
	m.mutate(k)
	r.Seed, r.Plan, r.How, r.Parents = m.seed, m.plan, m.how, []int{parent.Index}
	if slices.Contains(m.how, "splice") {
		r.Parents = append(r.Parents, other.Index)
	}
	return r
}

// draw draws a few entries, and returns the one whose run did most.
func (c *Corpus) draw(k keyed.Key) *entry {
	best := c.entries[k.Int(0).Range(0, int64(len(c.entries)))]
	for i := int64(1); i < contestants; i++ {
		if e := c.entries[k.Int(i).Range(0, int64(len(c.entries)))]; e.Rich > best.Rich {
			best = e
		}
	}
	return best
}

// An Observation is what a run did.
type Observation struct {
	Plan     nemesis.Plan    // of the run
	Features []uint64        // each once
	Moments  []time.Duration // when something of interest happened, since the faults began
	Failed   bool            // it is not valid: it does not join the corpus
}

// Add tells the corpus what a run did, and returns how many of its features are new. A run joins if it has a rare one.
func (c *Corpus) Add(r Run, o Observation) (fresh int) {
	rare := c.options.Signal == None || c.options.Signal == Steps
	for _, f := range o.Features {
		n, known := c.seen[f]
		rare = rare || n*rareShare <= c.next
		if !known {
			if len(c.seen) >= mostSeen {
				continue
			}
			fresh++
		}
		c.seen[f] = n + 1
	}
	if o.Failed || len(o.Plan) == 0 || !rare {
		return fresh
	}
	c.entries = append(c.entries, &entry{Index: r.Index, Seed: r.Seed, Plan: slices.Clone(o.Plan), Moments: o.Moments, Rich: c.rich(o)})
	if len(c.entries) > c.options.Most {
		c.evict()
	}
	return fresh
}

// rich says how much a run did, by the signal.
func (c *Corpus) rich(o Observation) int {
	switch c.options.Signal {
	case None:
		return 0
	case Steps:
		return len(o.Plan)
	}
	return len(o.Features)
}

// evict takes the entry out whose run did least; the oldest of several.
func (c *Corpus) evict() {
	least := 0
	for i, e := range c.entries {
		if e.Rich < c.entries[least].Rich {
			least = i
		}
	}
	c.entries = slices.Delete(c.entries, least, least+1)
}

// Stats is how large a corpus is.
type Stats struct {
	Runs     int `json:"runs"`     // that were handed out
	Fresh    int `json:"fresh"`    // of these, fresh seeds
	Plans    int `json:"plans"`    // of the corpus
	Features int `json:"features"` // that were seen
}

// Stats returns how large the corpus is.
func (c *Corpus) Stats() Stats {
	return Stats{Runs: c.next, Fresh: int(c.fresh), Plans: len(c.entries), Features: len(c.seen)}
}
